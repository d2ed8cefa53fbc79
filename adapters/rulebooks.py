"""Where the text of services comes from: folders of TOML, in the installation or anywhere else."""

from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from types import MappingProxyType

from domain.rulebook.loading import Complaint, RulebookError, text
from domain.rulebook.model import Rulebook


@cache
def shipped_texts() -> MappingProxyType[str, dict[str, str]]:
    """The services that this installation brings along: their text, by key and file name."""
    return MappingProxyType({folder.name: read(folder) for folder in _shipped_folders()})


def _shipped_folders() -> list[Traversable]:
    folders = files("domain.rulebook").joinpath("services").iterdir()
    return sorted((folder for folder in folders if any(_texts(folder))), key=lambda folder: folder.name)


def load(folder: Traversable) -> Rulebook:
    """The rulebook in a folder. Raises `RulebookError`, with the folder before the name of each file."""
    return load_with_text(folder)[0]


def load_with_text(folder: Traversable) -> tuple[Rulebook, dict[str, str]]:
    """The same, with the text that it was read from."""
    texts, wrong = _read(folder)
    try:
        rulebook = text(texts)
    except RulebookError as error:
        wrong += error.complaints
    if wrong:
        raise RulebookError(one._replace(file=f"{folder}/{one.file}") for one in wrong)
    return rulebook, texts


def read(folder: Traversable) -> dict[str, str]:
    """The text of a service: each file of its folder by name. Raises `RulebookError` for one that is not UTF-8."""
    texts, wrong = _read(folder)
    if wrong:
        raise RulebookError(wrong)
    return texts


def _read(folder: Traversable) -> tuple[dict[str, str], list[Complaint]]:
    """What is not UTF-8 is read as far as it goes, so that the rest can be judged."""
    texts, wrong = dict[str, str](), list[Complaint]()
    for file in _texts(folder):
        written = file.read_bytes()
        try:
            texts[file.name] = written.decode().replace("\r\n", "\n")
        except UnicodeDecodeError as error:
            texts[file.name] = written.decode(errors="replace")
            line = written[: error.start].count(b"\n") + 1
            wrong.append(Complaint(file.name, line, "", "this is not UTF-8: save it so"))
    return texts, wrong


def _texts(folder: Traversable) -> list[Traversable]:
    if not folder.is_dir():
        return []
    return sorted((f for f in folder.iterdir() if f.name.endswith(".toml") and f.is_file()), key=lambda f: f.name)
