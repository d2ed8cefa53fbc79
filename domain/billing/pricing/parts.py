"""What the elements of a tariff cost, in minor units for each cell of the trip's course.

Amounts are rounded as they accumulate (half a minor unit away from zero), so the cells of an element always sum to its
rounded total, and caps and shares are integer arithmetic from then on.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from domain.billing.pricing.course import Course
from domain.billing.pricing.ticks import Ticks

Layer = Callable[[int, int], int]
"""What an adjustment made of an amount that the first charges of an element in a cell cost."""


def rounded(amount: int, of: int) -> int:
    """A fraction as a whole number, half away from zero; `of` is positive."""
    return (2 * amount + of) // (2 * of) if amount >= 0 else -((of - 2 * amount) // (2 * of))


def minor_of(major: Decimal, exponent: int) -> int:
    """Major units as minor units, half away from zero."""
    numerator, denominator = major.as_integer_ratio()
    return rounded(numerator * 10**exponent, denominator)


class Charges(Protocol):
    """The charges of an element, as they come, before any adjustment."""

    ticks: Ticks

    def first(self, cell: int) -> int:
        """Which tick is the first that falls into a cell."""
        ...

    def within(self, cell: int) -> int:
        """How many fall into a cell."""
        ...

    def cost(self, cell: int, count: int) -> int:
        """What the first so many of them cost."""
        ...


@dataclass(slots=True)
class Part:
    """What an element costs, with what adjustments added and took so far."""

    of: str
    cells: list[int]
    charges: Charges
    timeless: int = 0
    """What a minimum adds falls into no cell."""
    layers: list[Layer] = field(default_factory=list)

    @property
    def minor(self) -> int:
        return sum(self.cells) + self.timeless

    def cost(self, cell: int, count: int) -> int:
        """What its first so many charges in a cell cost now."""
        amount = self.charges.cost(cell, count)
        for layer in self.layers:
            amount = layer(cell, amount)
        return amount


@dataclass(slots=True)
class Entry:
    """A price line in the making; each share belongs to an element that adds."""

    rule_id: str
    description: str
    shares: dict[str, int]
    quantity: Decimal = Decimal(1)
    unit: str = "trip"
    unit_amount: Decimal | None = None
    facts: dict[str, str] = field(default_factory=dict)
    listed: tuple[str, int] | None = None
    """The list of products that has its rule, and its version; none where that is the tariff."""

    @property
    def minor(self) -> int:
        """What all shares come to."""
        return sum(self.shares.values())


@dataclass(slots=True)
class Floor:
    """A minimum fare that holds, and the ids of what it covers."""

    of: str
    minor: int
    covers: set[str]


@dataclass(slots=True)
class Sheet:
    """What a trip costs so far: its lines, and the elements that all of it belongs to, in the order of the tariff."""

    course: Course
    exponent: int
    entries: list[Entry] = field(default_factory=list)
    parts: dict[str, Part] = field(default_factory=dict)
    floors: list[Floor] = field(default_factory=list)

    def standing(self, covers: tuple[str, ...] | None) -> list[Part]:
        """The covered elements."""
        return [part for part in self.parts.values() if covers is None or part.of in covers]

    def minor(self, major: Decimal) -> int:
        return minor_of(major, self.exponent)

    def major(self, minor: int) -> str:
        return str(Decimal(minor).scaleb(-self.exponent))
