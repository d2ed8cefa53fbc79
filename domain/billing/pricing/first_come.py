"""Where a cap is met in the middle of a cell: what came first stays."""

from domain.billing.pricing.course import Course
from domain.billing.pricing.parts import Part

_FEW = 8
"""So many charges are looked at one by one, before the search goes on."""


def first_come(parts: list[Part], cell: int, course: Course, room: int) -> list[int]:
    """What each part keeps where together they cost more than there is room for; at one second, the first of them."""
    return _Search(parts, cell, course, room).kept() if len(parts) > 1 else [room]


class _Search:
    """Charges that are kept for sure, as they came, and a second before which the room ends."""

    def __init__(self, parts: list[Part], cell: int, course: Course, room: int) -> None:
        self._parts, self._cell, self._room = parts, cell, room
        begins = course.edges[cell]
        self._low = min(begins, -course.held_s) if cell == course.first else begins
        """The charges before this second are kept,"""
        self._high = course.edges[cell + 1]
        """and not all of those before this one."""
        self._ticks = [(part.charges.ticks, part.charges.first(cell)) for part in parts]
        self._counts, self._until = [0] * len(parts), [part.charges.within(cell) for part in parts]
        self._kept = [0] * len(parts)
        self._cost, self._costs = 0, sum(part.cells[cell] for part in parts)
        """What the charges before each of the two cost."""

    def kept(self) -> list[int]:
        while (width := self._high - self._low) > 1:
            near = self._low + width * (self._room - self._cost) // (self._costs - self._cost)
            step = 2 * width // (sum(self._until) - sum(self._counts)) + 1
            self._look_at(near - step)
            if step > 1 and self._low >= near - step and self._ends_among_few():
                return self._kept
            self._look_at(near + step)
            if self._high - self._low > width // 2:
                self._look_at((self._low + self._high) // 2)
        return self._at_one_second()

    def _look_at(self, second: int) -> None:
        if not self._low < second < self._high:
            return
        cell, parts = self._cell, self._parts
        counts = [ticks.before(second) - first for ticks, first in self._ticks]
        costs = [part.cost(cell, count) for part, count in zip(parts, counts, strict=True)]
        if (cost := sum(costs)) <= self._room:
            self._low, self._counts, self._kept, self._cost = second, counts, costs, cost
        else:
            self._high, self._until, self._costs = second, counts, cost

    def _ends_among_few(self) -> bool:
        """Keep a few charges more, one by one; whether the room ends among them."""
        cell, parts, counts, until = self._cell, self._parts, self._counts, self._until
        coming = [
            (ticks.second(first + counts[n]), n) for n, (ticks, first) in enumerate(self._ticks) if counts[n] < until[n]
        ]
        for _ in range(_FEW):
            soonest = min(coming)
            coming.remove(soonest)
            self._low, n = soonest
            counts[n] += 1
            cost = parts[n].cost(cell, counts[n])
            more, left = cost - self._kept[n], self._room - self._cost
            if more >= left:
                self._kept[n] += left
                return True
            self._kept[n], self._cost = cost, self._cost + more
            if counts[n] < until[n]:
                ticks, first = self._ticks[n]
                coming.append((ticks.second(first + counts[n]), n))
        return False

    def _at_one_second(self) -> list[int]:
        left = self._room - self._cost
        for n, (part, until) in enumerate(zip(self._parts, self._until, strict=True)):
            more = min(left, part.cost(self._cell, until) - self._kept[n])
            self._kept[n] += more
            left -= more
        return self._kept
