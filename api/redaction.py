"""Events and aggregates as JSON values, without what whoever is shown them may not see."""

from collections.abc import Collection
from typing import Any

from pydantic_core import to_jsonable_python

from api.visibility import Kind, Kinds, withheld
from domain.kernel.aggregate import Aggregate, DomainEvent, event_classes
from domain.kernel.personal import is_erased, personal_fields

ENVELOPE = frozenset({"originator_id", "originator_version", "originator_topic", "timestamp"})
"""What an event says of its place in the log rather than of the world."""


def facts_of(event: DomainEvent, sees: Kinds) -> dict[str, Any]:
    """An event's facts, as far as somebody who sees these kinds may know them.

    Once that person is erased, what was encrypted is null, and what is withheld stays out.
    """
    hidden = withheld(type(event), sees)
    if Kind.PERSONAL in sees and is_erased(event):
        hidden = withheld(type(event), sees - {Kind.PERSONAL}).difference(personal_fields(type(event))) | hidden
    found: dict[str, Any] = _without(to_jsonable_python(event), ENVELOPE | hidden)
    return found


def state_of(aggregate: Aggregate, sees: Kinds) -> dict[str, Any]:
    """An aggregate's state, as far as somebody who sees these kinds may know it."""
    models: list[type] = [type(aggregate), *event_classes(type(aggregate))]
    hidden = frozenset(name for model in models for name in withheld(model, sees))
    values = {name: value for name, value in vars(aggregate).items() if not name.startswith("_")}
    found: dict[str, Any] = _without(to_jsonable_python(values), hidden)
    return found


def _without(value: Any, names: Collection[str]) -> Any:
    """The same value without the members of these names, however deep they stand."""
    if isinstance(value, dict):
        return {name: _without(inner, names) for name, inner in value.items() if name not in names}
    return [_without(inner, names) for inner in value] if isinstance(value, list) else value
