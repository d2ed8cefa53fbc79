"""Planting faults into a log, and asking which laws they break."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import uuid4

from domain.invariants import Invariants
from domain.kernel.aggregate import DomainEvent
from domain.kernel.messages import RecordedEvent

Log = Sequence[RecordedEvent]


def broken(log: Log, *, finished: bool = True) -> set[str]:
    """The laws that a log breaks."""
    laws = Invariants()
    for recorded in log:
        laws.observe(recorded)
    return {name for name, result in laws.report(finished).items() if result.broken}


def changed(recorded: RecordedEvent, **values: Any) -> RecordedEvent:
    """The event with other facts, in an append of its own."""
    meta = recorded.metadata.model_copy(update={"command_id": uuid4()})
    return replace(recorded, event=recorded.event.model_copy(update=values), metadata=meta)


def first(log: Log, kind: type[DomainEvent]) -> RecordedEvent:
    """The first of its kind."""
    return next(r for r in log if isinstance(r.event, kind))


def without(log: Log, *kinds: type[DomainEvent]) -> Log:
    """As if these had not happened."""
    return [r for r in log if not isinstance(r.event, kinds)]


def altered(log: Log, kind: type[DomainEvent], **values: Any) -> Log:
    """As if the first of its kind had said something else."""
    planted = first(log, kind)
    return [changed(r, **values) if r is planted else r for r in log]
