"""How far a trip went: by the odometer, if what else is known of the way does not speak against it."""

from datetime import datetime
from typing import Literal

from domain.fleet.driving import LEAST_SHARE, MOST_KMH, MOST_SHARE
from domain.kernel.errors import Violation
from domain.kernel.units import Metres
from domain.kernel.values import Value
from domain.rental.car_reading import CarReading

DistanceSource = Literal["odometer", "way", "straight_line", "unknown"]
"""`way`: between the places that the car was seen at, one after the other."""

SLACK_M = 1_000
"""What is not looked at: readings from shortly before and after, and the steps of an odometer."""
UNSEEN_M = 5_000
"""So much of a trip may go where satellites are not seen."""


class Distance(Value):
    """A distance, where it comes from, and what speaks against it."""

    metres: Metres
    source: DistanceSource
    doubts: tuple[Violation, ...] = ()


def distance(start: CarReading, end: CarReading, started_at: datetime, ended_at: datetime) -> Distance:
    """By the odometer; where that is missing, or doubted, by the way seen, or else the straight line.

    More than a car can drive in the time is not believed. Where odometer and way contradict each other, the shorter
    one counts, with a doubt, so that somebody looks before anything is charged.
    """
    most_m = int(MOST_KMH / 3.6 * max(0.0, (ended_at - started_at).total_seconds())) + SLACK_M
    odometer_m, seen = _by_odometer(start, end), _seen(start, end, started_at)
    possible = seen if seen.metres <= most_m else Distance(metres=0, source="unknown")
    if odometer_m is None:
        return possible if possible is seen else _with(possible, _impossible(seen.metres, most_m))
    if odometer_m > most_m:
        return _with(possible, _impossible(odometer_m, most_m))
    by_odometer = Distance(metres=odometer_m, source="odometer")
    if _contradict(odometer_m, seen):
        shorter = min(by_odometer, seen, key=lambda one: one.metres)
        return _with(shorter, _contradicted(odometer_m, seen.metres))
    return by_odometer


def _by_odometer(start: CarReading, end: CarReading) -> int | None:
    if start.odometer_m is None or end.odometer_m is None or start.odometer_doubt or end.odometer_doubt:
        return None
    return end.odometer_m - start.odometer_m if end.odometer_m >= start.odometer_m else None


def _seen(start: CarReading, end: CarReading, started_at: datetime) -> Distance:
    """The way between its places, if it was seen at another since the start; a receiver that stands says nothing."""
    seen_since = end.position_at is not None and end.position_at > started_at
    if seen_since and start.way_m is not None and end.way_m is not None and end.way_m > start.way_m:
        return Distance(metres=end.way_m - start.way_m, source="way")
    if start.position and end.position:
        return Distance(metres=int(start.position.distance_m(end.position)), source="straight_line")
    return Distance(metres=0, source="unknown")


def _contradict(odometer_m: int, seen: Distance) -> bool:
    if seen.source == "unknown":
        return False
    too_short = odometer_m < LEAST_SHARE * seen.metres - SLACK_M
    return too_short or (seen.source == "way" and odometer_m > MOST_SHARE * seen.metres + UNSEEN_M)


def _with(distance: Distance, doubt: Violation) -> Distance:
    return distance.model_copy(update={"doubts": (doubt,)})


def _impossible(metres: int, most_m: int) -> Violation:
    detail = "no car drives so far in the time of the trip"
    return Violation(
        code="trip.distance_impossible", detail=detail, values={"distance_m": metres, "possible_m": most_m}
    )


def _contradicted(odometer_m: int, seen_m: int) -> Violation:
    detail = "the odometer says otherwise than the places that the car was seen at"
    values = {"odometer_m": odometer_m, "way_m": seen_m}
    return Violation(code="trip.distance_contradicted", detail=detail, values=values)
