"""What is wrong with input, in words of JSON that a person would choose; never a pattern or a word of Python."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from pydantic_core import ErrorDetails

WITHOUT_NUL = r"^[^\x00]*$"
"""Of a text that the database can hold."""
PATTERNS: Mapping[str, str] = {
    WITHOUT_NUL: "leave the character NUL out",
    r"^-?\d+(\.\d+)?,-?\d+(\.\d+)?$": "write latitude and longitude in degrees, such as 52.52,13.405",
    r"^csbe\.([a-z_]+\.)*[a-z_]*$": "name a type of event, such as csbe.rental.trip.ended, or the beginning of some",
    r"^https://[^\s\x00]+$": "write an address that begins with https://",
    "^[A-Z]{2}$": "write a country with two capital letters, such as DE",
    "^(tok|pm|card)_[A-Za-z0-9_]{1,80}$": "give the token of the payment method as your provider returned it",
    "^[0-9a-f]{64}$": "write the SHA-256 of the file, 64 hexadecimal digits in small letters",
    "^[A-HJ-NPR-Z0-9]{17}$": "write the 17 letters and digits of the VIN, which has no I, O and Q",
    r"^[a-z][a-z0-9_]{0,40}$": "write small letters, digits and _, a letter first",
}
"""What each pattern of a request or of a setting asks for."""

_TIME = re.compile(r"\d{4}-\d\d-\d\dT")
_A_WHOLE_NUMBER = "write a whole number"
_A_NUMBER = "write a number"
_YES_OR_NO = "write true or false"
_AN_ID = "write an id (a UUID)"
_A_DAY = "write a day, such as 2027-01-05"
_A_TIME = "write a time with its zone, such as 2027-01-05T12:00:00Z"
_BEGINNINGS: Sequence[tuple[str, str]] = (
    ("missing", "this is missing"),
    ("extra_forbidden", "there is no such field"),
    ("none_required", "write null or leave it out"),
    ("string_type", "write a text"),
    ("string_unicode", "write a text"),
    ("int_", _A_WHOLE_NUMBER),
    ("float_", _A_NUMBER),
    ("finite_number", _A_NUMBER),
    ("bool_", _YES_OR_NO),
    ("uuid_", _AN_ID),
    ("date_", _A_DAY),
    ("datetime_", _A_TIME),
    ("timezone_", _A_TIME),
    *((kind, "write a list") for kind in ("list_type", "tuple_type", "set_type", "frozen_set_type", "iterable_type")),
    *((kind, "write an object") for kind in ("dict_type", "mapping_type", "model_type", "model_attributes_type")),
)
"""By how the name of an error of Pydantic begins."""
_LIMITS: Mapping[str, str] = {
    "greater_than_equal": "at least {ge}",
    "greater_than": "more than {gt}",
    "less_than_equal": "at most {le}",
    "less_than": "less than {lt}",
    "string_too_short": "write at least {min_length} characters",
    "string_too_long": "write at most {max_length} characters",
    "too_short": "give at least {min_length}",
    "too_long": "give at most {max_length}",
    "literal_error": "choose {expected}",
    "enum": "choose {expected}",
    "union_tag_invalid": "choose {expected_tags}",
}


def explained(error: ValidationError | RequestValidationError) -> list[tuple[tuple[int | str, ...], str]]:
    """Where input does not fit and why; of a list with wrong items, only what is wrong with them."""
    found: Sequence[ErrorDetails] = error.errors()
    inside = {each["loc"][:depth] for each in found for depth in range(len(each["loc"]))}
    return [(each["loc"], _worded(each)) for each in found if each["loc"] not in inside]


def sentence(words: str) -> str:
    """The same with a capital letter and a full stop; a name of ours at its beginning stays as it is written."""
    if not words.strip():
        return words
    first = words.split(maxsplit=1)[0]
    begun = words if "_" in first or "=" in first or "`" in first else words[0].upper() + words[1:]
    return begun if begun[-1] in ".!?" else f"{begun}."


def _worded(found: ErrorDetails) -> str:
    kind, context = found["type"], found.get("ctx", {})
    if kind == "string_pattern_mismatch":
        return PATTERNS.get(context["pattern"], "write it as the description of the field says")
    if limit := _LIMITS.get(kind):
        return limit.format(**{name: _told(value) for name, value in context.items()})
    for beginning, words in _BEGINNINGS:
        if kind.startswith(beginning):
            return words
    if found["msg"].startswith("value is not a valid email address"):
        return "write a mail address, such as ada@example.org"
    return found["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")


def _told(limit: Any) -> Any:  # a limit of any type
    """A time as its day: limits of times are whole days."""
    return limit[:10] if isinstance(limit, str) and _TIME.match(limit) else limit
