"""When an element of a tariff holds for a trip, as plain data."""

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field

from domain.rulebook.base import Rules
from domain.rulebook.windows import Window

Seconds = Annotated[int, Field(ge=0)]
Percent = Annotated[Decimal, Field(gt=0, le=100)]
Outcome = Literal["kept", "cancelled", "no_show"]
"""What became of a booking."""
NOT_DRIVEN: frozenset[Outcome | None] = frozenset(("cancelled", "no_show"))


class Condition(Rules):
    """Facts of a trip; all that are given must hold. So "in zone A or B" takes two elements, or one `unless`."""

    option: str | None = None
    """The member chose or has it, e.g. a tier, a voucher, a lower excess, "young driver"."""
    begins: tuple[Window, ...] = ()
    """The trip begins in one of these windows."""
    start_zone: str | None = None
    """The trip starts in a zone of this kind or name."""
    end_zone: str | None = None
    """The trip ends in a zone of this kind or name."""
    from_s: Seconds = 0
    """The trip lasts at least so long,"""
    until_s: Seconds | None = None
    """and less than this."""
    in_package: bool = False
    """The trip has a package, chosen before it or found to be the cheapest after it."""
    booking: Outcome | None = None
    """The car was booked for a period, and was driven, cancelled, or neither."""
    cancelled_within_s: Annotated[int, Field(gt=0)] | None = None
    """The booking was cancelled within so long after it was made."""
    notice_from_s: Seconds | None = None
    """It was cancelled at least so long before its begin,"""
    notice_until_s: Annotated[int, Field(gt=0)] | None = None
    """and less than this; so also after it."""
    start_energy_below: Percent | None = None
    """The car had less fuel or charge than this at the start, in percent,"""
    end_energy_below: Percent | None = None
    """or at the end;"""
    end_energy_from: Percent | None = None
    """or at least so much at the end. Nothing of it holds where the car never told."""
