"""What all orders of operators have in common: on record first, carried out next, then closed on record."""

from datetime import datetime
from typing import ClassVar, Self
from uuid import UUID

from domain.kernel.aggregate import Aggregate, Created, Event
from domain.kernel.ids import derived_id
from domain.kernel.values import Ordinal, Value

INSTALLATION = "csbe"
"""Stands for a service in the metadata of orders, which are about the installation and not about any service."""


class OpenOrder(Value):
    """An order that nobody has said to be carried out: it is under way, or was interrupted."""

    number: Ordinal
    topic: str


class OrdersOpened(Created):
    """Base of the event that begins the orders about one thing."""

    about: str


class Order(Event):
    """Base of what an operator decided. Nothing outside the log has changed yet."""

    by: str
    """Who decided it."""
    reason: str

    def apply(self, aggregate: "Orders") -> None:
        aggregate.open = (*aggregate.open, OpenOrder(number=self.originator_version, topic=self.TOPIC))


class OrderClosed(Event):
    """Base of how an order ended. It closes the same orders before it too, which it has overtaken."""

    order: Ordinal
    """Number of the order: the version of its event."""

    def apply(self, aggregate: "Orders") -> None:
        topic = aggregate.topic_of(self.order)
        aggregate.open = tuple(o for o in aggregate.open if o.topic != topic or o.number > self.order)


class OrderCarriedOut(OrderClosed):
    """Base of the good end."""

    done: tuple[str, ...]
    """What was changed; nothing when there was nothing left to do, as after an interruption."""


class OrderFailed(OrderClosed):
    """Base of the bad end: as things stand, it cannot be done."""

    error: str


class Orders(Aggregate):
    """The orders about one thing: opened -> (ordered -> carried_out | failed)*."""

    SHARED = True
    Opened: ClassVar[type[OrdersOpened]]
    CarriedOut: ClassVar[type[OrderCarriedOut]]
    Failed: ClassVar[type[OrderFailed]]

    about: str
    open: tuple[OpenOrder, ...] = ()

    @classmethod
    def id_of(cls, about: str) -> UUID:
        return derived_id(cls.TOPIC, about)

    @classmethod
    def begin_about(cls, about: str, at: datetime) -> Self:
        return cls.begin(cls.Opened, id=cls.id_of(about), timestamp=at, about=about)

    def give(self, order: type[Order], facts: dict[str, object], by: str, at: datetime) -> int:
        """Take an order; returns its number. The same one again is another one: who and why differ."""
        self.trigger_event(order, timestamp=at, by=by, **facts)
        return self.version

    def carry_out(self, order: int, done: tuple[str, ...], at: datetime) -> None:
        """Close an order that is carried out; one that is closed already stays as it is."""
        if self.topic_of(order) is not None:
            self.trigger_event(self.CarriedOut, timestamp=at, order=order, done=done)

    def fail(self, order: int, error: str, at: datetime) -> None:
        """Close an order that cannot be carried out; one that is closed already stays as it is."""
        if self.topic_of(order) is not None:
            self.trigger_event(self.Failed, timestamp=at, order=order, error=error)

    def topic_of(self, order: int) -> str | None:
        """What is ordered by an open order; none when it is not open."""
        return next((o.topic for o in self.open if o.number == order), None)
