"""What a car must fulfil to be taken, and to be left: named rules, each a violation or nothing."""

from datetime import datetime

from domain.fleet.state import VehicleReadings
from domain.kernel.errors import Violation
from domain.rulebook.model import ReservationLimits, TripLimits


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


def end_violations(readings: VehicleReadings, limits: TripLimits, at: datetime) -> list[Violation]:
    """Doors closed, ignition off, and a place that is known and not too old."""
    found = [_doors(readings), _ignition(readings), _place(readings, limits, at)]
    return [violation for violation in found if violation]


def _doors(readings: VehicleReadings) -> Violation | None:
    if readings.doors_closed is None or readings.doors_closed.value:
        return None
    values = {"since": readings.doors_closed.at.isoformat()}
    return Violation(code="vehicle.doors_open", detail="close all doors, the boot and the hood", values=values)


def _ignition(readings: VehicleReadings) -> Violation | None:
    if readings.ignition_on is None or not readings.ignition_on.value:
        return None
    values = {"since": readings.ignition_on.at.isoformat()}
    return Violation(code="vehicle.ignition_on", detail="switch the ignition off", values=values)


def _place(readings: VehicleReadings, limits: TripLimits, at: datetime) -> Violation | None:
    if readings.position is None:
        return Violation(code="vehicle.position_unknown", detail="the car does not know where it is: call support")
    last_stop = readings.ignition_on.at if readings.ignition_on else readings.position.at
    if readings.position.at >= min(last_stop, at - limits.position_maximum_age):
        return None
    return Violation(
        code="vehicle.position_too_old",
        detail="the car has not said where it is since it stopped: wait for a moment, or move into the open",
        values={"measured_at": readings.position.at.isoformat()},
    )
