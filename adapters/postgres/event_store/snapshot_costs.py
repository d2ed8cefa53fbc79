"""What loading costs, as measured by this process: how the store knows when a snapshot pays for itself."""

from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter

from domain.kernel.aggregate import Aggregate

Stopwatch = Callable[[], float]
"""Seconds since some moment."""

MEASUREMENTS = 16
"""How many of the newest measurements count."""


class Cost:
    """Seconds that something takes: the least of the newest measurements, as whatever else runs only adds to them."""

    def __init__(self, guess_s: float) -> None:
        self._guess_s = guess_s
        self._measured: deque[float] = deque(maxlen=MEASUREMENTS)

    def note(self, seconds: float) -> None:
        """Take a measurement in."""
        self._measured.append(seconds)

    @property
    def seconds(self) -> float:
        """What it takes; a guess until it was measured."""
        return min(self._measured, default=self._guess_s)


class LoadCosts:
    """What it takes to load aggregates of one class."""

    def __init__(self) -> None:
        self.event = Cost(0.000_02)
        """Decoding one event and applying it."""
        self.reading = Cost(0.000_1)
        """Making an aggregate of a snapshot."""
        self.writing = Cost(0.001)
        """Taking a snapshot, until it is in the database."""

    def snapshot_pays(self, events: int) -> bool:
        """Whether a snapshot now costs less than reading so many events costs the next time."""
        return events * self.event.seconds > self.writing.seconds + self.reading.seconds


class Costs:
    """What it takes to load the aggregates of each class."""

    def __init__(self, stopwatch: Stopwatch = perf_counter, of_a_class: Callable[[], LoadCosts] = LoadCosts) -> None:
        self._stopwatch = stopwatch
        self._of_a_class = of_a_class
        self._by_class: dict[type[Aggregate], LoadCosts] = {}

    def of(self, kind: type[Aggregate]) -> LoadCosts:
        """Those of one class."""
        if kind not in self._by_class:
            self._by_class[kind] = self._of_a_class()
        return self._by_class[kind]

    @contextmanager
    def measured(self, cost: Cost, times: int = 1) -> Iterator[None]:
        """Take in what the block took, done so many times. A block that fails is not taken in."""
        began = self._stopwatch()
        yield
        if times:
            cost.note((self._stopwatch() - began) / times)
