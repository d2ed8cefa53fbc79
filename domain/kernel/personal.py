"""Personal data: `Personal[str]` is stored encrypted under a key of the person; `Restricted[str]` as it is."""

from collections.abc import Iterator
from functools import cache
from typing import Annotated, Any, TypeVar, get_args

from pydantic import BaseModel, Field

T = TypeVar("T")


class PersonalData:
    """Marks a field whose value identifies or locates a person."""


class RestrictedData:
    """Marks a field whose value tells something of a person whom the event names, such as the zone they were in."""


Personal = Annotated[T | None, PersonalData()]
"""A value about a person: `None` once that person's key has been destroyed, so every reader must allow for it."""

Told = Annotated[T, PersonalData()]
"""A value about a person in a command, which is not stored: what tells a retry keeps it secret."""

Restricted = Annotated[T, RestrictedData(), Field(json_schema_extra={"x-restricted": True})]
"""A value that prices or rules need, so that it stays readable; it leaves only where values about persons may."""


@cache
def personal_fields(model: type[BaseModel]) -> tuple[str, ...]:
    """Names of the fields of a model that are declared `Personal`."""
    return _marked(model, PersonalData)


@cache
def restricted_fields(model: type[BaseModel]) -> tuple[str, ...]:
    """Names of the fields of a model that are declared `Restricted`."""
    return _marked(model, RestrictedData)


@cache
def sensitive_fields(model: type[BaseModel]) -> frozenset[str]:
    """Names of all fields declared `Personal` or `Restricted`, of a model and of those inside it."""
    held = {inner for field in model.model_fields.values() for inner in _models_in(field.annotation)}
    mine = frozenset(personal_fields(model) + restricted_fields(model))
    return mine.union(*(sensitive_fields(inner) for inner in held))


def is_erased(model: BaseModel) -> bool:
    """Whether no value about a person is left in a model that has fields for them."""
    fields = personal_fields(type(model))
    return bool(fields) and all(getattr(model, name) is None for name in fields)


def _marked(model: type[BaseModel], mark: type) -> tuple[str, ...]:
    fields = model.model_fields.items()
    return tuple(name for name, field in fields if any(isinstance(m, mark) for m in field.metadata))


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:  # any type
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models_in(inner)
