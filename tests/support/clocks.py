"""Time as tests let it pass."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta


@dataclass
class MovableClock:
    """The real time, moved forward by as much as a test lets pass."""

    passed: timedelta = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self.passed

    def let_pass(self, time: timedelta) -> None:
        self.passed += time


class SystemClock:
    """The machine's clock, UTC."""

    def now(self) -> datetime:
        return datetime.now(UTC)
