"""The course of a trip: what its clocks read at the boundaries that a tariff has, and what lies between two of them.

Nothing that a price depends on changes between two boundaries, so a price costs as much as there are of them.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from datetime import timedelta
from zoneinfo import ZoneInfo

from domain.billing.pricing.facts import TripFacts
from domain.billing.pricing.wall_clock import Stretch, WallClock
from domain.rulebook.adjustments import Cap, LadderCap
from domain.rulebook.elements import Element
from domain.rulebook.tariff import Tariff
from domain.rulebook.timetable import Occurrence, Occurrences

_SECOND = timedelta(seconds=1)
_NEVER = -(10**12)


class PhaseClock:
    """Runs while the trip is in a phase, but for the first seconds of each stretch; reads how long it ran so far."""

    def __init__(self, phase: str, facts: TripFacts, free_each_s: int = 0) -> None:
        self._begins, self._readings = [_NEVER], [0]
        """Where it sets in each time, and what it reads then; before the first, nothing."""
        now = reading = 0
        free = free_each_s
        for span in facts.spans:
            seconds = span.seconds
            if seconds and phase in ("any", span.phase):
                waits = min(free, seconds)
                free -= waits
                if waits < seconds:
                    self._begins.append(now + waits)
                    self._readings.append(reading)
                    reading += seconds - waits
            elif seconds:
                free = free_each_s
            now += seconds
        self.total = reading
        self._readings.append(reading)
        self._asked: list[int] | None = None
        self._answered: list[int] = []

    def at(self, second: int) -> int:
        """What it reads at a second of the trip."""
        n = bisect_right(self._begins, second) - 1
        return min(self._readings[n] + second - self._begins[n], self._readings[n + 1])

    def at_each(self, seconds: list[int]) -> list[int]:
        """What it reads at each of these, which rise."""
        if self._asked is not seconds:
            begins, readings = self._begins, self._readings
            self._asked = seconds
            self._answered = [
                min(readings[n := bisect_right(begins, second) - 1] + second - begins[n], readings[n + 1])
                for second in seconds
            ]
        return self._answered

    def runs_from(self, reading: int) -> int:
        """The second from which it runs on from a reading that it passes."""
        n = bisect_right(self._readings, reading) - 1
        return self._begins[n] + reading - self._readings[n]

    def stopped(self, reading: int) -> int:
        """The second at which it first shows a reading above 0."""
        n = bisect_left(self._readings, reading) - 1
        return self._begins[n] + reading - self._readings[n]


class Course:
    """A trip, cut at every boundary of a tariff: `edges`, and cells between them."""

    def __init__(self, tariff: Tariff, facts: TripFacts) -> None:
        self.facts = facts
        self.duration_s = facts.duration_s
        self.held_s = 0
        if facts.reserved_at is not None:
            held_until = facts.held_until or facts.started_at
            self.held_s = max(0, (held_until - facts.reserved_at) // _SECOND)
        self._clocks: dict[tuple[str, int], PhaseClock] = {}
        self._tariff = tariff
        self._wall: WallClock | None = None
        self._begins, self._ends = -self.held_s if tariff.looks_back else 0, self.duration_s + 1
        hours = [*self._wall_clock().hours(tariff.timetable)] if tariff.timetable.places else []
        self.edges = self._all_edges(begins for begins, _ in hours) if tariff.timed else [0, self._ends]
        self.inner_edges = self.edges[1:-1]
        self.cells = len(self.edges) - 1
        self._hours = self._of_each_cell(hours)
        self.first = bisect_left(self.edges, 0)
        """The cell in which the trip starts; before it the car is held."""

    def clock(self, phase: str, free_each_s: int = 0) -> PhaseClock:
        """The clock of a phase, or of the whole trip with `any`; without the first seconds of each stretch."""
        if (found := self._clocks.get((phase, free_each_s))) is None:
            found = self._clocks[phase, free_each_s] = PhaseClock(phase, self.facts, free_each_s)
        return found

    def cells_from(self, begins: int, ends: int) -> range:
        """The cells from one edge until another."""
        return range(bisect_left(self.edges, begins), min(bisect_left(self.edges, ends), self.cells))

    def cell_of(self, second: int) -> int:
        """The cell that a second of the trip lies in."""
        return bisect_right(self.edges, second) - 1

    def occurrences(self, element: Element) -> list[Occurrence | None]:
        """For each cell, the window of an element that holds."""
        place = self._tariff.timetable.places[element.id]
        return [occurrences[place] for occurrences in self._hours]

    def inside(self, element: Element) -> list[bool]:
        """For each cell, whether it lies in one of the windows of an element."""
        place = self._tariff.timetable.places[element.id]
        return [occurrences[place] is not None for occurrences in self._hours]

    def _wall_clock(self) -> WallClock:
        if self._wall is None:
            zone = ZoneInfo(self._tariff.timezone)
            self._wall = WallClock(self.facts.started_at, zone, self._begins, self._ends)
        return self._wall

    def days(self) -> Iterator[Stretch]:
        """The local days."""
        return self._wall_clock().days()

    def _all_edges(self, of_hours: Iterable[int]) -> list[int]:
        edges = {self._begins, 0, *of_hours, self._ends}
        for element in self._tariff.timed:
            if isinstance(element, LadderCap):
                lengths = sorted(rung.until_s for rung in element.rungs)
                for begins in (0,) if element.tail else range(0, self.duration_s + 1, lengths[-1]):
                    edges.update(begins + length for length in lengths)
                if element.tail:
                    edges.update(range(lengths[-1], self.duration_s + element.tail.until_s + 1, element.tail.until_s))
            elif isinstance(element, Cap) and element.period_s is not None and element.beyond == "metered":
                edges.update(range(0, self.duration_s + 1, element.period_s))
        return sorted([edge for edge in edges if edge <= self._ends])

    def _of_each_cell(self, hours: list[tuple[int, Occurrences]]) -> list[Occurrences]:
        begins = [begins for begins, _ in hours]
        return [hours[bisect_right(begins, edge) - 1][1] for edge in self.edges[:-1]] if hours else []
