"""Laws of what follows from what a car says, in whatever order it arrives."""

from itertools import pairwise
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from domain.fleet.description import Description
from domain.fleet.observations import observe
from domain.fleet.state import Observation
from domain.fleet.vehicle import Vehicle
from domain.kernel.ids import derived_id
from domain.rulebook.model import FleetLimits
from tests.domain.fleet.observed import KINDS, NOW, observations, said

PAIRS = [
    (Vehicle.Locked, Vehicle.Unlocked),
    (Vehicle.DoorsClosed, Vehicle.DoorsOpened),
    (Vehicle.IgnitionOn, Vehicle.IgnitionOff),
    (Vehicle.PluggedIn, Vehicle.Unplugged),
    (Vehicle.FoundDirty, Vehicle.FoundClean),
    (Vehicle.EnergyLow, Vehicle.EnergyRestored),
]
TOLD_AT_ONCE = ("locked", "doors_closed", "ignition_on", "plugged_in", "dirty", "fault_codes")
"""Kinds of which every change becomes an event."""


def a_car() -> Vehicle:
    known = Description(plate="B-AB 1", make="BMW", model="BMW X1", propulsion="combustion")
    facts = {"vin": "WBA00000000000001", "description": known}
    unknown = dict.fromkeys(("position", "energy_percent", "odometer_m"))
    where = {"service": "drivenow-europe", "city_id": "berlin", "capabilities": ()}
    return Vehicle.begin(Vehicle.Commissioned, id=derived_id("car"), timestamp=NOW, **facts, **unknown, **where)


def heard(vehicle: Vehicle, seen: list[Observation]) -> list[Any]:
    """The events that follow, for which a test knows the fields that it looks at."""
    for observation in seen:
        observe(vehicle, observation, FleetLimits(), NOW)
    return vehicle.pending_events[1:]


def last(kind: str, seen: list[Observation]) -> Any:
    values = [value for _, value in said(kind, seen)]
    return values[-1] if values else None


@given(seen=st.lists(observations))
def test_an_event_and_its_opposite_take_turns(seen: list[Observation]) -> None:
    events = heard(a_car(), seen)

    for pair in PAIRS:
        told = [type(event) for event in events if isinstance(event, pair)]
        assert all(before is not after for before, after in pairwise(told))


@given(seen=st.lists(observations))
def test_a_car_is_restored_only_after_it_was_low(seen: list[Observation]) -> None:
    told = [type(e) for e in heard(a_car(), seen) if isinstance(e, Vehicle.EnergyLow | Vehicle.EnergyRestored)]

    assert told[:1] in ([], [Vehicle.EnergyLow])


@given(seen=st.lists(observations))
def test_zones_entered_and_not_left_are_those_that_the_car_is_in(seen: list[Observation]) -> None:
    vehicle = a_car()

    inside = set()
    for event in heard(vehicle, seen):
        if isinstance(event, Vehicle.ZoneEntered):
            assert event.zone_id not in inside
            inside.add(event.zone_id)
        if isinstance(event, Vehicle.ZoneLeft):
            inside.remove(event.zone_id)

    assert inside == set(vehicle.readings.zones.value if vehicle.readings.zones else ())


@given(seen=st.lists(observations))
def test_in_their_order_of_time_a_car_is_as_it_said_last(seen: list[Observation]) -> None:
    in_order = sorted(seen, key=lambda observation: observation.observed_at)
    vehicle = a_car()

    heard(vehicle, in_order)

    assert [vehicle.readings.value(kind) for kind in TOLD_AT_ONCE] == [last(kind, in_order) for kind in TOLD_AT_ONCE]
    assert (vehicle.readings.value("zones") or ()) == (last("zones", in_order) or ())


@given(seen=st.lists(observations))
def test_no_reading_is_replaced_by_an_older_one(seen: list[Observation]) -> None:
    vehicle = a_car()

    for observation in seen:
        before = vehicle.readings
        heard(vehicle, [observation])
        for kind in KINDS:
            old, new = getattr(before, kind), getattr(vehicle.readings, kind)
            assert old is None or old.at <= new.at


@given(seen=st.lists(observations))
def test_the_events_alone_give_the_same_car(seen: list[Observation]) -> None:
    decided = a_car()
    heard(decided, seen)

    again: Vehicle | None = None
    for event in decided.collect_events():
        again = event.mutate(again)

    assert again is not None
    assert again.readings == decided.readings
