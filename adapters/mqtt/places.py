"""Is a place that a car reports believable? Followed from fix to fix, which also adds up the way driven.

Of places, speedometer and odometer, the one that contradicts the two others is doubted.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

from adapters.mqtt.anomalies import NOTHING, Anomaly, Limits
from adapters.mqtt.odometer import Odometer
from domain.kernel.units import distance_m

_NO_FIX = frozenset({Anomaly.NO_FIX})
_INACCURATE = frozenset({Anomaly.INACCURATE})
_JUMP = frozenset({Anomaly.JUMP})
_FROZEN = frozenset({Anomaly.FROZEN})
_CONTRADICTED = frozenset({Anomaly.CONTRADICTED})


class Sample(NamedTuple):
    """A place in WGS 84 degrees, and what came with it."""

    at: float
    latitude: float
    longitude: float
    speed_kmh: float | None = None
    """What the speedometer says, when it says so."""
    odometer_m: int | None = None
    has_fix: bool | None = True
    """Unknown when the receiver calls it by a word that it has none of."""
    accuracy_m: float | None = None
    """Radius within which the receiver is sure to be."""


@dataclass(slots=True)
class Fix:
    """Where a car was, and when it said so, in seconds since 1970."""

    at: float
    latitude: float
    longitude: float
    odometer_m: int | None = None

    def distance_m(self, other: "Fix") -> float:
        return distance_m(self.latitude, self.longitude, other.latitude, other.longitude)


@dataclass(slots=True)
class Track:
    """What is remembered of one vehicle between its places."""

    trusted: Fix | None = None
    """The last fix that is believed."""
    last_fix_at: float | None = None
    """When the believed place was reported last, frozen repeats included."""
    speed_mps: float = 0.0
    """Speed over the last step between believed fixes."""
    suspect: Fix | None = None
    """An impossible fix, kept in case the next ones agree with it."""
    frozen: bool = False
    counted: Fix | None = None
    """Where distance was added last."""
    distance_m: float = 0.0
    odometer: Odometer = field(default_factory=Odometer)


def follow(track: Track, sample: Sample, limits: Limits) -> frozenset[Anomaly]:
    """Move along to a place, unless it is none, frozen or impossible; returns what is odd about it.

    The place is believed if `track.trusted` is of its time afterwards.
    """
    is_unknown = sample.has_fix is None and sample.accuracy_m is None
    if sample.has_fix is False or is_unknown or max(abs(sample.latitude), abs(sample.longitude)) < limits.sea_deg:
        return _NO_FIX
    if sample.accuracy_m is not None and sample.accuracy_m > limits.roughest_m:
        return _INACCURATE
    fix = Fix(sample.at, sample.latitude, sample.longitude, sample.odometer_m)
    if track.trusted is None:
        track.trusted, track.last_fix_at, track.counted = fix, fix.at, fix
        return NOTHING
    if _same(fix, track.trusted):
        return _stay(track, track.trusted, fix, sample.speed_kmh, limits)
    return _go(track, track.trusted, fix, sample, limits)


def _go(track: Track, trusted: Fix, fix: Fix, sample: Sample, limits: Limits) -> frozenset[Anomaly]:
    way = trusted.distance_m(fix)
    slack_m = max(limits.drift_m, 2 * (sample.accuracy_m or 0))
    if _has_time_for(trusted, fix, way, limits):
        driven = _odometer_allows(track, trusted, fix, way, slack_m)
        if driven or _speedometer_agrees(trusted, fix, way, sample.speed_kmh, limits):
            # Possible since the place was new: a jump out of a freeze is the way that the car drove meanwhile.
            odd = _JUMP if _jumps(track, trusted, fix, way, limits) else NOTHING
            _advance(track, trusted, fix, way, limits)
            return odd if driven else odd | _doubt(track)
    return _second_look(track, fix, sample, slack_m, limits)


def _second_look(track: Track, fix: Fix, sample: Sample, slack_m: float, limits: Limits) -> frozenset[Anomaly]:
    """Two fixes that agree with each other and not with what was believed: the car is there.

    If the odometer speaks against this way too, it is the odometer that is wrong, unless the speedometer agrees with
    it. Otherwise the way to the first of the two was not driven.
    """
    suspect = track.suspect
    if suspect is None:
        track.suspect = fix
        return _JUMP
    way = suspect.distance_m(fix)
    if not _has_time_for(suspect, fix, way, limits):
        track.suspect = fix
        return _JUMP
    driven = _odometer_allows(track, suspect, fix, way, slack_m)
    if not driven and _stands(sample.speed_kmh, limits):
        track.suspect = fix
        return _JUMP
    if driven:
        track.counted = suspect
    _advance(track, suspect, fix, way, limits)
    return NOTHING if driven else _doubt(track)


def _doubt(track: Track) -> frozenset[Anomaly]:
    track.odometer.is_doubted = True
    return _CONTRADICTED


def _same(one: Fix, other: Fix) -> bool:
    return one.latitude == other.latitude and one.longitude == other.longitude


def _has_time_for(start: Fix, end: Fix, way: float, limits: Limits) -> bool:
    return _speed_mps(way, start.at, end.at) <= limits.max_speed_mps


def _odometer_allows(track: Track, start: Fix, end: Fix, way: float, slack_m: float) -> bool:
    if track.odometer.is_doubted or start.odometer_m is None or end.odometer_m is None:
        return True
    return way <= max(end.odometer_m - start.odometer_m, 0) + slack_m + track.odometer.coarseness_m


def _speedometer_agrees(start: Fix, end: Fix, way: float, speed_kmh: float | None, limits: Limits) -> bool:
    """Whether a car at this speed may have come so far, give or take half."""
    if speed_kmh is None or speed_kmh <= limits.standing_kmh:
        return False
    return way <= 1.5 * speed_kmh / 3.6 * (end.at - start.at) + limits.drift_m


def _stands(speed_kmh: float | None, limits: Limits) -> bool:
    """Whether the speedometer says so."""
    return speed_kmh is not None and abs(speed_kmh) <= limits.standing_kmh


def _jumps(track: Track, trusted: Fix, fix: Fix, way: float, limits: Limits) -> bool:
    """Whether the fix is too far from the last report, frozen repeats included."""
    since = track.last_fix_at or trusted.at
    speed, time = _speed_mps(way, since, fix.at), fix.at - since
    catches_up = track.frozen and speed - track.speed_mps > limits.max_acceleration_mps2 * time
    return speed > limits.max_speed_mps or catches_up


def _stay(track: Track, trusted: Fix, fix: Fix, speed_kmh: float | None, limits: Limits) -> frozenset[Anomaly]:
    """The same place again: the car stands, or its receiver is frozen. The freeze dates from when the place was new."""
    track.last_fix_at, track.suspect = fix.at, None
    if track.frozen and _has_stopped_there(track, trusted, fix, speed_kmh, limits):
        track.frozen = False
    elif track.frozen or _moves(track, trusted, fix, speed_kmh, limits):
        track.frozen = True
        return _FROZEN
    track.trusted, track.speed_mps = fix, 0.0
    return NOTHING


def _has_stopped_there(track: Track, trusted: Fix, fix: Fix, speed_kmh: float | None, limits: Limits) -> bool:
    """Whether a car whose place seemed frozen only slowed down to stand: its odometer has not gone on."""
    if not _stands(speed_kmh, limits):
        return False
    if track.odometer.is_doubted or trusted.odometer_m is None or fix.odometer_m is None:
        return False
    return 0 <= fix.odometer_m - trusted.odometer_m <= limits.drift_m and track.odometer.coarseness_m <= limits.drift_m


def _moves(track: Track, trusted: Fix, fix: Fix, speed_kmh: float | None, limits: Limits) -> bool:
    """The speedometer knows; without one, a car that would have had to brake too hard has not stopped."""
    if speed_kmh is not None:
        return speed_kmh > limits.standing_kmh
    elapsed = fix.at - trusted.at
    return elapsed > 0 and track.speed_mps / elapsed > limits.max_acceleration_mps2


def _advance(track: Track, start: Fix, fix: Fix, way: float, limits: Limits) -> None:
    """Believe a fix that is so far from the start; add the distance to it from where it was added last."""
    track.trusted, track.last_fix_at, track.suspect = fix, fix.at, None
    track.speed_mps, track.frozen = _speed_mps(way, start.at, fix.at), False
    counted = track.counted
    step = way if counted is None or _same(counted, start) else counted.distance_m(fix)
    if step >= limits.step_m:
        track.counted = fix
        track.distance_m += step


def _speed_mps(way: float, start: float, end: float) -> float:
    """Mean speed over a way in metres; infinite when there is a way but no time."""
    time = end - start
    return way / time if time > 0 else (float("inf") if way else 0.0)
