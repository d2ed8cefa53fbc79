"""Shapes that events of both kinds of reservations share."""

from typing import Any, ClassVar

from domain.billing.pricing import TripFacts
from domain.kernel.aggregate import Event
from domain.kernel.calendar import Period
from domain.kernel.ids import MemberId, TripId, VehicleId
from domain.kernel.values import Instant
from domain.rental.scheduled_plan import Plan, ScheduledState
from domain.rulebook.tariff import Quote


class ReservationCharged(Event):
    """No trip came of it, and it costs something by itself."""

    member_id: MemberId
    quote: Quote
    seller_id: str
    """Legal entity that issues the invoice."""
    facts: TripFacts
    method_id: str

    def apply(self, aggregate: Any) -> None:  # whichever kind of reservation is declared around the event
        """The reservation itself is not changed by it."""


class ScheduledEvent(Event):
    """An event of a reservation ahead of time names its member and its car."""

    STATE: ClassVar[ScheduledState | None] = None
    """What the reservation is from then on; as before when none."""

    member_id: MemberId
    vehicle_id: VehicleId

    def apply(self, aggregate: Any) -> None:  # the reservation, which is declared around the events
        if self.STATE is not None:
            aggregate.state = self.STATE


class ScheduledMoments(ScheduledEvent):
    """From here on the period has its own moments at which one looks whether something is to be done."""

    period: Period
    plan: Plan


class CarTrouble(ScheduledEvent):
    """The car is not there or not sound."""

    why: tuple[str, ...]
    """Codes of what is the matter with it."""


class PeriodChanged(ScheduledEvent):
    """The period has another end."""

    period: Period
    ended_before: Instant

    def apply(self, aggregate: Any) -> None:  # the reservation
        aggregate.period = self.period


class OtherCar(ScheduledMoments, CarTrouble):
    """`vehicle_id` is the car from then on, and whoever wishes may go without paying."""

    instead_of: VehicleId
    model: str

    def apply(self, aggregate: Any) -> None:  # the reservation
        super().apply(aggregate)
        aggregate.vehicle_id, aggregate.excused = self.vehicle_id, True


class NoOtherCar(CarTrouble):
    """Whoever wishes may go without paying."""

    driver_id: MemberId | None
    """Who has the car."""
    period: Period

    def apply(self, aggregate: Any) -> None:  # the reservation
        aggregate.excused = True


class OfTrip(ScheduledEvent):
    """A trip comes of it."""

    trip_id: TripId

    def apply(self, aggregate: Any) -> None:  # the reservation
        super().apply(aggregate)
        aggregate.trip_id = self.trip_id


class WithoutTrip(ScheduledMoments):
    """No trip came of it, for which the member can do nothing."""

    def apply(self, aggregate: Any) -> None:  # the reservation
        super().apply(aggregate)
        aggregate.trip_id, aggregate.excused = None, True
