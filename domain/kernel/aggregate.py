"""Bases of all aggregates and events: the `eventsourcing` library's model with frozen, validated pydantic events."""

from typing import Any, ClassVar, Self
from uuid import UUID

from eventsourcing.domain import BaseAggregate, CanInitAggregate, CanMutateAggregate

from domain.kernel.values import Instant, Ordinal, Value


class DomainEvent(Value):
    """A fact about one aggregate, never changed once stored.

    `TOPIC` is its permanent name in the store; `class_version` counts the shapes its JSON has had, each step up being
    a static method `upcast_v1_v2(state)` that edits the decoded JSON in place.
    """

    TOPIC: ClassVar[str]
    class_version: ClassVar[int] = 1
    subject: ClassVar[str] = "originator_id"
    """Name of the field that holds the id of the person whose `Personal` fields this event carries."""

    originator_id: UUID
    originator_version: Ordinal
    timestamp: Instant

    def _as_dict(self) -> dict[str, Any]:  # the library's hook; values of any field type
        return self.__dict__


class Event(DomainEvent, CanMutateAggregate[UUID]):
    """Base of the events that change an aggregate. `apply(aggregate)` assigns, and never refuses."""


class Created(Event, CanInitAggregate[UUID]):
    """Base of the event that begins an aggregate: each of its facts fills the aggregate's field of the same name."""

    originator_topic: str


class Aggregate(BaseAggregate[UUID]):
    """A consistency boundary. Subclasses declare `TOPIC`, events, their state as annotated fields, decisions.

    The library registers the topics of the aggregate and of its nested event classes, and refuses an event without one.
    """

    TOPIC: ClassVar[str]
    SHARED: ClassVar[bool] = False
    """Whether services use it together. Everything else belongs to the service that its history began in."""
    Event: ClassVar[type[Event]] = Event

    @classmethod
    def begin(cls, event_class: type[Created], *, id: UUID, **facts: Any) -> Self:
        """Start a new aggregate with its first event; `facts` are validated by the event class."""
        return cls._create(event_class, id=id, **facts)


def event_classes(aggregate_class: type[Aggregate]) -> list[type[Event]]:
    """The events declared in an aggregate, in the order of its source."""
    return [
        m
        for m in vars(aggregate_class).values()
        if isinstance(m, type) and issubclass(m, Event) and hasattr(m, "TOPIC")
    ]
