"""What a car must fulfil to be taken, and to be left: named rules, each a violation or nothing."""

from datetime import datetime

from domain.fleet.driving import STANDING_KMH
from domain.fleet.state import VehicleReadings
from domain.kernel.errors import Violation
from domain.rulebook.model import FleetLimits
from domain.rulebook.reservations import ReservationLimits
from domain.rulebook.trip_limits import TripLimits

DRIVEN_M = 100
"""A car whose odometer shows more than this was driven, and not only pushed or parked better."""


def energy_violation(readings: VehicleReadings, limits: ReservationLimits) -> Violation | None:
    """Enough fuel or charge for a trip; an unknown level counts as enough."""
    if readings.energy_percent is None or readings.energy_percent.value >= limits.minimum_energy:
        return None
    return Violation(
        code="vehicle.energy_too_low",
        detail=f"this car has less than {limits.minimum_energy:g} % of its fuel or charge: choose another one",
        values={"level": readings.energy_percent.value, "minimum": limits.minimum_energy},
    )


def position_violation(readings: VehicleReadings) -> Violation | None:
    """A member must be able to find the car."""
    if readings.position is not None:
        return None
    return Violation(code="vehicle.position_unknown", detail="nobody knows where this car stands: choose another one")


def contact_violation(*, online: bool) -> Violation | None:
    """A car that cannot be reached cannot be opened or closed."""
    if online:
        return None
    return Violation(code="vehicle.contact_lost", detail="this car cannot be reached at the moment")


def has_fallen_silent(heard_at: datetime, limits: FleetLimits, at: datetime) -> bool:
    """Whether so much time has gone since anything came from a car that it counts as lost."""
    return at - heard_at >= limits.silent_after


def open_violation(readings: VehicleReadings) -> Violation | None:
    """A car that is not locked is nobody's to take before somebody has seen to it; an unknown lock counts as locked."""
    if readings.locked is None or readings.locked.value:
        return None
    values = {"since": readings.locked.at.isoformat()}
    return Violation(code="vehicle.stands_open", detail="this car is not locked: choose another one", values=values)


def end_violations(
    readings: VehicleReadings, stopped_at: datetime | None, limits: TripLimits, at: datetime
) -> list[Violation]:
    """Doors closed, ignition off, standing, and a place that is known and not too old.

    `stopped_at` is since when the ignition is as it is.
    """
    found = [
        _doors(readings),
        _ignition(readings, stopped_at),
        _speed(readings, stopped_at),
        _place(readings, stopped_at, limits, at),
    ]
    return [violation for violation in found if violation]


def lock_violation(readings: VehicleReadings, heard_until: datetime | None) -> Violation | None:
    """Locked, as told after `heard_until`: what a car said before that is not known to be so any more."""
    known = readings.locked
    if known is None or (heard_until is not None and known.at <= heard_until):
        return Violation(code="vehicle.lock_unknown", detail="the car has yet to tell that it is locked")
    if known.value:
        return None
    values = {"since": known.at.isoformat()}
    return Violation(code="vehicle.unlocked", detail="the car has yet to be locked", values=values)


def _doors(readings: VehicleReadings) -> Violation | None:
    if readings.doors_closed is None or readings.doors_closed.value:
        return None
    values = {"since": readings.doors_closed.at.isoformat()}
    return Violation(code="vehicle.doors_open", detail="close all doors, the boot and the hood", values=values)


def _ignition(readings: VehicleReadings, switched_at: datetime | None) -> Violation | None:
    if readings.ignition_on is None or not readings.ignition_on.value:
        return None
    values = {"since": (switched_at or readings.ignition_on.at).isoformat()}
    return Violation(code="vehicle.ignition_on", detail="switch the ignition off", values=values)


def is_moving(readings: VehicleReadings, stopped_at: datetime | None) -> bool:
    """Whether it says so; a speed from before its ignition was switched off is none any more."""
    speed = readings.speed_kmh
    if speed is None or abs(speed.value) <= STANDING_KMH:
        return False
    return readings.value("ignition_on") is not False or stopped_at is None or speed.at >= stopped_at


def was_driven(readings: VehicleReadings, odometer_m: int | None, stopped_at: datetime | None) -> bool:
    """Whether a car moves, or has since its odometer read so much."""
    now = readings.odometer_m
    further = odometer_m is not None and now is not None and now.doubt is None and now.value - odometer_m > DRIVEN_M
    return further or is_moving(readings, stopped_at)


def _speed(readings: VehicleReadings, stopped_at: datetime | None) -> Violation | None:
    if readings.speed_kmh is None or not is_moving(readings, stopped_at):
        return None
    values = {"speed_kmh": readings.speed_kmh.value}
    return Violation(code="vehicle.moving", detail="stop the car", values=values)


def _place(
    readings: VehicleReadings, stopped_at: datetime | None, limits: TripLimits, at: datetime
) -> Violation | None:
    if readings.position is None:
        return Violation(code="vehicle.position_unknown", detail="the car does not know where it is: call support")
    if readings.position.at >= min(stopped_at or readings.position.at, at - limits.position_maximum_age):
        return None
    return Violation(
        code="vehicle.position_too_old",
        detail="the car has not said where it is since it stopped: wait for a moment, or move into the open",
        values={"measured_at": readings.position.at.isoformat()},
    )
