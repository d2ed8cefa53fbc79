"""What the fields of the model hold: what reads, mends, describes or tests a rulebook asks here instead of listing."""

from dataclasses import dataclass
from functools import cache
from inspect import isclass
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel

Path = tuple[str | int, ...]
"""Names of fields or keys and places in tuples or arrays, from the top down."""


@dataclass(frozen=True)
class Shape:
    """What a field holds: models of some kinds or plain values, one or many of them."""

    many: bool
    models: tuple[type[BaseModel], ...]
    plain: frozenset[Any]
    """Types; a choice of texts is `Literal`."""
    choices: tuple[str, ...] = ()
    """The texts that it may be one of."""

    def model(self, written: object) -> type[BaseModel]:
        """Which of its models a table is of: the one of its `kind`; the first when it says none that there is."""
        kind = written.get("kind") if isinstance(written, dict) else None
        return next((m for m in self.models if len(self.models) > 1 and kind_of(m) == kind), self.models[0])


@cache
def shape(model: type[BaseModel], field: str) -> Shape:
    """The shape of a field."""
    found = [*_alternatives(model.model_fields[field].annotation)]
    many = [get_args(a)[0] for a in found if get_origin(a) is tuple and get_args(a)[-1] is Ellipsis]
    inner = [*_alternatives(many[0])] if many else found
    models = tuple(a for a in inner if isclass(a) and issubclass(a, BaseModel))
    choices = tuple(text for a in inner if get_origin(a) is Literal for text in get_args(a))
    plain = frozenset(get_origin(a) or a for a in inner if a not in models)
    return Shape(bool(many), models, plain, choices)


def kind_of(model: type[BaseModel]) -> str | None:
    """The `kind` by which a table says that it is of this model; none where only one is possible."""
    return model.model_fields["kind"].default if "kind" in model.model_fields else None


def _alternatives(annotation: Any) -> list[Any]:
    if get_origin(annotation) is Annotated:
        return _alternatives(get_args(annotation)[0])
    if get_origin(annotation) in {Union, UnionType}:
        return [a for arg in get_args(annotation) for a in _alternatives(arg)]
    return [] if annotation is NoneType else [annotation]
