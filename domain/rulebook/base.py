"""What everything in a rulebook is: plain data that never changes, known by a digest of what it says."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import cached_property
from hashlib import sha256
from typing import Any, Self

from pydantic import BaseModel, ConfigDict

from domain.kernel.values import Value
from domain.rulebook.readings import iso_8601


class Rules(Value):
    """Base of everything in a rulebook."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class Digested(Rules):
    """Rules that are known by their content."""

    @cached_property
    def digest(self) -> str:
        """SHA-256 of what it says, in hexadecimal: the same however it was written."""
        return sha256(canonical(self).encode()).hexdigest()

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy that remembers nothing of what was found out about the original, as its digest."""
        copied = super().model_copy(update=update, deep=deep)
        for name in copied.__dict__.keys() - type(self).model_fields.keys():
            del copied.__dict__[name]
        return copied


def canonical(rules: BaseModel) -> str:
    """Its JSON, in one way: keys in order, numbers without needless zeros, nothing that is left at its default."""
    return json.dumps(_plain(rules), sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _plain(value: Any) -> Any:  # a value of JSON
    match value:
        case BaseModel():
            return {name: _plain(part) for name, part in said(value).items()}
        case tuple():
            return [_plain(part) for part in value]
        case bool() | int() | None:
            return value
        case _:
            return _text(value)


def _text(value: Any) -> str:  # anything else that rules hold
    match value:
        case Decimal() | float():
            return f"{Decimal(str(value)).normalize():f}"
        case timedelta():
            return iso_8601(value)
        case datetime():
            return value.astimezone(UTC).isoformat()
        case date() | time():
            return value.isoformat()
        case _:
            return str(value)


def said(rules: BaseModel) -> dict[str, Any]:
    """The fields that say something: all but those left at their default, so that a field added later changes none."""
    fields = type(rules).model_fields
    values = {name: getattr(rules, name) for name in fields}
    return {name: value for name, value in values.items() if name == "kind" or value != fields[name].get_default()}
