"""The clocks of a trip: one per phase, and where a reading of it lies in the whole trip."""

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from domain.billing.pricing.facts import Span, TripFacts
from domain.rulebook.windows import Window


@dataclass(frozen=True)
class Timeline:
    """Stretches of the trip, and the offset at which the first begins, in seconds from the start of the trip."""

    spans: tuple[Span, ...]
    begins_s: int = 0

    @classmethod
    def of(cls, facts: TripFacts, *, from_s: int = 0, until_s: int | None = None) -> "Timeline":
        """The trip from its second `from_s` until `until_s`."""
        rest, begin = [], 0
        for span in facts.spans:
            end = begin + span.seconds
            seconds = (end if until_s is None else min(end, until_s)) - max(begin, from_s)
            if seconds > 0:
                rest.append(Span(phase=span.phase, seconds=seconds))
            begin = end
        return cls(tuple(rest), from_s)

    def seconds(self, phase: str) -> int:
        """What the clock of a phase reads at the end."""
        return sum(s.seconds for s in self.spans if phase in ("any", s.phase))

    def offset_s(self, phase: str, reading_s: int) -> int:
        """Offset in the trip at which the clock of a phase reads `reading_s`; the trip's end if it never does."""
        offset, left = self.begins_s, reading_s
        for span in self.spans:
            if phase in ("any", span.phase):
                if left < span.seconds:
                    return offset + left
                left -= span.seconds
            offset += span.seconds
        return offset

    def days(self, phase: str, start: datetime, zone: ZoneInfo) -> list[int]:
        """Offset at which the phase first touches each local day that it touches."""
        first: dict[date, int] = {}
        offset = self.begins_s
        for span in self.spans:
            moment, offset = offset, offset + span.seconds
            while phase in ("any", span.phase) and moment < offset:
                day = local_time(start, moment, zone).date()
                first.setdefault(day, moment)
                midnight = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
                moment = math.ceil((midnight - start).total_seconds())
        return list(first.values())


def local_time(start: datetime, offset_s: int, zone: ZoneInfo) -> datetime:
    """The clock on the wall at `offset_s` after `start`."""
    return (start + timedelta(seconds=offset_s)).astimezone(zone)


def in_windows(windows: tuple[Window, ...], start: datetime, offset_s: int, zone: ZoneInfo) -> bool:
    """Whether the moment `offset_s` after `start` lies in one of the windows."""
    local = local_time(start, offset_s, zone)
    return any(window.contains(local) for window in windows)
