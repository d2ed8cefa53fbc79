"""Words of the messages to members. A policy names a template and gives the values; nothing else is in the text."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from string import Template
from typing import NamedTuple


class Text(NamedTuple):
    """What a member reads."""

    subject: str
    body: str


class UnknownTemplateError(LookupError):
    """A policy named a template that does not exist."""


class MissingValueError(LookupError):
    """A policy did not give a value that the template needs."""


_TEXTS = Path(__file__).parent / "texts"
LANGUAGE = "en"


@cache
def templates(language: str = LANGUAGE) -> dict[str, Text]:
    """All texts of a language by name: each a file whose first line is the subject. Names are permanent."""
    found = {}
    for file in sorted((_TEXTS / language).glob("*.txt")):
        subject, _, body = file.read_text().partition("\n\n")
        found[file.stem] = Text(subject, body.rstrip("\n"))
    return found


def render(template: str, values: Mapping[str, str]) -> Text:
    """The message in words. Raises `UnknownTemplateError` or `MissingValueError`."""
    if template not in templates():
        msg = f"there is no message template {template!r}"
        raise UnknownTemplateError(msg)
    text = templates()[template]
    try:
        return Text(
            Template(text.subject).substitute(values).replace("\n", " "), Template(text.body).substitute(values)
        )
    except KeyError as error:
        msg = f"message template {template!r} needs a value for {error}"
        raise MissingValueError(msg) from error
