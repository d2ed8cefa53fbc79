"""When a price applies: hours of the day, days of the week, seasons, all in the local time of the tariff."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Annotated, NamedTuple

from pydantic import Field

from domain.rulebook.base import Rules

MonthDay = tuple[Annotated[int, Field(ge=1, le=12)], Annotated[int, Field(ge=1, le=31)]]
Weekday = Annotated[int, Field(ge=1, le=7)]
"""ISO 8601: Monday is 1."""

DAY_US = 86_400_000_000


class Open(NamedTuple):
    """From one microsecond of a local day until just before another. `began` is the day of its begin, by ordinal."""

    opens: int
    closes: int
    began: int


class Window(Rules):
    """A recurring stretch of local time, from its begin until just before its end.

    A window whose end is not after its begin goes over midnight; its weekday is the day on which it begins.
    """

    begins: time = time(0)
    """Its first moment, local time."""
    ends: time = time(0)
    """The moment at which it is over."""
    weekdays: tuple[Weekday, ...] | None = None
    """The days of the week on which it begins; every day when none."""
    season: tuple[MonthDay, MonthDay] | None = None
    """Its first and its last day of a year, which may lie in the next year; the whole year when none."""
    dates: tuple[date, ...] | None = None
    """The only days on which it begins, e.g. public holidays."""

    def contains(self, local: datetime) -> bool:
        """Whether this moment of local time lies in the window."""
        return self.began_on(local) is not None

    def began_on(self, local: datetime) -> date | None:
        """The day on which the occurrence that this moment lies in began; none outside the window."""
        if not self.in_season(local):
            return None
        clock, today = local.time(), local.date()
        if self.begins < self.ends:
            return today if self.begins <= clock < self.ends and self._begins_on(today) else None
        yesterday = today - timedelta(days=1)
        if clock >= self.begins and self._begins_on(today):
            return today
        return yesterday if clock < self.ends and self._begins_on(yesterday) else None

    def on(self, day: date) -> Iterator[Open]:
        """When it holds on a local day."""
        if not self.in_season(day):
            return
        opens, closes, today = _microseconds(self.begins), _microseconds(self.ends), day.toordinal()
        if opens < closes:
            if self._begins_on(day):
                yield Open(opens, closes, today)
            return
        if closes and self._begins_on(day - timedelta(days=1)):
            yield Open(0, closes, today - 1)
        if self._begins_on(day):
            yield Open(opens, DAY_US, today)

    def in_season(self, local: date) -> bool:
        """Whether a day lies in the season."""
        if self.season is None:
            return True
        first, last = self.season
        day = (local.month, local.day)
        return first <= day <= last if first <= last else day >= first or day <= last

    def _begins_on(self, day: date) -> bool:
        in_week = self.weekdays is None or day.isoweekday() in self.weekdays
        return in_week and (self.dates is None or day in self.dates)


def _microseconds(clock: time) -> int:
    return ((clock.hour * 60 + clock.minute) * 60 + clock.second) * 1_000_000 + clock.microsecond
