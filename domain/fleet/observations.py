"""Which facts follow from what a car says of itself. Most of what it says means nothing new, and leads to nothing."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from domain.fleet.state import Observation
from domain.fleet.vehicle import Vehicle
from domain.fleet.vehicle_event_bases import CarEvent
from domain.rulebook.model import FleetLimits

MOVED_M = 200.0
"""A parked car must be this far from where it stood to count as moved: more than the error of a position in a city."""

_SWITCHES: dict[str, tuple[type[CarEvent], type[CarEvent]]] = {
    "doors_closed": (Vehicle.DoorsClosed, Vehicle.DoorsOpened),
    "locked": (Vehicle.Locked, Vehicle.Unlocked),
    "ignition_on": (Vehicle.IgnitionOn, Vehicle.IgnitionOff),
    "plugged_in": (Vehicle.PluggedIn, Vehicle.Unplugged),
    "dirty": (Vehicle.FoundDirty, Vehicle.FoundClean),
}

Finding = tuple[type[CarEvent], dict[str, Any]]
"""An event and the facts of its own."""


def observe(vehicle: Vehicle, observation: Observation, limits: FleetLimits, at: datetime) -> None:
    """Trigger what follows from an observation. What is older than the known reading of its kind is left out.

    Who says something can be reached, whatever a late last will says. A car that has left the fleet is not watched.
    """
    if vehicle.service_state == "decommissioned":
        return
    vehicle.note_contact(at, online=True)
    shared = CarEvent.facts(vehicle.holder_id, observation)
    for event, own in [*findings(vehicle, observation, limits)]:
        vehicle.trigger_event(event, timestamp=at, **shared, **own)


def findings(vehicle: Vehicle, seen: Observation, limits: FleetLimits) -> Iterator[Finding]:
    """What is new and means something, in the order in which it is told."""
    yield from _placed(vehicle, seen)
    yield from _crossed(vehicle, seen)
    for name, (when_true, when_false) in _SWITCHES.items():
        if vehicle.readings.is_changed_by(name, seen):
            yield (when_true if getattr(seen, name) else when_false), {}
    yield from _energy(vehicle, seen, limits)
    if vehicle.readings.is_changed_by("fault_codes", seen):
        yield Vehicle.FaultsChanged, {"fault_codes": seen.fault_codes}
    if seen.crashed and vehicle.readings.is_changed_by("crashed", seen):
        yield Vehicle.CrashDetected, {}


def _placed(vehicle: Vehicle, seen: Observation) -> Iterator[Finding]:
    if seen.position is None or not vehicle.readings.is_newer("position", seen.observed_at):
        return
    known, was_on = vehicle.readings.place, vehicle.readings.value("ignition_on")
    nobody_drives = vehicle.trip_id is None and not seen.ignition_on and not was_on
    if known is None:
        yield Vehicle.Located, {}
    elif nobody_drives and (distance := known.distance_m(seen.position)) > MOVED_M:
        yield Vehicle.MovedWhileParked, {"distance_m": round(distance)}


def _crossed(vehicle: Vehicle, seen: Observation) -> Iterator[Finding]:
    if seen.zones is None or not vehicle.readings.is_changed_by("zones", seen):
        return
    before = set(vehicle.readings.zones.value) if vehicle.readings.zones else set()
    now = tuple(sorted(seen.zones))
    for zone_id in sorted(set(now) - before):
        yield Vehicle.ZoneEntered, {"zone_id": zone_id, "zones": now}
    for zone_id in sorted(before - set(now)):
        yield Vehicle.ZoneLeft, {"zone_id": zone_id, "zones": now}


def _energy(vehicle: Vehicle, seen: Observation, limits: FleetLimits) -> Iterator[Finding]:
    if seen.energy_percent is None or not vehicle.readings.is_newer("energy_percent", seen.observed_at):
        return
    if not vehicle.energy_low and seen.energy_percent <= limits.low_energy:
        yield Vehicle.EnergyLow, {}
    if vehicle.energy_low and seen.energy_percent >= limits.restored_energy:
        yield Vehicle.EnergyRestored, {}
