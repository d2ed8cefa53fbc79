"""The meter of a trip: when it drove and when it was parked, and how far it went."""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from typing import Literal

from domain.billing.pricing import Span
from domain.kernel.units import Metres, Percent, Position
from domain.kernel.values import Instant, Value

Phase = Literal["driving", "parked"]
DistanceSource = Literal["odometer", "straight_line", "unknown"]


class PhaseStart(Value):
    """From `since` until the next one, or the end of the trip, the trip was in `phase`."""

    phase: Phase
    since: Instant


class CarReading(Value):
    """What is known of a car at a step of its trip; `None` where the car never told."""

    position: Position | None = None
    odometer_m: Metres | None = None
    energy_percent: Percent | None = None
    zones: tuple[str, ...] = ()
    """Kinds and names of the zones that it stands in."""


class Distance(Value):
    """A distance and where it comes from."""

    metres: Metres
    source: DistanceSource


def spans(phases: Sequence[PhaseStart], ended_at: datetime) -> tuple[Span, ...]:
    """Whole seconds in each phase until the end; what began after a back-dated end does not count."""
    starts = [p for p in phases if p.since < ended_at]
    if not starts:
        return ()
    ends = [*(p.since for p in starts[1:]), ended_at]
    marks = [int((end - phases[0].since).total_seconds()) for end in ends]  # rounded once, so that the sum is exact
    lengths = [after - before for before, after in pairwise([0, *marks])]
    return tuple(Span(phase=p.phase, seconds=s) for p, s in zip(starts, lengths, strict=True) if s)


def seconds_in(phase: Phase, trip: Sequence[Span]) -> int:
    """Time spent in a phase."""
    return sum(s.seconds for s in trip if s.phase == phase)


def distance(start: CarReading, end: CarReading) -> Distance:
    """By the odometer; where it is missing or ran backwards, the straight line, never longer than the drive."""
    if start.odometer_m is not None and end.odometer_m is not None and end.odometer_m >= start.odometer_m:
        return Distance(metres=end.odometer_m - start.odometer_m, source="odometer")
    if start.position and end.position:
        return Distance(metres=int(start.position.distance_m(end.position)), source="straight_line")
    return Distance(metres=0, source="unknown")
