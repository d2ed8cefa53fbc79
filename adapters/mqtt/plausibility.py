"""Is what a car reports believable? A assess per vehicle, which also adds up the distance driven.

Nothing is dropped here: every message gets its `Verdict`, and each anomaly is counted.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from pydantic import AwareDatetime, BaseModel, ConfigDict

from domain.kernel.units import Position


class Anomaly(StrEnum):
    """What can be wrong with a message. The names are permanent: stored with the telemetry, and labels of metrics."""

    DUPLICATE = "duplicate"
    """A sequence number seen before, with nothing newer: newer times mean a device that counts from the start."""
    OUT_OF_ORDER = "out_of_order"
    """Older than a message that came before it."""
    LATE = "late"
    """In order, but long after it was measured: the car had no contact."""
    CLOCK_SKEW = "clock_skew"
    """Measured in the future: the car's clock is fast."""
    FROZEN = "frozen"
    """The same fix again, to the last digit, from a car that cannot have stopped."""
    JUMP = "jump"
    """Further from the fix before it than a car can drive in that time, can catch up, or has driven by its odometer."""


_NO_NEWS = frozenset({Anomaly.DUPLICATE, Anomaly.OUT_OF_ORDER})
_NOTHING: frozenset[Anomaly] = frozenset()
_JUMP = frozenset({Anomaly.JUMP})
_FROZEN = frozenset({Anomaly.FROZEN})


class Limits(BaseModel):
    """What a car and its clock can do."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    late: timedelta = timedelta(minutes=2)
    skew: timedelta = timedelta(seconds=30)
    max_speed_kmh: float = 250.0
    max_acceleration_mps2: float = 9.81
    """1 g: a car that would have to brake harder to stand where it says has not stopped."""
    standing_kmh: float = 5.0
    """A speedometer above this means that the car moves."""
    step_m: float = 12.0
    """Distance is added in steps of at least this, so that the noise of a standing receiver is not driven."""
    drift_m: float = 150.0
    """How far a fix may lie from where the odometer allows the car to be."""
    remembered_seqs: int = 64


@dataclass(frozen=True, slots=True)
class Fix:
    """Where a car was, and when it said so."""

    at: AwareDatetime
    position: Position
    odometer_m: int | None = None


class Sample(NamedTuple):
    """What the assess looks at of one message, whose values have been validated before."""

    at: datetime
    """When the car says that it measured."""
    received_at: datetime
    seq: int | None = None
    """The car's count of its telemetry; none for an answer to a command."""
    position: Position | None = None
    speed_kmh: float | None = None
    """What the speedometer says, when it says so."""
    odometer_m: int | None = None


@dataclass(slots=True)
class Track:
    """What is remembered of one vehicle between messages."""

    recent_seqs: list[int] = field(default_factory=list)
    ahead: dict[int, AwareDatetime] = field(default_factory=dict)
    """Of these, the times of those that were measured in the future: when they come again, they are no newer."""
    newest_at: AwareDatetime | None = None
    trusted: Fix | None = None
    """The last fix that is believed."""
    last_fix_at: AwareDatetime | None = None
    """When the believed place was reported last, frozen repeats included."""
    speed_mps: float = 0.0
    """Speed over the last step between believed fixes."""
    suspect: Fix | None = None
    """An impossible fix, kept in case the next ones agree with it."""
    frozen: bool = False
    counted: Position | None = None
    """Where distance was added last."""
    distance_m: float = 0.0
    anomalies: dict[Anomaly, int] = field(default_factory=dict)
    """How often there was each."""


class Verdict(NamedTuple):
    """What the assess says about one message."""

    anomalies: frozenset[Anomaly]
    at: datetime
    """When it was measured, never later than it was received."""
    position_is_good: bool = False
    """Whether the message carries a place that is believed."""

    @property
    def is_newer(self) -> bool:
        """Whether the message says how the car is now: neither seen before nor overtaken by a newer one."""
        return self.anomalies.isdisjoint(_NO_NEWS)


DEFAULT_LIMITS = Limits()


def assess(track: Track, sample: Sample, limits: Limits = DEFAULT_LIMITS) -> Verdict:
    """Judge one message against what is known of its vehicle, and add to that what it says."""
    at = min(sample.at, sample.received_at)
    anomalies = _anomalies_in_time(track, sample, at, limits)
    if sample.seq is not None and Anomaly.DUPLICATE not in anomalies:
        _remember(track, sample, sample.seq, limits)
    good = False
    if anomalies.isdisjoint(_NO_NEWS):
        track.newest_at = at
        if sample.position is not None:
            fix = Fix(at, sample.position, sample.odometer_m)
            anomalies |= _follow(track, fix, sample.speed_kmh, limits)
            good = track.trusted is fix
    for anomaly in anomalies:
        track.anomalies[anomaly] = track.anomalies.get(anomaly, 0) + 1
    return Verdict(anomalies, at, good)


def _anomalies_in_time(track: Track, sample: Sample, at: datetime, limits: Limits) -> frozenset[Anomaly]:
    newest = track.newest_at
    if track.ahead and sample.seq is not None and track.ahead.get(sample.seq) == sample.at:
        return frozenset({Anomaly.DUPLICATE})
    if newest is not None and at <= newest:
        if sample.seq in track.recent_seqs:
            return frozenset({Anomaly.DUPLICATE})
        if at < newest:
            return frozenset({Anomaly.OUT_OF_ORDER})
    delay = sample.received_at - sample.at
    if delay > limits.late:
        return frozenset({Anomaly.LATE})
    return frozenset({Anomaly.CLOCK_SKEW}) if -delay > limits.skew else _NOTHING


def _remember(track: Track, sample: Sample, seq: int, limits: Limits) -> None:
    track.recent_seqs.append(seq)
    for forgotten in track.recent_seqs[: -limits.remembered_seqs]:
        track.ahead.pop(forgotten, None)
    del track.recent_seqs[: -limits.remembered_seqs]
    if sample.at > sample.received_at:
        track.ahead[seq] = sample.at


def _follow(track: Track, fix: Fix, speed_kmh: float | None, limits: Limits) -> frozenset[Anomaly]:
    """Move along to a fix, unless it is frozen or impossible; returns what is wrong with it."""
    trusted, suspect = track.trusted, track.suspect
    if trusted is None:
        track.trusted, track.last_fix_at, track.counted = fix, fix.at, fix.position
        return _NOTHING
    if _same(fix.position, trusted.position):
        return _stay(track, trusted, fix, speed_kmh, limits)
    way = trusted.position.distance_m(fix.position)
    if _can_get_to(trusted, fix, way, limits):
        # Possible since the place was new: a jump out of a freeze is the way that the car drove meanwhile.
        odd = _JUMP if _jumps(track, trusted, fix, way, limits) else _NOTHING
        _advance(track, trusted, fix, way, limits)
        return odd
    if suspect is not None:
        way = suspect.position.distance_m(fix.position)
        if _can_get_to(suspect, fix, way, limits):
            # Two fixes agree with each other and not with what was believed. The jump itself was not driven.
            track.counted = suspect.position
            _advance(track, suspect, fix, way, limits)
            return _NOTHING
    track.suspect = fix
    return _JUMP


def _same(one: Position, other: Position) -> bool:
    return one.latitude == other.latitude and one.longitude == other.longitude


def _can_get_to(start: Fix, end: Fix, way: float, limits: Limits) -> bool:
    """Whether neither time nor odometer speaks against this way."""
    if start.odometer_m is not None and end.odometer_m is not None:
        driven = end.odometer_m - start.odometer_m
        if way > max(driven, 0) + limits.drift_m:
            return False
    return _speed_mps(way, start.at, end.at) * 3.6 <= limits.max_speed_kmh


def _jumps(track: Track, trusted: Fix, fix: Fix, way: float, limits: Limits) -> bool:
    """Whether the fix is too far from the last report, frozen repeats included."""
    since = track.last_fix_at or trusted.at
    speed, time = _speed_mps(way, since, fix.at), (fix.at - since).total_seconds()
    catches_up = track.frozen and speed - track.speed_mps > limits.max_acceleration_mps2 * time
    return speed * 3.6 > limits.max_speed_kmh or catches_up


def _stay(track: Track, trusted: Fix, fix: Fix, speed_kmh: float | None, limits: Limits) -> frozenset[Anomaly]:
    """The same place again: the car stands, or its receiver is frozen. The freeze dates from when the place was new."""
    track.last_fix_at, track.suspect = fix.at, None
    if track.frozen or _moves(track, trusted, fix, speed_kmh, limits):
        track.frozen = True
        return _FROZEN
    track.trusted, track.speed_mps = fix, 0.0
    return _NOTHING


def _moves(track: Track, trusted: Fix, fix: Fix, speed_kmh: float | None, limits: Limits) -> bool:
    """The speedometer knows; without one, a car that would have had to brake too hard has not stopped."""
    if speed_kmh is not None:
        return speed_kmh > limits.standing_kmh
    elapsed = (fix.at - trusted.at).total_seconds()
    return elapsed > 0 and track.speed_mps / elapsed > limits.max_acceleration_mps2


def _advance(track: Track, start: Fix, fix: Fix, way: float, limits: Limits) -> None:
    """Believe a fix that is so far from the start; add the distance to it from where it was added last."""
    track.trusted, track.last_fix_at, track.suspect = fix, fix.at, None
    track.speed_mps, track.frozen = _speed_mps(way, start.at, fix.at), False
    step = (track.counted or start.position).distance_m(fix.position)
    if step >= limits.step_m:
        track.counted = fix.position
        track.distance_m += step


def _speed_mps(way: float, start: datetime, end: datetime) -> float:
    """Mean speed over a way in metres; infinite when there is a way but no time."""
    time = (end - start).total_seconds()
    return way / time if time > 0 else (float("inf") if way else 0.0)
