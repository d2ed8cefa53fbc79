"""The elements that a tariff is made of, as plain data. Rates and amounts are major units of the tariff's currency.

A tariff applies its elements in their order: rates and fees add, and an adjustment (cap, minimum, percentage) works on
what stands before it. So "minimum fare, then discount" and "discount, then minimum fare" are two orders of the same
elements.
"""

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from domain.rulebook.adjustments import Adjustment
from domain.rulebook.bookings import OfBookings
from domain.rulebook.element_base import Amount, ElementBase
from domain.rulebook.rates import Rate

Element = Annotated[Rate | OfBookings | Adjustment, Field(discriminator="kind")]


class Package(ElementBase):
    """Time and distance bought in advance; what goes beyond is charged by the rates, and what is unused is lost."""

    amount: Amount
    """Its price."""
    duration_s: Annotated[int, Field(gt=0)]
    """It covers so much from the start of the trip, whatever the phase."""
    included: Amount = Decimal(0)
    """Distance that it covers, in the service's unit."""
