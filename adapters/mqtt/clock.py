"""When a car measured what it says, and in which order: its clock may be wrong, and its messages come late or twice.

The count `seq` says what is newer. The time of a message is the car's own, corrected by how far its clock is known to
be off, and never later than receipt. All times are seconds since 1970.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from adapters.mqtt.anomalies import NOTHING, Anomaly, Limits

_DUPLICATE = frozenset({Anomaly.DUPLICATE})
_OUT_OF_ORDER = frozenset({Anomaly.OUT_OF_ORDER})
_LATE = frozenset({Anomaly.LATE})
_CLOCK_SKEW = frozenset({Anomaly.CLOCK_SKEW})

REMEMBERED = 16
"""So many messages are known again when they come twice."""
LONGEST_GAP = 100_000
"""A count that rises by more has begun anew."""


class Stamp(NamedTuple):
    """When a message was measured by the car's clock, when it came, and its place in the car's count, if it has one."""

    ts: float
    received_at: float
    seq: int | None = None


class Moment(NamedTuple):
    """What to make of a stamp."""

    at: float
    """When it was measured: by the car's clock, corrected, never later than receipt."""
    anomalies: frozenset[Anomaly] = NOTHING
    is_repeated: bool = False
    """It came before."""
    is_overtaken: bool = False
    """A newer one came before it."""
    missing: int = 0
    """How many messages before this one have not come."""


@dataclass(slots=True)
class Steady:
    """Messages measured as far apart as they came: straight from the car, so that all delay is that of its clock.

    Also those of a clock that loses time: measured less far apart again and again.
    """

    first_s: float
    """Lead of the first of them."""
    last_s: float
    """That of the last."""
    since: float
    """When the first came."""
    messages: int = 1

    def is_followed_by(self, lead_s: float, received_at: float, limits: Limits) -> bool:
        most_lost_s = limits.wavers_s + limits.most_lost_share * (received_at - self.since)
        return lead_s <= self.last_s + limits.wavers_s and self.first_s - lead_s <= most_lost_s


@dataclass(slots=True)
class CarClock:
    """What a car's clock and count have shown so far."""

    ahead_s: float = 0.0
    """How far its clock is ahead of ours; below zero when it is behind."""
    newest_ts: float | None = None
    """Of the newest message, by its own clock."""
    newest_at: float | None = None
    """The same, corrected."""
    seq: int | None = None
    """The count of the newest message."""
    recent: dict[str, float] = field(default_factory=dict)
    """The last counts, each with the time that the car gave."""
    steady: Steady | None = None
    missing: int = 0
    """Messages that have not come, by its count."""
    taken_off_s: float = 0.0
    """What was taken off the time of the newest message."""
    settled_s: float = 0.0
    """The same, as two messages in a row have agreed last: a clock that jumps about is told of only so often."""

    def offset_s(self, limits: Limits) -> float:
        """What is taken off its times; nothing while it is behind by no more than a message may take to arrive."""
        return self.ahead_s if self.ahead_s > 0 or self.ahead_s < -limits.skew_s else 0.0

    def judge(self, stamp: Stamp, limits: Limits) -> Moment:
        """When and in which order, and what is odd about it; it is remembered."""
        ts, received_at, seq = stamp
        if seq is not None and self.recent.get(str(seq)) == ts:
            return Moment(min(ts, received_at), _DUPLICATE, is_repeated=True)
        self._correct(stamp, limits)
        if seq is not None:
            self._remember(str(seq), ts)
        offset_s = self.offset_s(limits)
        at = min(ts - offset_s, received_at)
        if self._is_overtaken(seq, at):
            self.missing = max(0, self.missing - 1)
            return Moment(at, _OUT_OF_ORDER, is_overtaken=True)
        missing = self._gap(seq)
        self.missing += missing
        if self.newest_at is not None and at < self.newest_at:
            at = self.newest_at
        self.newest_ts, self.newest_at = ts, at
        if seq is not None:
            self.seq = seq
        if abs(offset_s - self.taken_off_s) <= limits.skew_s:
            self.settled_s = offset_s
        self.taken_off_s = offset_s
        odd = _CLOCK_SKEW if abs(offset_s) > limits.skew_s else NOTHING
        return Moment(at, odd | _LATE if received_at - at > limits.late_s else odd, missing=missing)

    def _correct(self, stamp: Stamp, limits: Limits) -> None:
        """Learn how far the clock is off.

        Nothing arrives before it was measured, and no car keeps a message for months. A count that rises while the time
        falls is a clock that was set back. What comes steadily comes at once.
        """
        lead_s = stamp.ts - stamp.received_at
        behind_s = self.ahead_s - lead_s
        if not 0 <= behind_s <= limits.longest_delay_s or self._was_set_back(stamp, limits):
            self.ahead_s, self.steady = lead_s, None
        elif behind_s > limits.wavers_s and self._is_steady(lead_s, stamp.received_at, limits):
            self.ahead_s = lead_s

    def _was_set_back(self, stamp: Stamp, limits: Limits) -> bool:
        if stamp.seq is None or self.seq is None or self.newest_ts is None:
            return False
        return stamp.seq > self.seq and self.newest_ts - stamp.ts > limits.skew_s

    def _is_steady(self, lead_s: float, received_at: float, limits: Limits) -> bool:
        steady = self.steady
        if steady is None or not steady.is_followed_by(lead_s, received_at, limits):
            self.steady = Steady(lead_s, lead_s, received_at)
            return False
        steady.messages += 1
        steady.last_s = lead_s
        return steady.messages >= limits.steady_messages and received_at - steady.since >= limits.steady_for_s

    def _is_overtaken(self, seq: int | None, at: float) -> bool:
        """A count that begins anew has newer times; without a count the time decides."""
        if self.newest_at is None:
            return False
        if seq is None or self.seq is None:
            return at < self.newest_at
        return seq <= self.seq and at <= self.newest_at

    def _gap(self, seq: int | None) -> int:
        if seq is None or self.seq is None:
            return 0
        gap = seq - self.seq - 1
        return gap if 0 < gap < LONGEST_GAP else 0

    def _remember(self, seq: str, ts: float) -> None:
        self.recent.pop(seq, None)
        self.recent[seq] = ts
        if len(self.recent) > REMEMBERED:
            del self.recent[next(iter(self.recent))]
