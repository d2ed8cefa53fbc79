"""Token buckets: so much at once, and so much as time goes on."""

from collections import OrderedDict
from dataclasses import dataclass


@dataclass(frozen=True)
class Rate:
    """What somebody may do: `burst` at once, and as much again as `per_second` brings."""

    per_second: float
    burst: float


@dataclass(frozen=True)
class Taken:
    """What taking from a bucket came to."""

    allowed: bool
    left: float
    retry_after_s: float
    """Until as much is there again as was asked for; 0 when it was allowed."""
    full_after_s: float
    """Until the bucket is full."""


class Buckets:
    """A bucket for each name, in memory; there are `most` of them.

    The name that was not heard of for longest makes room; should it come again, its bucket is full.
    """

    def __init__(self, rate: Rate, most: int = 50_000) -> None:
        self._rate = rate
        self._most = most
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    @property
    def rate(self) -> Rate:
        return self._rate

    def __len__(self) -> int:
        return len(self._levels)

    def take(self, name: str, cost: float, now: float) -> Taken:
        """Take so much of a name's bucket, or nothing when there is less; `now` in seconds, which only goes on.

        What costs more than a bucket holds is allowed when it is full.
        """
        level = self._level(name, now)
        needed = min(cost, self._rate.burst)
        allowed = level >= needed
        left = level - needed if allowed else level
        self._put(name, left, now)
        wait = 0.0 if allowed else (needed - level) / self._rate.per_second
        return Taken(allowed, left, wait, (self._rate.burst - left) / self._rate.per_second)

    def fine(self, name: str, cost: float, now: float) -> None:
        """Take so much, or what is there."""
        self._put(name, max(0.0, self._level(name, now) - cost), now)

    def _level(self, name: str, now: float) -> float:
        level, since = self._levels.get(name, (self._rate.burst, now))
        return min(self._rate.burst, level + max(0.0, now - since) * self._rate.per_second)

    def _put(self, name: str, level: float, now: float) -> None:
        self._levels[name] = (level, now)
        self._levels.move_to_end(name)
        while len(self._levels) > self._most:
            self._levels.popitem(last=False)
