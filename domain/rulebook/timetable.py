"""The windows of a tariff, and when they hold on a day: found out once for each day, and not for each trip."""

from collections.abc import Mapping
from datetime import date

from domain.rulebook.windows import Open, Window

MOST_DAYS = 1_000
"""So many are remembered."""


class Timetable:
    """Each window once, however many elements have one like it."""

    def __init__(self, windows: Mapping[str, tuple[Window, ...]]) -> None:
        self.windows: list[Window] = []
        for window in [window for some in windows.values() for window in some]:
            if window not in self.windows:
                self.windows.append(window)
        self.places = {id: tuple([self.windows.index(window) for window in some]) for id, some in windows.items()}
        """Where those of an element stand among them."""
        self._days: dict[int, list[list[Open]]] = {}

    def on(self, day: int) -> list[list[Open]]:
        """When each of them holds on a local day, by ordinal."""
        if (found := self._days.get(day)) is None:
            if len(self._days) == MOST_DAYS:
                self._days.clear()
            found = self._days[day] = [[*window.on(date.fromordinal(day))] for window in self.windows]
        return found
