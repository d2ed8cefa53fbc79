"""The elements that add: rates for time, distance and reservation, fees, agreed amounts."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from domain.rulebook.base import Rules
from domain.rulebook.conditions import Seconds
from domain.rulebook.element_base import Amount, ElementBase
from domain.rulebook.windows import Window

MINUTE, HOUR, DAY, WEEK = 60, 3600, 86_400, 604_800

Counting = Literal["started", "completed", "reached", "exact"]
"""How a last, partial interval counts. started: in full. completed: not at all. exact: by its share.
reached: in full, and an interval that begins exactly at the end counts too."""


class TimeRate(ElementBase):
    """So much for each interval of time in a phase of the trip. Time that a package covers is not charged."""

    kind: Literal["time"] = "time"
    rate: Decimal
    """For each interval."""
    phase: Literal["driving", "parked", "any"] = "any"
    """Which time counts."""
    interval_s: Seconds = MINUTE
    """How long an interval is; with 0 it is charged once, when `start` is passed."""
    start_s: Seconds = 0
    """From here on; time of the phase, or of the whole trip with `clock` trip."""
    end_s: Seconds | None = None
    """Until here, on the same clock."""
    clock: Literal["phase", "trip"] = "phase"
    """Whether `start` and `end` count time of the phase, or of the whole trip, e.g. its first 30 minutes."""
    calendar_day: bool = False
    """Each local day that the phase touches is an interval."""
    counting: Counting = "started"
    """How a last, partial interval counts: started, completed, reached or exact."""
    windows: tuple[Window, ...] = ()
    """Only intervals that begin inside one of these,"""
    outside: bool = False
    """or only those that begin outside all of them."""
    in_package: bool = False
    """Charged also for the time that a package covers."""
    free_each_s: Seconds = 0
    """So much of each stretch of the phase does not count, e.g. the first five minutes of each stop."""
    step_s: Annotated[int, Field(gt=0)] | None = None
    """With `exact`, a last interval counts in started steps of this length, e.g. an hour by its started minutes."""


class Allowance(Rules):
    """Distance that comes with the time."""

    until_s: Annotated[int, Field(gt=0)]
    """From the allowance before it until this time of the trip, or of the booked period where that is longer,"""
    every_s: Annotated[int, Field(gt=0)]
    """each started period of this length"""
    more: Amount
    """includes so much more."""


class DistanceRate(ElementBase):
    """So much for each interval of distance, in the service's unit. What a package includes replaces what this does."""

    kind: Literal["distance"] = "distance"
    rate: Decimal
    """For each interval."""
    interval: Annotated[Decimal, Field(ge=0)] = Decimal(1)
    """How long an interval is; with 0 it is charged once, when what is included is passed."""
    included: Amount = Decimal(0)
    """Distance that costs nothing,"""
    included_once: Amount = Decimal(0)
    """with this on top, once for the trip, where `included` is granted anew for each period."""
    start: Amount = Decimal(0)
    """Where a tier of the rate begins; no package moves it."""
    included_every_s: Annotated[int, Field(gt=0)] | None = None
    """`included` is granted anew for each started period of this length."""
    allowances: tuple[Allowance, ...] = ()
    """Instead, what is included grows by these, e.g. 40 km for the first hour and 20 km for each of the next seven."""
    end: Amount | None = None
    """Where a tier of the rate ends."""
    counting: Counting = "exact"
    """How a last, partial interval counts: started, completed, reached or exact."""


class FlatFee(ElementBase):
    """A fee for each trip."""

    kind: Literal["flat"] = "flat"
    amount: Decimal
    """The fee; negative for a bonus."""
    option: str | None = None
    """Only if the member chose or has this option, e.g. a lower excess."""


class ZoneFee(ElementBase):
    """A fee for a trip that starts in a zone, ends in one, or both where both are given."""

    kind: Literal["zone"] = "zone"
    amount: Decimal
    """The fee; negative for a bonus."""
    start: str | None = None
    """Kind or name of the zone that the trip starts in."""
    end: str | None = None
    """Kind or name of the zone that the trip ends in."""


class AgreedAmount(ElementBase):
    """An amount agreed outside the tariff, e.g. an owner's price for a booking, a toll, fuel paid for (negative)."""

    kind: Literal["agreed"] = "agreed"
    name: str
    """The fact of the trip that holds the amount."""
    optional: bool = False
    """Whether it may be missing; a trip without it cannot be priced otherwise."""


class ReservationRate(ElementBase):
    """So much for each interval that a car was held."""

    kind: Literal["reservation"] = "reservation"
    rate: Decimal
    """For each interval."""
    interval_s: Annotated[int, Field(gt=0)] = MINUTE
    """How long an interval is."""
    free_s: Seconds = 0
    """How long the car is held for nothing."""
    counting: Counting = "started"
    """How a last, partial interval counts: started, completed, reached or exact."""
    free_windows: tuple[Window, ...] = ()
    """An interval that begins in one of these costs nothing."""


Rate = TimeRate | DistanceRate | FlatFee | ZoneFee | AgreedAmount | ReservationRate
