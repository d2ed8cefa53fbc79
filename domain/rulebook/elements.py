"""The elements that a tariff is made of, as plain data. Rates and amounts are major units of the tariff's currency.

A tariff applies its elements in their order: rates and fees add, and an adjustment (cap, minimum, percentage) works on
what stands before it. So "minimum fare, then discount" and "discount, then minimum fare" are two orders of the same
elements.
"""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from domain.rulebook.conditions import Condition, Seconds
from domain.rulebook.windows import Window

MINUTE, HOUR, DAY, WEEK = 60, 3600, 86_400, 604_800

Amount = Annotated[Decimal, Field(ge=0)]

Counting = Literal["started", "completed", "reached", "exact"]
"""How a last, partial interval counts. started: in full. completed: not at all. exact: by its share.
reached: in full, and an interval that begins exactly at the end counts too."""


class _Element(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    """Names the element within its tariff and on every price line that comes from it."""
    description: str
    when: Condition | None = None
    """Only for trips for which this holds,"""
    unless: Condition | None = None
    """and never for those for which this does, e.g. no unlock fee in a package."""
    taxed: bool = True
    """Whether the taxes of the city are on it."""


class TimeRate(_Element):
    """So much for each interval of time in a phase of the trip, from `start_s` until `end_s` of that phase's own time.

    With `clock` trip, `start_s` and `end_s` are time of the whole trip, e.g. its first 30 minutes whatever the phase.
    `interval_s` 0 charges once when `start_s` is passed. With `calendar_day`, each local day that the phase touches is
    an interval, whatever `interval_s` and `counting`. With `windows`, an interval counts when it begins inside one of
    them (or outside all of them, if `outside`). Time that a package covers is not charged unless `in_package`.
    """

    kind: Literal["time"] = "time"
    rate: Decimal
    phase: Literal["driving", "parked", "any"] = "any"
    interval_s: Seconds = MINUTE
    start_s: Seconds = 0
    end_s: Seconds | None = None
    clock: Literal["phase", "trip"] = "phase"
    calendar_day: bool = False
    counting: Counting = "started"
    windows: tuple[Window, ...] = ()
    outside: bool = False
    in_package: bool = False


class DistanceRate(_Element):
    """So much for each `interval` (in the tariff's unit of distance) driven beyond `included` until `end`.

    With `included_every_s`, the included distance is granted anew for each started period of that length, and
    `included_once` comes on top. A package's own included distance takes the place of both. A tier of a rate begins at
    `start`, which no package moves.
    """

    kind: Literal["distance"] = "distance"
    rate: Decimal
    interval: Annotated[Decimal, Field(ge=0)] = Decimal(1)
    included: Amount = Decimal(0)
    included_once: Amount = Decimal(0)
    start: Amount = Decimal(0)
    included_every_s: Annotated[int, Field(gt=0)] | None = None
    end: Amount | None = None
    counting: Counting = "exact"


class FlatFee(_Element):
    """A fee for each trip; with `option`, only if the member chose that option (e.g. a lower excess)."""

    kind: Literal["flat"] = "flat"
    amount: Decimal
    option: str | None = None


class ZoneFee(_Element):
    """A fee for a trip that starts in a zone of `start`, ends in one of `end`, or both where both are given."""

    kind: Literal["zone"] = "zone"
    amount: Decimal
    start: str | None = None
    end: str | None = None


class AgreedAmount(_Element):
    """An amount agreed outside the tariff, e.g. an owner's price for a booking; a fact of the trip by its `name`.

    An `optional` one, e.g. a toll or the fuel that a member paid for (negative), may be missing.
    """

    kind: Literal["agreed"] = "agreed"
    name: str
    optional: bool = False


class ReservationRate(_Element):
    """So much for each interval that a car was held beyond `free_s`; one that begins in a free window costs nothing."""

    kind: Literal["reservation"] = "reservation"
    rate: Decimal
    interval_s: Annotated[int, Field(gt=0)] = MINUTE
    free_s: Seconds = 0
    counting: Counting = "started"
    free_windows: tuple[Window, ...] = ()


class Cap(_Element):
    """The covered elements together never cost more than `amount` in a period, counted from the start of the trip.

    `beyond` says what holds after a first full period. metered: each period is capped by itself, so 25 hours cost a
    capped day and one metered hour. started: the whole sum is at most `amount` times the started periods.
    Without `period_s` the cap is for the whole trip, or with `calendar_day` for each local day by itself. With
    `windows`, it is for what falls into each occurrence of them, e.g. each night. Without `covers` it covers everything
    before it.
    """

    kind: Literal["cap"] = "cap"
    amount: Amount
    period_s: Annotated[int, Field(gt=0)] | None = None
    covers: tuple[str, ...] | None = None
    beyond: Literal["metered", "started"] = "metered"
    calendar_day: bool = False
    windows: tuple[Window, ...] = ()


class Rung(BaseModel):
    """Up to `until_s` after the start of a period the covered elements cost at most `amount`."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    until_s: Annotated[int, Field(gt=0)]
    amount: Amount


class LadderCap(_Element):
    """Caps that rise with the time, e.g. 50 for 3 h, 80 for 12 h, 110 for 24 h; after the last rung it begins again.

    metered: after 3 h the meter goes on from 50 until it meets 80. bracket: the length of the stay in a period picks
    the one rung that holds for all of it.
    """

    kind: Literal["ladder"] = "ladder"
    rungs: Annotated[tuple[Rung, ...], Field(min_length=1)]
    covers: tuple[str, ...] | None = None
    beyond: Literal["metered", "bracket"] = "metered"


class MinimumFare(_Element):
    """Adds what is missing until the covered elements cost `amount`."""

    kind: Literal["minimum"] = "minimum"
    amount: Amount
    covers: tuple[str, ...] | None = None


class Percentage(_Element):
    """A surcharge (positive `percent`) or discount (negative) on the covered elements as they stand at this place.

    With `windows`, it is on what falls into them, e.g. the minutes of a rush hour. A discount never takes their sum
    below `not_below`, nor does either change it by more than `at_most`. It applies to trips of at least `from_s`, e.g.
    a discount for a week or more.
    """

    kind: Literal["percentage"] = "percentage"
    percent: Annotated[Decimal, Field(ge=-100)]
    covers: tuple[str, ...] | None = None
    not_below: Amount | None = None
    at_most: Amount | None = None
    from_s: Seconds = 0
    windows: tuple[Window, ...] = ()


class Credit(_Element):
    """Takes up to `amount` off the covered elements, never below nothing, e.g. a voucher; what is left of it lapses."""

    kind: Literal["credit"] = "credit"
    amount: Amount
    covers: tuple[str, ...] | None = None


class Rounding(_Element):
    """Takes the sum of the covered elements to a multiple of `to`, e.g. 0.05 in Swiss francs; half goes up."""

    kind: Literal["rounding"] = "rounding"
    to: Annotated[Decimal, Field(gt=0)]
    direction: Literal["nearest", "up", "down"] = "nearest"
    covers: tuple[str, ...] | None = None


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
    """Time and distance bought in advance. What goes beyond is charged by the tariff's rates.

    It covers the first `duration_s` of the trip whatever the phase; unused time or distance is not given back.
    """

    amount: Amount
    duration_s: Annotated[int, Field(gt=0)]
    included: Amount = Decimal(0)
