"""Where a cap is met in the middle of a cell: what came first stays."""

from domain.billing.pricing.course import Course
from domain.billing.pricing.parts import Part

_FEW = 8
"""So many charges are looked at one by one."""


def first_come(parts: list[Part], cell: int, course: Course, room: int) -> list[int]:
    """What each part keeps where together they cost more than there is room for; at one second, the first of them."""
    return _Search(parts, cell, course).kept(room)


class _Search:
    """Two seconds of a cell between which the room ends, and how many charges of each part come before them."""

    def __init__(self, parts: list[Part], cell: int, course: Course) -> None:
        self._parts, self._cell = parts, cell
        begins = course.edges[cell]
        self._low = min(begins, -course.held_s) if cell == course.first else begins
        self._high = course.edges[cell + 1]
        self._before, self._until = [0] * len(parts), [part.charges.within(cell) for part in parts]
        self._cost = 0
        """What the charges before the first of the two seconds cost,"""
        self._costs = sum(part.cells[cell] for part in parts)
        """and those before the second."""

    def kept(self, room: int) -> list[int]:
        while (left := sum(self._until) - sum(self._before)) > _FEW and self._high - self._low > 1:
            near = self._low + (self._high - self._low) * (room - self._cost) // (self._costs - self._cost)
            width = self._high - self._low
            step = 2 * width // left + 1
            self._look_at(near - step, room)
            self._look_at(near + step, room)
            if self._high - self._low > width // 2:
                self._look_at((self._low + self._high) // 2, room)
        return self._one_by_one(room) if left <= _FEW else self._at_one_second(room)

    def _look_at(self, second: int, room: int) -> None:
        if not self._low < second < self._high:
            return
        counts = [part.charges.before(self._cell, second) for part in self._parts]
        cost = sum(part.cost(self._cell, count) for part, count in zip(self._parts, counts, strict=True))
        if cost <= room:
            self._low, self._before, self._cost = second, counts, cost
        else:
            self._high, self._until, self._costs = second, counts, cost

    def _one_by_one(self, room: int) -> list[int]:
        kept = [part.cost(self._cell, count) for part, count in zip(self._parts, self._before, strict=True)]
        left = room - self._cost
        by_time = sorted(
            (part.charges.second(self._cell, charge), place, charge)
            for place, part in enumerate(self._parts)
            for charge in range(self._before[place], self._until[place])
        )
        for _, n, charge in by_time:
            more = min(left, self._parts[n].cost(self._cell, charge + 1) - kept[n])
            kept[n] += more
            left -= more
            if not left:
                break
        return kept

    def _at_one_second(self, room: int) -> list[int]:
        kept, left = [], room - self._cost
        for part, before, until in zip(self._parts, self._before, self._until, strict=True):
            cost = part.cost(self._cell, before)
            more = min(left, part.cost(self._cell, until) - cost)
            kept.append(cost + more)
            left -= more
        return kept
