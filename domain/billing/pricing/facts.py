"""The facts of a trip that a price depends on."""

from datetime import UTC, datetime, timedelta
from typing import Literal, Self
from uuid import UUID

from pydantic import Field, field_validator, model_validator

from domain.kernel.money import Money
from domain.kernel.personal import Restricted
from domain.kernel.units import Metres, Percent
from domain.kernel.values import Count, Instant, Seconds, Value
from domain.rulebook.conditions import Outcome
from domain.rulebook.product import Discount


class Span(Value):
    """A stretch of the trip in one phase."""

    phase: Literal["driving", "parked"]
    seconds: Seconds


class Benefit(Value):
    """What the payer has in advance and this may use, as it was when the price was made: one of the three."""

    entry_id: UUID
    """Of the payer's balance."""
    product_id: str
    name: str
    covers: tuple[str, ...] | None
    """Ids of elements and packages; all when none."""
    catalogue: str
    """Whose list of products has it, e.g. `products of berlin`,"""
    rulebook_version: Count
    """as of this version."""
    seconds: Seconds | None = None
    """What is left of minutes."""
    percent: Discount | None = None
    amount: Money | None = None
    """What is left of a credit."""


class TripFacts(Value):
    """What is known of a trip once it has ended. `spans` follow each other without a gap from `started_at` on.

    Where only totals of time are known, `TripFacts.of` takes all driving to come before all parking. Distance is taken
    to be driven evenly over the driving time; that matters only to a cap that covers distance over several periods.
    """

    started_at: Instant
    spans: tuple[Span, ...] = ()
    distance_m: Metres = 0
    reserved_at: Instant | None = None
    """When the hold of the car began."""
    held_until: Instant | None = None
    """When the hold ended, since the start was asked for; as the trip started when none."""
    start_zones: Restricted[tuple[str, ...]] = ()
    """Kinds (and names, where a fee is for one zone) of the zones that the trip began in."""
    end_zones: Restricted[tuple[str, ...]] = ()
    package: str | None = None
    """Id of the package chosen before the trip."""
    options: tuple[str, ...] = ()
    agreed: dict[str, Money] = Field(default_factory=dict)
    benefits: tuple[Benefit, ...] = ()
    """What the payer has, in the order in which it is used."""
    reservation_only: bool = False
    """The car was held or booked but never driven: only what a reservation or a booking costs is charged."""
    booked_at: Instant | None = None
    """When a reservation for a period was made; none of these where there is none."""
    booked_from: Instant | None = None
    """Begin of that period."""
    booked_until: Instant | None = None
    """Its end, as it was agreed last."""
    cancelled_at: Instant | None = None
    """When it was cancelled. Nobody drove: `reservation_only`."""
    no_show: bool = False
    """Nobody came and nobody cancelled. Nobody drove: `reservation_only`."""
    energy_start: Percent | None = None
    """Fuel or charge in percent as the trip started; none where the car never told."""
    energy_end: Percent | None = None
    """And as it ended."""

    @field_validator(
        "started_at", "reserved_at", "held_until", "booked_at", "booked_from", "booked_until", "cancelled_at"
    )
    @classmethod
    def _absolute(cls, moment: datetime | None) -> datetime | None:
        """In UTC: within a time zone, Python counts by the clock on the wall, which jumps."""
        return moment and moment.astimezone(UTC)

    @model_validator(mode="after")
    def _is_a_period(self) -> Self:
        """A booking begins before it ends."""
        if (self.booked_from is None) != (self.booked_until is None):
            raise ValueError("booked_from and booked_until belong together: give both or neither")
        if self.booked_from is not None and self.booked_until is not None and self.booked_from >= self.booked_until:
            raise ValueError("booked_until is not after booked_from")
        return self

    @classmethod
    def of(
        cls,
        *,
        driving_s: int = 0,
        parked_s: int = 0,
        distance_m: int = 0,
        started_at: datetime = datetime(2020, 1, 1, 12, tzinfo=UTC),
    ) -> Self:
        """Facts from totals."""
        spans = (Span(phase="driving", seconds=driving_s), Span(phase="parked", seconds=parked_s))
        return cls(started_at=started_at, spans=tuple(s for s in spans if s.seconds), distance_m=distance_m)

    @property
    def ended_at(self) -> datetime:
        """When the last span ended, to the second; the taxes of that day apply."""
        return self.started_at + timedelta(seconds=self.duration_s)

    @property
    def duration_s(self) -> int:
        return sum([s.seconds for s in self.spans])

    def seconds_in(self, phase: str) -> int:
        """Time in a phase; `any` is the whole trip."""
        return sum(s.seconds for s in self.spans if phase in ("any", s.phase))

    @property
    def booking(self) -> Outcome | None:
        """What became of the booking; none without one, and for one that we could not keep."""
        if self.booked_from is None:
            return None
        if not self.reservation_only:
            return "kept"
        if self.no_show:
            return "no_show"
        return None if self.cancelled_at is None else "cancelled"

    @property
    def booked_s(self) -> int:
        """How long the booked period is."""
        return _seconds(self.booked_from, self.booked_until)

    @property
    def late_s(self) -> int:
        """What the trip took beyond its booked period."""
        return 0 if self.booked_until is None else min(self.duration_s, _seconds(self.booked_until, self.ended_at))

    @property
    def unused_s(self) -> int:
        """What was left of the booked period as the trip ended."""
        if self.booked_from is None or self.reservation_only:
            return 0
        return _seconds(max(self.ended_at, self.booked_from), self.booked_until)


def _seconds(begins: datetime | None, ends: datetime | None) -> int:
    """Whole ones; none where it ends before it begins."""
    if begins is None or ends is None:
        return 0
    return max(0, (ends - begins) // timedelta(seconds=1))
