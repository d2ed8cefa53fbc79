"""When a price applies: hours of the day, days of the week, seasons, all in the local time of the tariff."""

from datetime import datetime, time
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

MonthDay = tuple[Annotated[int, Field(ge=1, le=12)], Annotated[int, Field(ge=1, le=31)]]
Weekday = Annotated[int, Field(ge=1, le=7)]
"""ISO 8601: Monday is 1."""


class Window(BaseModel):
    """A recurring stretch of local time, from its begin until just before its end.

    A window whose end is not after its begin goes over midnight; its weekday is the day on which it begins. A season
    names its first and its last day and may go over the new year.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    begins: time = time(0)
    ends: time = time(0)
    weekdays: tuple[Weekday, ...] | None = None
    season: tuple[MonthDay, MonthDay] | None = None

    def contains(self, local: datetime) -> bool:
        """Whether this moment of local time lies in the window."""
        return self._in_season(local) and self._in_hours(local)

    def _in_season(self, local: datetime) -> bool:
        if self.season is None:
            return True
        first, last = self.season
        day = (local.month, local.day)
        return first <= day <= last if first <= last else day >= first or day <= last

    def _in_hours(self, local: datetime) -> bool:
        clock, today = local.time(), local.isoweekday()
        if self.begins < self.ends:
            return self.begins <= clock < self.ends and self._on(today)
        yesterday = 7 if today == 1 else today - 1
        return (clock >= self.begins and self._on(today)) or (clock < self.ends and self._on(yesterday))

    def _on(self, weekday: int) -> bool:
        return self.weekdays is None or weekday in self.weekdays
