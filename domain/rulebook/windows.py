"""When a price applies: hours of the day, days of the week, seasons, all in the local time of the tariff."""

from datetime import date, datetime, time, timedelta
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

MonthDay = tuple[Annotated[int, Field(ge=1, le=12)], Annotated[int, Field(ge=1, le=31)]]
Weekday = Annotated[int, Field(ge=1, le=7)]
"""ISO 8601: Monday is 1."""


class Window(BaseModel):
    """A recurring stretch of local time, from its begin until just before its end.

    A window whose end is not after its begin goes over midnight; its weekday is the day on which it begins. A season
    names its first and its last day and may go over the new year. `dates` are the only days on which it begins, e.g.
    public holidays.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    begins: time = time(0)
    ends: time = time(0)
    weekdays: tuple[Weekday, ...] | None = None
    season: tuple[MonthDay, MonthDay] | None = None
    dates: tuple[date, ...] | None = None

    def contains(self, local: datetime) -> bool:
        """Whether this moment of local time lies in the window."""
        return self.began_on(local) is not None

    def began_on(self, local: datetime) -> date | None:
        """The day on which the occurrence that this moment lies in began; none outside the window."""
        if not self._in_season(local):
            return None
        clock, today = local.time(), local.date()
        if self.begins < self.ends:
            return today if self.begins <= clock < self.ends and self._on(today) else None
        yesterday = today - timedelta(days=1)
        if clock >= self.begins and self._on(today):
            return today
        return yesterday if clock < self.ends and self._on(yesterday) else None

    def _in_season(self, local: datetime) -> bool:
        if self.season is None:
            return True
        first, last = self.season
        day = (local.month, local.day)
        return first <= day <= last if first <= last else day >= first or day <= last

    def _on(self, day: date) -> bool:
        in_week = self.weekdays is None or day.isoweekday() in self.weekdays
        return in_week and (self.dates is None or day in self.dates)
