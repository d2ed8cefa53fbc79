"""When the windows of a tariff hold on a day: found out once for each day, and not for each trip."""

from collections.abc import Mapping
from datetime import date
from typing import NamedTuple

from domain.rulebook.windows import DAY_US, Window

MOST_DAYS = 1_000
"""So many are remembered."""

Occurrence = tuple[int, int]
"""The place of a window among those of its element, and the local day on which it began, by ordinal."""


Occurrences = tuple[Occurrence | None, ...]
"""For each element the window that holds, the first of several; none outside all."""


class Hours(NamedTuple):
    """From one microsecond of a local day until just before another; in between nothing opens or closes."""

    opens: int
    closes: int
    occurrences: Occurrences


class Timetable:
    """The windows of elements, by their ids."""

    def __init__(self, windows: Mapping[str, tuple[Window, ...]]) -> None:
        self._windows = [*windows.values()]
        self.places = {id: place for place, id in enumerate(windows)}
        """Where an element stands in `Hours.occurrences`."""
        self._days: dict[int, list[Hours]] = {}

    def on(self, day: int) -> list[Hours]:
        """All hours of a local day, by ordinal."""
        if (found := self._days.get(day)) is None:
            if len(self._days) == MOST_DAYS:
                self._days.clear()
            found = self._days[day] = self._found(date.fromordinal(day))
        return found

    def _found(self, day: date) -> list[Hours]:
        stretches = [
            [(opens, closes, (n, began)) for n, window in enumerate(windows) for opens, closes, began in window.on(day)]
            for windows in self._windows
        ]
        edges = sorted({0, DAY_US, *(edge for found in stretches for stretch in found for edge in stretch[:2])})
        place = {edge: n for n, edge in enumerate(edges)}
        of_elements: list[list[Occurrence | None]] = []
        for found in stretches:
            hours: list[Occurrence | None] = [None] * (len(edges) - 1)
            for opens, closes, occurrence in reversed(found):
                hours[place[opens] : place[closes]] = [occurrence] * (place[closes] - place[opens])
            of_elements.append(hours)
        return [*map(Hours, edges, edges[1:], zip(*of_elements, strict=True))]
