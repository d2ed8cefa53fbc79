"""What a car shows of the end of its trip: judged from the newest of all that it said, whatever message brought it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from domain.fleet.readiness import DRIVEN_M, is_moving, lock_violation
from domain.fleet.state import VehicleReadings
from domain.fleet.vehicle import Vehicle
from domain.fleet.zone import Zone
from domain.kernel.errors import Violation
from domain.kernel.units import Metres
from domain.kernel.values import Instant, Value
from domain.rental.vehicle_reading import misplaced
from domain.rulebook.trip_limits import BillUntil, TripLimits

AS_OF_NOW = timedelta(minutes=2)
"""A car that dates what it shows no further back than this when it tells it says how it is, and not since when."""

_SHOWN_BY = {
    "vehicle.doors_open": "doors_closed",
    "vehicle.ignition_on": "ignition_on",
    "vehicle.moving": "speed_kmh",
    "trip.end_outside_home_area": "zones",
    "trip.end_in_no_parking_zone": "zones",
}
"""What a member can put right at the car, and the reading that shows it. All else is for the car to tell."""
_HELD = ("ignition_on", "doors_closed", "locked")


class EndRequest(Value):
    """The member's wish to end the trip: what was known of the car then, and what it has shown since."""

    requested_at: Instant
    odometer_m: Metres | None = None
    """Where the car had stopped, as far as it has said so."""
    way_m: Metres | None = None
    heard_until: Instant | None = None
    """Of a car that could not be reached: what it had said of its lock counts for nothing."""
    missing: tuple[Violation, ...] = ()
    """What the car has yet to show."""
    unmet_at: Instant | None = None
    """When the car showed last, after the wish, that something was not yet done."""


class Evidence(Value):
    """What a trip is ended on."""

    missing: tuple[Violation, ...] = ()
    """What the car does not show."""
    held_since: Instant | None = None
    """Since when it has shown all of it, by its own time; none while something is missing."""

    @property
    def is_complete(self) -> bool:
        return not self.missing

    @property
    def lacks_only_the_lock(self) -> bool:
        return bool(self.missing) and all(v.code in {"vehicle.unlocked", "vehicle.lock_unknown"} for v in self.missing)

    @property
    def mendable(self) -> list[Violation]:
        """What the member can put right at the car."""
        return [violation for violation in self.missing if violation.code in _SHOWN_BY]

    @property
    def for_the_log(self) -> "Evidence":
        return self.model_copy(update={"missing": without_places(self.missing)})

    @property
    def codes(self) -> str:
        """What is missing, for a reader."""
        return ", ".join(violation.code for violation in self.missing)


def judge(
    vehicle: Vehicle,
    newest: VehicleReadings,
    zones: Sequence[Zone],
    heard_until: datetime | None,
    limits: TripLimits,
    at: datetime,
) -> Evidence:
    """Standing, ignition off, closed, locked, and in a place that is known, young enough and allowed."""
    missing = vehicle.end_readiness(newest, limits, at)
    if not any(violation.code.startswith("vehicle.position") for violation in missing):
        missing += misplaced(zones)
    if lock := lock_violation(newest, heard_until):
        missing.append(lock)
    since = [known for kind in _HELD if (known := vehicle.shown_since(kind, newest))]
    return Evidence(missing=tuple(missing), held_since=None if missing else max(since))


def wish(vehicle: Vehicle, newest: VehicleReadings, evidence: Evidence, at: datetime) -> EndRequest:
    """A wish of now. What a car that cannot be reached said last is not known to be so any more."""
    out_of_contact = vehicle.out_of_contact()
    if out_of_contact is not None:
        heard_until = newest.locked.at if newest.locked else None
        return EndRequest(requested_at=at, heard_until=heard_until, missing=(out_of_contact,))
    stopped_at = vehicle.shown_since("ignition_on", newest)
    odometer, way = newest.odometer_m, newest.way_m
    has_said_where = odometer is not None and (stopped_at is None or odometer.at >= stopped_at)
    return EndRequest(
        requested_at=at,
        odometer_m=odometer.value if odometer and has_said_where else None,
        way_m=way.value if way else None,
        missing=without_places(evidence.missing),
    )


def without_places(missing: Sequence[Violation]) -> tuple[Violation, ...]:
    """For the log, which keeps where a member was under their key only."""
    return tuple(v.model_copy(update={"values": {}}) if v.code.startswith("trip.") else v for v in missing)


def driven_on(wish: EndRequest, newest: VehicleReadings) -> datetime | None:
    """When the car was seen to have been driven after the wish; none when it was not."""
    speed, odometer, way = newest.speed_kmh, newest.odometer_m, newest.way_m
    if speed and speed.at > wish.requested_at and is_moving(newest, None):
        return speed.at
    if odometer and odometer.doubt is None and _is_further(odometer.value, wish.odometer_m):
        return odometer.at if odometer.at > wish.requested_at else None
    if way and newest.value("ignition_on") and _is_further(way.value, wish.way_m):
        return way.at if way.at > wish.requested_at else None
    return None


def unmet_at(evidence: Evidence, newest: VehicleReadings) -> datetime | None:
    """When the car showed last that something was not yet done that its member can do."""
    shown = [getattr(newest, _SHOWN_BY[violation.code]) for violation in evidence.mendable]
    return max((reading.at for reading in shown if reading is not None), default=None)


def stops_at(
    wish: EndRequest, held_since: datetime, told_at: datetime, until: BillUntil, driven: datetime | None
) -> datetime:
    """When the meter stops: at the wish, or later when the car had fulfilled it later, by its own time.

    Nothing says that it was later where the car only shows how it stands when it can be heard again: it was not driven,
    and showed nothing undone after the wish. Whoever drove on drives until the car had fulfilled the wish.
    """
    fulfilled_at = max(wish.requested_at, held_since)
    if driven is not None:
        return fulfilled_at
    if until == "wish" or (wish.unmet_at is None and told_at - held_since <= AS_OF_NOW):
        return wish.requested_at
    return fulfilled_at


def _is_further(metres: int, than: int | None) -> bool:
    return than is not None and metres - than > DRIVEN_M
