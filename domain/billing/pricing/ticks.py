"""Where the charged intervals of an element begin, counted without walking them."""

from bisect import bisect_left, bisect_right
from typing import Protocol

from domain.billing.pricing.course import Course, PhaseClock
from domain.rulebook.rates import Counting


class Ticks(Protocol):
    """Begins of intervals in the order of time."""

    count: int

    def before(self, second: int) -> int:
        """How many lie before a second of the trip."""
        ...

    def before_each(self, seconds: list[int]) -> list[int]:
        """How many lie before each of these, which rise."""
        return [*map(self.before, seconds)]

    def second(self, n: int) -> int:
        """The second that the n-th lies at, counted from 0."""
        ...


class Places(Ticks):
    """Ticks at known seconds."""

    def __init__(self, seconds: list[int]) -> None:
        self._seconds = seconds
        self.count = len(seconds)

    def before(self, second: int) -> int:
        return bisect_left(self._seconds, second)

    def second(self, n: int) -> int:
        return self._seconds[n]


class AtOnce(Ticks):
    """All ticks at one second."""

    def __init__(self, second: int, count: int = 1) -> None:
        self._second, self.count = second, count

    def before(self, second: int) -> int:
        return self.count if second > self._second else 0

    def second(self, _: int) -> int:
        return self._second


class Held(Ticks):
    """Ticks at a distance of each other while the car is held, from a second before the trip on."""

    def __init__(self, first: int, interval: int, count: int) -> None:
        self._first, self._interval, self.count = first, interval, count

    def before(self, second: int) -> int:
        return min(max(0, -((self._first - second) // self._interval)), self.count)

    def second(self, n: int) -> int:
        return self._first + n * self._interval


class Run(Ticks):
    """Ticks where a clock passes `first` and then each `interval` more, both by `scale` of its readings.

    With `last_at`, the last of them is at this second, for the clock stops there.
    """

    def __init__(
        self, clock: PhaseClock, first: int, interval: int, count: int, scale: int = 1, last_at: int | None = None
    ) -> None:
        self._clock, self._first, self._interval, self._scale = clock, first, interval, scale
        self.count, self._last_at = count, last_at
        self._inner = count if last_at is None else count - 1

    def before(self, second: int) -> int:
        if self._last_at is not None and second > self._last_at:
            return self.count
        passed = -((self._first - self._clock.at(second) * self._scale) // self._interval)
        return passed if 0 <= passed <= self._inner else self._inner if passed > 0 else 0

    def before_each(self, seconds: list[int]) -> list[int]:
        first, scale, interval = self._first, self._scale, self._interval
        passed = [-((first - reading * scale) // interval) for reading in self._clock.at_each(seconds)]
        low, high = bisect_left(passed, 0), bisect_right(passed, self._inner)
        passed = [0] * low + passed[low:high] + [self._inner] * (len(passed) - high)
        if self._last_at is not None:
            high = bisect_right(seconds, self._last_at)
            passed[high:] = [self.count] * (len(passed) - high)
        return passed

    def second(self, n: int) -> int:
        if n == self._inner and self._last_at is not None:
            return self._last_at
        return self._clock.runs_from((self._first + n * self._interval) // self._scale)


class Reached(Ticks):
    """Ticks as soon as a clock shows `first` and then each `interval` more; the reading it begins with, as it runs."""

    def __init__(self, clock: PhaseClock, begins: int, first: int, interval: int, count: int) -> None:
        self._clock, self._interval, self.count = clock, interval, count
        self._at_once = first == clock.at(begins)
        self._start = clock.runs_from(first) if clock.total > first else begins
        self._first = first

    def before(self, second: int) -> int:
        shown = (self._clock.at(second - 1) - self._first) // self._interval + 1
        if self._at_once:
            shown = max(1, shown) if second > self._start else 0
        return min(max(0, shown), self.count)

    def second(self, n: int) -> int:
        if self._at_once and n == 0:
            return self._start
        return self._clock.stopped(self._first + n * self._interval)


Intervals = tuple[int, int, int]
"""How many intervals are charged, and how much of the last one: so many parts of so many."""


def intervals(
    total: int,
    interval: int,
    start: int,
    end: int | None,
    counting: Counting,
    *,
    reaches: bool,
    step: int | None = None,
) -> Intervals:
    """The intervals on a meter that ran to `total`, from `start` until `end`.

    `reaches` is whether one that begins exactly at the end counts too, should they count when they are reached. A last
    one that counts by its share does so in started steps of `step`.
    """
    reaches = reaches and counting == "reached" and (end is None or total < end)
    if interval == 0:
        return int(start < total or (start == total and reaches)), 1, 1
    length = (total if end is None else min(total, end)) - start
    if length < 0:
        return 0, 1, 1
    whole, rest = divmod(length, interval)
    if counting == "completed" or not rest:
        return whole + int(reaches and not rest), 1, 1
    if counting != "exact":
        return whole + 1, interval, interval
    return whole + 1, min(interval, -(-rest // step) * step) if step else rest, interval


def first_of_days(clock: PhaseClock, begins: int, ends: int, course: Course) -> list[int]:
    """The second at which a clock first runs on each local day, in a part of the trip."""
    seen: dict[int, int] = {}
    for day in course.days():
        low, high = max(day.begins, begins), min(day.ends, ends)
        if low < high and clock.at(high) > (reading := clock.at(low)):
            seen.setdefault(day.day, clock.runs_from(reading))
    return list(seen.values())
