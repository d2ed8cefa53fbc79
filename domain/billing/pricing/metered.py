"""The charges of an element that adds: once, or for each interval as it begins."""

from decimal import Decimal
from functools import lru_cache
from itertools import accumulate
from operator import mul, sub

from domain.billing.pricing.course import Course
from domain.billing.pricing.parts import rounded
from domain.billing.pricing.ticks import AtOnce, Ticks


@lru_cache(maxsize=10_000)
def _six_places(millionths: int) -> Decimal:
    return Decimal(millionths).scaleb(-6)


class Once:
    """What is charged as the trip starts."""

    ticks: Ticks = AtOnce(0)

    def __init__(self, minor: int) -> None:
        self._minor = minor

    def first(self, _: int) -> int:
        return 0

    def within(self, _: int) -> int:
        return 1

    def cost(self, _: int, count: int) -> int:
        return self._minor * count


class Metered:
    """So much for each interval, and for the last perhaps a part of it; of those in cells that count, if not all do."""

    def __init__(self, rate: Decimal, exponent: int, ticks: Ticks, course: Course, inside: list[bool] | None) -> None:
        numerator, self._of = rate.as_integer_ratio()
        self._rate: int = numerator * 10**exponent
        self.ticks = ticks
        inner = ticks.before_each(course.inner_edges) if course.inner_edges else ()
        self._all: list[int] = [0, *inner, ticks.count]
        """How many there are before each edge; what lies before or behind all, is in the first or the last cell."""
        self._counted: list[int] = self._all
        if inside is not None:
            self._counted = [*accumulate(map(mul, map(sub, self._all[1:], self._all), inside), initial=0)]
        self.count = self._counted[-1]
        """How many are charged."""
        self._cut: tuple[int, int] | None = None

    def cut_last(self, part: int, of: int) -> None:
        """Of the last interval only a part counts."""
        last = self._all.index(self.ticks.count)
        if self._counted[last] > self._counted[last - 1]:
            self._cut = (part, of)

    @property
    def quantity(self) -> Decimal:
        """How many intervals, to six places."""
        if self._cut is None:
            return _six_places(self.count * 1_000_000)
        part, of = self._cut
        millionths, rest = divmod(((self.count - 1) * of + part) * 1_000_000, of)
        return _six_places(millionths + (2 * rest > of or (2 * rest == of and millionths % 2)))

    def cells(self) -> list[int]:
        """What is charged in each cell."""
        rate, of = self._rate * 2, self._of
        if rate >= 0:
            amounts = [(rate * count + of) // (2 * of) for count in self._counted]
        else:
            amounts = [-((of - rate * count) // (2 * of)) for count in self._counted]
        if self._cut is not None:
            last = self._counted.index(self.count)
            amounts[last:] = [self._amount(self.count)] * (len(amounts) - last)
        return [*map(sub, amounts[1:], amounts)]

    def first(self, cell: int) -> int:
        return self._all[cell]

    def within(self, cell: int) -> int:
        return self._counted[cell + 1] - self._counted[cell]

    def cost(self, cell: int, count: int) -> int:
        first = self._counted[cell]
        if self._cut is None and self._rate > 0:
            rate, of = 2 * self._rate, self._of
            return (rate * (first + count) + of) // (2 * of) - (rate * first + of) // (2 * of)
        return self._amount(first + count) - self._amount(first)

    def _amount(self, count: int) -> int:
        if self._cut is None or count < self.count:
            return rounded(self._rate * count, self._of)
        part, of = self._cut
        return rounded(self._rate * ((count - 1) * of + part), self._of * of)
