"""What of all that a car says differs from what is known in a way that means something.

Ingest asks it of what fleet was told last, and fleet of what its events say.
"""

from collections.abc import Iterator
from typing import Literal

from domain.fleet.state import Observation, VehicleReadings
from domain.rulebook.model import FleetLimits

MOVED_M = 200.0
"""A parked car must be this far from where it stood to count as moved: more than the error of a position in a city."""
ENERGY_STEP = 5.0
"""Percent of fuel or charge by which a level must differ from the one that is known."""
CLOCK_STEP_S = 30
"""Seconds by which the error of a clock must differ from the one that is known,"""
CLOCK_STEP_SHARE = 0.25
"""or this share of it, if that is more: a clock that goes wrong steadily is told of more and more seldom."""

Kind = Literal[
    "position",
    "zones",
    "doors_closed",
    "locked",
    "ignition_on",
    "plugged_in",
    "dirty",
    "energy_percent",
    "fault_codes",
    "crashed",
    "clock_ahead_s",
]

_EVERY_CHANGE: tuple[Kind, ...] = ("doors_closed", "locked", "ignition_on", "plugged_in", "dirty")


def news(known: VehicleReadings, seen: Observation, limits: FleetLimits) -> Iterator[Kind]:
    """The kinds of readings that are newer and different enough, in the order in which they are told."""
    if _has_moved(known, seen):
        yield "position"
    if known.is_changed_by("zones", seen):
        yield "zones"
    for kind in _EVERY_CHANGE:
        if known.is_changed_by(kind, seen):
            yield kind
    if _level_differs(known, seen, limits):
        yield "energy_percent"
    if known.is_changed_by("fault_codes", seen):
        yield "fault_codes"
    if known.is_changed_by("crashed", seen):
        yield "crashed"
    if _clock_differs(known, seen):
        yield "clock_ahead_s"


def _has_moved(known: VehicleReadings, seen: Observation) -> bool:
    """Whether it is somewhere else with its ignition off, or nobody knew where it stands."""
    if seen.position is None or not known.is_newer("position", seen.observed_at):
        return False
    place = known.place
    if place is None:
        return True
    return not seen.ignition_on and not known.value("ignition_on") and place.distance_m(seen.position) > MOVED_M


def _level_differs(known: VehicleReadings, seen: Observation, limits: FleetLimits) -> bool:
    """By a step, or because it has become low or has been filled since."""
    level = seen.energy_percent
    if level is None or not known.is_newer("energy_percent", seen.observed_at):
        return False
    if known.energy_percent is None:
        return True
    before = known.energy_percent.value
    crosses = level <= limits.low_energy < before or before < limits.restored_energy <= level
    return crosses or abs(level - before) >= ENERGY_STEP


def _clock_differs(known: VehicleReadings, seen: Observation) -> bool:
    if seen.clock_ahead_s is None:
        return False
    before = known.clock_ahead_s.value if known.clock_ahead_s else 0
    return abs(seen.clock_ahead_s - before) >= max(CLOCK_STEP_S, CLOCK_STEP_SHARE * abs(before))
