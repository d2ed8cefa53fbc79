"""The elements that a tariff is made of, as plain data. Rates and amounts are major units of the tariff's currency.

A tariff applies its elements in their order: rates and fees add, and an adjustment (cap, minimum, percentage) works on
what stands before it. So "minimum fare, then discount" and "discount, then minimum fare" are two orders of the same
elements.
"""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from domain.rulebook.base import Rules
from domain.rulebook.conditions import Condition, Seconds
from domain.rulebook.windows import Window

MINUTE, HOUR, DAY, WEEK = 60, 3600, 86_400, 604_800

Amount = Annotated[Decimal, Field(ge=0)]

Counting = Literal["started", "completed", "reached", "exact"]
"""How a last, partial interval counts. started: in full. completed: not at all. exact: by its share.
reached: in full, and an interval that begins exactly at the end counts too."""


class _Element(Rules):
    id: str
    """Names it within its tariff and on every price line that comes from it."""
    description: str
    """What the member reads on the price line."""
    when: Condition | None = None
    """Only for trips for which this holds,"""
    unless: Condition | None = None
    """and never for those for which this does, e.g. no unlock fee in a package."""
    taxed: bool = True
    """Whether the taxes of the city are on it; what adjusts others is taxed as they are."""


class TimeRate(_Element):
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


class DistanceRate(_Element):
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
    end: Amount | None = None
    """Where a tier of the rate ends."""
    counting: Counting = "exact"
    """How a last, partial interval counts: started, completed, reached or exact."""


class FlatFee(_Element):
    """A fee for each trip."""

    kind: Literal["flat"] = "flat"
    amount: Decimal
    """The fee; negative for a bonus."""
    option: str | None = None
    """Only if the member chose or has this option, e.g. a lower excess."""


class ZoneFee(_Element):
    """A fee for a trip that starts in a zone, ends in one, or both where both are given."""

    kind: Literal["zone"] = "zone"
    amount: Decimal
    """The fee; negative for a bonus."""
    start: str | None = None
    """Kind or name of the zone that the trip starts in."""
    end: str | None = None
    """Kind or name of the zone that the trip ends in."""


class AgreedAmount(_Element):
    """An amount agreed outside the tariff, e.g. an owner's price for a booking, a toll, fuel paid for (negative)."""

    kind: Literal["agreed"] = "agreed"
    name: str
    """The fact of the trip that holds the amount."""
    optional: bool = False
    """Whether it may be missing; a trip without it cannot be priced otherwise."""


class ReservationRate(_Element):
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


class Cap(_Element):
    """The covered elements together never cost more than `amount`: in the trip, a period, a day, or each window."""

    kind: Literal["cap"] = "cap"
    amount: Amount
    """At most so much."""
    period_s: Annotated[int, Field(gt=0)] | None = None
    """For each period of this length from the start of the trip; for the whole trip when none."""
    covers: tuple[str, ...] | None = None
    """Ids of the elements and packages that it works on; all before it when none."""
    beyond: Literal["metered", "started"] = "metered"
    """After a first full period. metered: each is capped by itself. started: `amount` times the started periods."""
    calendar_day: bool = False
    """For each local day by itself."""
    windows: tuple[Window, ...] = ()
    """For what falls into each occurrence of these, e.g. each night."""


class Rung(Rules):
    """A step of a ladder of caps."""

    until_s: Annotated[int, Field(gt=0)]
    """Up to this time after the start of a period"""
    amount: Amount
    """the covered elements cost at most so much."""


class LadderCap(_Element):
    """Caps that rise with the time, e.g. 50 for 3 h, 80 for 12 h, 110 for 24 h; after the last it begins again."""

    kind: Literal["ladder"] = "ladder"
    rungs: Annotated[tuple[Rung, ...], Field(min_length=1)]
    """From the lowest to the highest."""
    covers: tuple[str, ...] | None = None
    """Ids of the elements and packages that it works on; all before it when none."""
    beyond: Literal["metered", "bracket"] = "metered"
    """metered: after 3 h the meter goes on from 50 until it meets 80. bracket: the length of the stay picks a rung."""


class MinimumFare(_Element):
    """Adds what is missing until the covered elements cost `amount`."""

    kind: Literal["minimum"] = "minimum"
    amount: Amount
    """At least so much."""
    covers: tuple[str, ...] | None = None
    """Ids of the elements and packages that it works on; all before it when none."""


class Percentage(_Element):
    """A surcharge or discount on the covered elements as they stand at this place."""

    kind: Literal["percentage"] = "percentage"
    percent: Annotated[Decimal, Field(ge=-100)]
    """Positive for a surcharge, negative for a discount."""
    covers: tuple[str, ...] | None = None
    """Ids of the elements and packages that it works on; all before it when none."""
    not_below: Amount | None = None
    """A discount never takes their sum below this."""
    at_most: Amount | None = None
    """It never changes their sum by more than this."""
    from_s: Seconds = 0
    """Only for trips of at least this length, e.g. a discount for a week or more."""
    windows: tuple[Window, ...] = ()
    """Only on what falls into these, e.g. the minutes of a rush hour."""


class Credit(_Element):
    """Takes up to `amount` off the covered elements, never below nothing, e.g. a voucher; what is left of it lapses."""

    kind: Literal["credit"] = "credit"
    amount: Amount
    """At most so much."""
    covers: tuple[str, ...] | None = None
    """Ids of the elements and packages that it works on; all before it when none."""


class Rounding(_Element):
    """Takes the sum of the covered elements to a multiple of `to`, e.g. 0.05 in Swiss francs."""

    kind: Literal["rounding"] = "rounding"
    to: Annotated[Decimal, Field(gt=0)]
    """The step."""
    direction: Literal["nearest", "up", "down"] = "nearest"
    """Half a step goes up."""
    covers: tuple[str, ...] | None = None
    """Ids of the elements and packages that it works on; all before it when none."""


Adjustment = Cap | LadderCap | MinimumFare | Percentage | Credit | Rounding

Element = Annotated[
    TimeRate
    | DistanceRate
    | FlatFee
    | ZoneFee
    | AgreedAmount
    | ReservationRate
    | Cap
    | LadderCap
    | MinimumFare
    | Percentage
    | Credit
    | Rounding,
    Field(discriminator="kind"),
]


class Package(_Element):
    """Time and distance bought in advance; what goes beyond is charged by the rates, and what is unused is lost."""

    amount: Amount
    """Its price."""
    duration_s: Annotated[int, Field(gt=0)]
    """It covers so much from the start of the trip, whatever the phase."""
    included: Amount = Decimal(0)
    """Distance that it covers, in the service's unit."""
