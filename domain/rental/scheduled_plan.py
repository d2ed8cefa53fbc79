"""What was wished of a reservation ahead of time, and when something is done about it."""

from datetime import datetime
from typing import Literal, Self

from pydantic import Field, model_validator

from domain.kernel.calendar import Entry, Period
from domain.kernel.ids import ReservationId, VehicleId, ZoneId
from domain.kernel.personal import Restricted
from domain.kernel.values import Instant, Value
from domain.rulebook.reservations import AheadLimits

Purpose = Literal["private", "business"]
ScheduledState = Literal["placed", "pinned", "converted", "completed", "cancelled", "no_show", "no_car"]
OPEN: tuple[ScheduledState, ...] = ("placed", "pinned")
"""A trip may still come of it."""


class Wish(Value):
    """One car, or any of a model in a city, and in a zone of it if one is named."""

    vehicle_id: VehicleId | None = None
    model: str | None = Field(default=None, max_length=60)
    city_id: str | None = Field(default=None, max_length=60)
    zone_id: Restricted[ZoneId | None] = None

    @model_validator(mode="after")
    def _is_one_of_both(self) -> Self:
        one, any_of = self.vehicle_id is not None, self.model is not None and self.city_id is not None
        if one == any_of or (one and (self.model or self.city_id or self.zone_id)):
            msg = "say either which car, or which model in which city"
            raise ValueError(msg)
        return self


class Plan(Value):
    """When something is done about a reservation, by the rules that held when it was made."""

    pinned_at: Instant
    """The member is told which car it is, and keeps it from then on."""
    looked_at: Instant
    """A car that is not there or not sound is replaced from then on."""
    starts_from: Instant
    waits_until: Instant
    """A car that is not there is waited for."""
    no_show_at: Instant
    shortened_until: Instant

    @classmethod
    def of(cls, period: Period, ahead: AheadLimits) -> "Plan":
        """For a period by the rules."""
        begins = period.begins
        return cls(
            pinned_at=begins - ahead.pinned_before,
            looked_at=begins - ahead.looked_before,
            starts_from=begins - ahead.start_before,
            waits_until=min(begins + ahead.waits, period.ends),
            no_show_at=min(begins + ahead.no_show_after, period.ends),
            shortened_until=begins - ahead.shortened_before,
        )

    def moments(self, begins: datetime) -> list[datetime]:
        """When one looks whether something is to be done, in order."""
        return sorted({self.pinned_at, self.looked_at, begins, self.waits_until, self.no_show_at})


class Booked(Value):
    """What a price needs to know of a period that was reserved."""

    booked_at: Instant
    booked_from: Instant
    booked_until: Instant


def entry(reservation_id: ReservationId, period: Period, ahead: AheadLimits) -> Entry:
    """What is written into the calendars of car and member."""
    buffer_s, lead_s = int(ahead.buffer.total_seconds()), int(ahead.closed_before.total_seconds())
    return Entry(id=reservation_id, period=period, buffer_s=buffer_s, lead_s=lead_s)
