"""Values of parts that are valid already, made without looking at each part again."""

from typing import Any, TypeVar

from domain.kernel.values import Value

V = TypeVar("V", bound=Value)
_set = object.__setattr__


def trusted(kind: type[V], **parts: Any) -> V:
    """For what is made many times for each request. All fields are given, each as the model would hold it."""
    made = object.__new__(kind)
    _set(made, "__dict__", parts)
    _set(made, "__pydantic_fields_set__", set(parts))
    _set(made, "__pydantic_extra__", None)
    _set(made, "__pydantic_private__", None)
    return made
