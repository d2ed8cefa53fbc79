"""Which facts follow from what a car says of itself. Most of what it says means nothing new, and leads to nothing."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from domain.fleet.news import Kind, news
from domain.fleet.state import Observation
from domain.fleet.vehicle import Vehicle
from domain.fleet.vehicle_event_bases import CarEvent
from domain.rulebook.model import FleetLimits

_SWITCHES: dict[Kind, tuple[type[CarEvent], type[CarEvent]]] = {
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
    shared = vehicle.seen(observation)
    for event, own in [*findings(vehicle, observation, limits)]:
        vehicle.trigger_event(event, timestamp=at, **shared, **own)


def findings(vehicle: Vehicle, seen: Observation, limits: FleetLimits) -> Iterator[Finding]:
    """What is new and means something, in the order in which it is told."""
    kinds = tuple(news(vehicle.readings, seen, limits))
    yield from _energy(vehicle, seen, limits, differs="energy_percent" in kinds)
    for kind in kinds:
        match kind:
            case "position":
                yield from _placed(vehicle, seen)
            case "zones":
                yield from _crossed(vehicle, seen)
            case "fault_codes":
                yield Vehicle.FaultsChanged, {"fault_codes": seen.fault_codes}
            case "crashed":
                yield from [(Vehicle.CrashDetected, {})] if seen.crashed else []
            case "clock_ahead_s":
                yield Vehicle.ClockOffsetChanged, {"ahead_s": seen.clock_ahead_s}
            case "energy_percent":
                continue  # told already
            case _:
                when_true, when_false = _SWITCHES[kind]
                yield (when_true if getattr(seen, kind) else when_false), {}


def _placed(vehicle: Vehicle, seen: Observation) -> Iterator[Finding]:
    known = vehicle.readings.place
    if known is None or seen.position is None:
        yield Vehicle.Located, {}
    elif vehicle.trip_id is None:
        yield Vehicle.MovedWhileParked, {"distance_m": round(known.distance_m(seen.position))}


def _crossed(vehicle: Vehicle, seen: Observation) -> Iterator[Finding]:
    before = set(vehicle.readings.zones.value) if vehicle.readings.zones else set()
    now = tuple(sorted(seen.zones or ()))
    for zone_id in sorted(set(now) - before):
        yield Vehicle.ZoneEntered, {"zone_id": zone_id, "zones": now}
    for zone_id in sorted(before - set(now)):
        yield Vehicle.ZoneLeft, {"zone_id": zone_id, "zones": now}


def _energy(vehicle: Vehicle, seen: Observation, limits: FleetLimits, *, differs: bool) -> Iterator[Finding]:
    level = seen.energy_percent
    if level is None or not vehicle.readings.is_newer("energy_percent", seen.observed_at):
        return
    if not vehicle.energy_low and level <= limits.low_energy:
        yield Vehicle.EnergyLow, {}
    elif vehicle.energy_low and level >= limits.restored_energy:
        yield Vehicle.EnergyRestored, {}
    elif differs:
        yield Vehicle.EnergyChanged, {}
