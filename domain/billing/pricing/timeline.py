"""The clocks of a trip: one per phase, and where a reading of it lies in the whole trip."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from domain.billing.pricing.facts import Span, TripFacts
from domain.rulebook.windows import Window


@dataclass(frozen=True)
class Timeline:
    """Stretches of the trip, and the offset at which the first begins, in seconds from the start of the trip."""

    spans: tuple[Span, ...]
    begins_s: int = 0

    @classmethod
    def of(cls, facts: TripFacts, *, without_s: int = 0) -> "Timeline":
        """The trip without its first `without_s` seconds."""
        left, rest = without_s, []
        for span in facts.spans:
            cut = min(left, span.seconds)
            left -= cut
            if span.seconds > cut:
                rest.append(Span(phase=span.phase, seconds=span.seconds - cut))
        return cls(tuple(rest), without_s)

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


def in_windows(windows: tuple[Window, ...], start: datetime, offset_s: int, zone: ZoneInfo) -> bool:
    """Whether the moment `offset_s` after `start` lies in one of the windows."""
    local = (start + timedelta(seconds=offset_s)).astimezone(zone)
    return any(window.contains(local) for window in windows)
