"""The elements that work on what stands before them: caps, minimum fares, percentages, credits, rounding."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from domain.rulebook.base import Rules
from domain.rulebook.conditions import Seconds
from domain.rulebook.element_base import Amount, ElementBase
from domain.rulebook.windows import Window


class Cap(ElementBase):
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
    """For each local day by itself,"""
    calendar_week: bool = False
    """for each local week, from Monday on,"""
    calendar_month: bool = False
    """or for each local month."""
    windows: tuple[Window, ...] = ()
    """For what falls into each occurrence of these, e.g. each night."""

    @property
    def calendar(self) -> str | None:
        """The field that says by which stretch of the calendar it is; none for most."""
        names = ("calendar_day", "calendar_week", "calendar_month")
        return next((name for name in names if getattr(self, name)), None)


class Rung(Rules):
    """A step of a ladder of caps."""

    until_s: Annotated[int, Field(gt=0)]
    """Up to this time after the start of a period"""
    amount: Amount
    """the covered elements cost at most so much."""


class LadderCap(ElementBase):
    """Caps that rise with the time, e.g. 50 for 3 h, 80 for 12 h, 110 for 24 h; after the last it begins again."""

    kind: Literal["ladder"] = "ladder"
    rungs: Annotated[tuple[Rung, ...], Field(min_length=1)]
    """From the lowest to the highest."""
    covers: tuple[str, ...] | None = None
    """Ids of the elements and packages that it works on; all before it when none."""
    beyond: Literal["metered", "bracket"] = "metered"
    """metered: after 3 h the meter goes on from 50 until it meets 80. bracket: the length of the stay picks a rung."""
    tail: Rung | None = None
    """After the last rung it does not begin again: each further period of this length costs at most this amount."""


class MinimumFare(ElementBase):
    """Adds what is missing until the covered elements cost `amount`."""

    kind: Literal["minimum"] = "minimum"
    amount: Amount
    """At least so much."""
    covers: tuple[str, ...] | None = None
    """Ids of the elements and packages that it works on; all before it when none."""


class Percentage(ElementBase):
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


class PercentageFee(ElementBase):
    """A fee of its own, so many percent of the covered elements as they stand at this place, e.g. for the service.

    What it covers stays as it is. Nothing is due where they come to nothing or less.
    """

    kind: Literal["percentage_fee"] = "percentage_fee"
    percent: Annotated[Decimal, Field(gt=0)]
    """Of their sum."""
    covers: tuple[str, ...] | None = None
    """Ids of the elements and packages that it is taken of; all before it when none."""
    at_least: Amount | None = None
    """It is never less than this,"""
    at_most: Amount | None = None
    """nor more than this."""


class Credit(ElementBase):
    """Takes up to `amount` off the covered elements, never below nothing, e.g. a voucher; what is left of it lapses."""

    kind: Literal["credit"] = "credit"
    amount: Amount
    """At most so much."""
    covers: tuple[str, ...] | None = None
    """Ids of the elements and packages that it works on; all before it when none."""


class Rounding(ElementBase):
    """Takes the sum of the covered elements to a multiple of `to`, e.g. 0.05 in Swiss francs."""

    kind: Literal["rounding"] = "rounding"
    to: Annotated[Decimal, Field(gt=0)]
    """The step."""
    direction: Literal["nearest", "up", "down"] = "nearest"
    """Half a step goes up."""
    covers: tuple[str, ...] | None = None
    """Ids of the elements and packages that it works on; all before it when none."""


Adds = MinimumFare | PercentageFee
"""Those that cost something themselves, which others may cover; what the rest changes belongs to what they cover."""
Adjustment = Cap | LadderCap | MinimumFare | Percentage | PercentageFee | Credit | Rounding
