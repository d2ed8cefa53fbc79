"""Events and aggregates as JSON values, never with secrets, and without what tells of a person unless asked for."""

from collections.abc import Collection
from typing import Any

from pydantic_core import to_jsonable_python

from domain.kernel.aggregate import Aggregate, DomainEvent, event_classes
from domain.kernel.personal import is_erased, personal_fields, sensitive_fields

SECRETS = frozenset({"token", "url"})
"""Payment methods' tokens, receivers' URLs, which may hold a key: whoever has one can use it."""
ENVELOPE = frozenset({"originator_id", "originator_version", "originator_topic", "timestamp"})
"""What an event says of its place in the log rather than of the world."""


def facts_of(event: DomainEvent, *, personal: bool = False) -> dict[str, Any]:
    """An event's facts; those that tell of a person only if `personal`.

    Once that person is erased, what was encrypted is null, and what is withheld stays out.
    """
    telling = sensitive_fields(type(event))
    if personal:
        telling = telling.difference(personal_fields(type(event))) if is_erased(event) else frozenset()
    found: dict[str, Any] = _without(to_jsonable_python(event), SECRETS | ENVELOPE | telling)
    return found


def state_of(aggregate: Aggregate) -> dict[str, Any]:
    """An aggregate's state, without what would tell of a person."""
    telling = {name for event in event_classes(type(aggregate)) for name in sensitive_fields(event)}
    values = {name: value for name, value in vars(aggregate).items() if not name.startswith("_")}
    found: dict[str, Any] = _without(to_jsonable_python(values), SECRETS | telling)
    return found


def _without(value: Any, names: Collection[str]) -> Any:
    """The same value without the members of these names, however deep they stand."""
    if isinstance(value, dict):
        return {name: _without(inner, names) for name, inner in value.items() if name not in names}
    return [_without(inner, names) for inner in value] if isinstance(value, list) else value
