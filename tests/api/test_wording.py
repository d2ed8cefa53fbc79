"""What an error says is a sentence that a person would choose, whatever was wrong and wherever."""

import ast
import re
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from api.error_catalogue import PROBLEMS, VIOLATIONS
from api.settings import Settings
from api.wording import PATTERNS, explained, sentence
from domain.kernel.values import Instant
from tests.api.rest.test_openapi import DOCUMENT, ROUTES
from tests.api.test_error_catalogue import trees

OF_MACHINES = re.compile(r"[\\^\[\]{}|]|\d{2}:\d{2}:\d{2}\.\d|should|Input|not a valid|UUID\(|parse|type=|\bNone\b")
"""Patterns, fractions of seconds, and words of Pydantic or Python."""
WRONG: tuple[Any, ...] = (  # anything that may be sent
    None,
    "",
    "x",
    "\x00",
    "x" * 3_000,
    -1,
    1.5,
    10**30,
    True,
    [],
    ["x"] * 2_000,
    {},
    {"x": 1},
    "2027-01-05",
    [{}],
)


def bodies() -> Iterator[type[BaseModel]]:
    for route in ROUTES.values():
        if route.body_field is not None:
            body = route.body_field.field_info.annotation
            assert isinstance(body, type)
            yield body


def queries() -> Iterator[Any]:
    for route in ROUTES.values():
        for part in (route.dependant, *route.dependant.dependencies):
            for parameter in (*part.query_params, *part.path_params, *part.header_params):
                yield parameter.field_info.annotation, parameter.field_info


def wrong_inputs(body: type[BaseModel]) -> Iterator[Any]:
    [example] = body.model_json_schema()["examples"]
    yield from ([], "x", {}, None, {**example, "surprise": 1})
    for field in body.model_fields:
        yield from ({**example, field: wrong} for wrong in WRONG)


def is_a_sentence(text: str) -> bool:
    begun = text[:1].isupper() or text.split(maxsplit=1)[0].strip("`").islower()
    return begun and text.endswith((".", "!", "?")) and not OF_MACHINES.search(text)


def told(kind: TypeAdapter[Any], wrong: Any) -> set[str]:  # anything that may be sent
    try:
        kind.validate_python(wrong)
    except ValidationError as error:
        return {sentence(why) for _, why in explained(error)}
    return set()


def test_whatever_is_wrong_with_a_body_is_told_in_sentences() -> None:
    said = {text for body in bodies() for wrong in wrong_inputs(body) for text in told(TypeAdapter(body), wrong)}

    assert {text for text in said if not is_a_sentence(text)} == set()
    assert {"This is missing.", "There is no such field.", "Write an id (a UUID)."} <= said


def test_a_limit_in_time_is_told_by_its_day() -> None:
    assert told(TypeAdapter(Instant), "1900-01-01T00:00:00.123456Z") == {"At least 1970-01-01."}
    assert told(TypeAdapter(Instant), "1990-01-01T00:00:00") == {
        "Write a time with its zone, such as 2027-01-05T12:00:00Z."
    }


def test_every_pattern_of_the_api_and_of_the_settings_has_words() -> None:
    shown = set(re.findall(r"'pattern': '((?:[^'\\]|\\.)*)'", str([DOCUMENT, Settings.model_json_schema()])))

    assert {pattern.encode().decode("unicode_escape") for pattern in shown} == set(PATTERNS)
    assert {words for words in PATTERNS.values() if not is_a_sentence(sentence(words))} == set()


@pytest.mark.parametrize("entries", [PROBLEMS, VIOLATIONS])
def test_every_entry_of_the_catalogue_is_made_of_sentences(entries: dict[str, tuple[str, str]]) -> None:
    assert {text for entry in entries.values() for text in entry if not is_a_sentence(text)} == set()


def details(tree: ast.AST) -> Iterator[ast.expr]:
    """What code says in words: the `detail` of a violation, and what a problem is made with."""
    for node in ast.walk(tree):
        match node:
            case ast.keyword(arg="detail", value=value) | ast.Assign(targets=[ast.Name(id="detail")], value=value):
                yield value
            case ast.Call(func=ast.Attribute(value=ast.Name(id="Problem"), attr=_), args=[*_, said]):
                yield said


def test_what_code_says_of_a_refusal_is_a_sentence_without_times_and_ids() -> None:
    texts = [part for tree in trees("domain", "api") for value in details(tree) for part in ast.walk(value)]
    whole = [sentence(text.value) for text in texts if isinstance(text, ast.Constant) and isinstance(text.value, str)]
    filled_in = [ast.unparse(part.value) for part in texts if isinstance(part, ast.FormattedValue)]

    assert [text for text in whole if OF_MACHINES.search(text)] == []
    # Where a webhook is `stopped_at` is a position.
    assert [name for name in filled_in if re.search(r"_id\b|(?<!stopped)_at\b|isoformat|\btimestamp", name)] == []
    assert len(whole) > 100
