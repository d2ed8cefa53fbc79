"""Personal data. A field typed `Personal[str]` is stored encrypted under a key of the person it is about."""

from functools import cache
from typing import Annotated, TypeVar

from pydantic import BaseModel

T = TypeVar("T")


class PersonalData:
    """Marks a field whose value identifies or locates a person."""


Personal = Annotated[T | None, PersonalData()]
"""A value about a person: `None` once that person's key has been destroyed, so every reader must allow for it."""


@cache
def personal_fields(model: type[BaseModel]) -> tuple[str, ...]:
    """Names of the fields of a model that are declared `Personal`."""
    return tuple(
        name for name, field in model.model_fields.items() if any(isinstance(m, PersonalData) for m in field.metadata)
    )
