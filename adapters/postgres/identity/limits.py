"""How often an address may be sent codes, and how often it may be tried."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

HOUR = timedelta(hours=1)
WAITS = (timedelta(), timedelta(), timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=15))
"""After so many codes within an hour, how long after the last one another may be asked for; after all of them, none."""
FREE_TRIES = 5
"""So many wrong codes end the codes that were sent, and begin the wait."""
FIRST_WAIT = timedelta(seconds=30)
LONGEST_WAIT = HOUR
KEPT = timedelta(days=1)
"""How long after the last time an address is remembered."""


@dataclass(frozen=True)
class Limits:
    """What is remembered of an address."""

    asked: Sequence[datetime] = ()
    wrong: int = 0
    wait_until: datetime | None = None

    def asked_lately(self, at: datetime) -> list[datetime]:
        """When codes were asked for in the last hour."""
        return [time for time in self.asked if time > at - HOUR]

    def wait_to_ask(self, at: datetime) -> timedelta:
        """How long until another code may be asked for; nothing when it may be now."""
        asked = self.asked_lately(at)
        if not asked:
            return timedelta()
        again = asked[-1] + WAITS[min(len(asked), len(WAITS) - 1)]
        if len(asked) >= len(WAITS):
            again = max(again, asked[-len(WAITS)] + HOUR)
        return max(timedelta(), again - at)

    def wait_to_try(self, at: datetime) -> timedelta:
        """How long until another code may be tried."""
        return max(timedelta(), self.wait_until - at) if self.wait_until else timedelta()


def wait_after(wrong: int) -> timedelta:
    """How long to wait after so many wrong codes: nothing at first, then twice as long each time."""
    if wrong < FREE_TRIES:
        return timedelta()
    doublings = min(wrong - FREE_TRIES, 10)  # by then it is longer than the longest
    return min(LONGEST_WAIT, FIRST_WAIT * (1 << doublings))
