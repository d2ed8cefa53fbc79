"""The elements of a booked period: what of it was used, and how late the car came back."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from domain.rulebook.base import Rules
from domain.rulebook.conditions import Seconds
from domain.rulebook.element_base import Amount, ElementBase
from domain.rulebook.rates import HOUR, Counting


class BookingRate(ElementBase):
    """So much for each interval of a booked period, of what was left of it, or of the time beyond it."""

    kind: Literal["booking"] = "booking"
    rate: Decimal
    """For each interval; negative for what is given back."""
    time: Literal["booked", "unused", "late"]
    """booked: the whole period, driven or not. unused: from the end of the trip on. late: what the trip took beyond."""
    interval_s: Annotated[int, Field(gt=0)] = HOUR
    """How long an interval is."""
    free_s: Seconds = 0
    """So much of the time does not count."""
    counting: Counting = "started"
    """How a last, partial interval counts: started, completed, reached or exact."""


class LateRung(Rules):
    """A step of the fee for coming back late."""

    from_s: Annotated[int, Field(gt=0)]
    """From so long after the end of the booked period on"""
    amount: Amount
    """it costs so much, and no longer what the steps before it say."""


class LateFee(ElementBase):
    """A fee for a car that came back after its booked period, by how late it was, e.g. 12.50 from minute 8 on."""

    kind: Literal["late"] = "late"
    rungs: Annotated[tuple[LateRung, ...], Field(min_length=1)]
    """From the shortest to the longest."""


OfBookings = BookingRate | LateFee
