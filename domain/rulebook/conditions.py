"""When an element of a tariff holds for a trip, as plain data."""

from typing import Annotated

from pydantic import Field

from domain.rulebook.base import Rules
from domain.rulebook.windows import Window

Seconds = Annotated[int, Field(ge=0)]


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
