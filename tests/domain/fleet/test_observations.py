"""Stories of what a car says of itself: what is new and means something becomes an event, the rest becomes nothing."""

from datetime import timedelta

import pytest

from domain.fleet.commands import NoteContact, ObserveVehicle, PutIntoService
from domain.fleet.state import Observation
from domain.fleet.task import Task
from domain.fleet.vehicle import Vehicle
from domain.kernel.ids import VehicleId
from domain.kernel.units import Position
from tests.support.people_and_cars import (
    ALEXANDERPLATZ,
    COMMISSIONED,
    HOME,
    NO_PARKING,
    area,
    car,
    commissioned,
    member,
    says,
    started,
)
from tests.support.world import World

OPENED = ("fleet.vehicle.task_opened", "fleet.task.raised")
PUT_ASIDE = ("fleet.vehicle.taken_out_of_service", "fleet.damage.reported")
CLOSED = ("fleet.vehicle.task_closed", "fleet.task.done")

SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
HAUPTBAHNHOF = Position(latitude=52.5251, longitude=13.3694)
"""Three kilometres from Alexanderplatz."""


async def says_only(world: World, which: VehicleId, **values: object) -> list[str]:
    """What follows when the car says this and nothing else."""
    before = len(world.store.log)
    observation = Observation.model_validate({"observed_at": world.now(), **values})
    await world.do(ObserveVehicle(vehicle_id=which, observation=observation))
    return world.news(before)


@pytest.mark.parametrize(
    ("switch", "when_true", "when_false"),
    [
        ("locked", "locked", "unlocked"),
        ("doors_closed", "doors_closed", "doors_opened"),
        ("ignition_on", "ignition_on", "ignition_off"),
        ("plugged_in", "plugged_in", "unplugged"),
    ],
)
async def test_a_switch_is_told_when_it_changes(world: World, switch: str, when_true: str, when_false: str) -> None:
    x1 = await commissioned(world)

    told = [await says_only(world, x1, **{switch: value}) for value in (True, True, False, False, True)]

    on, off = [f"fleet.vehicle.{when_true}"], [f"fleet.vehicle.{when_false}"]
    assert told == [on, [], off, [], on]


async def test_a_value_older_than_the_known_one_is_ignored(world: World) -> None:
    x1 = await commissioned(world)
    await says_only(world, x1, locked=True)

    told = await says_only(world, x1, observed_at=world.now() - SECOND, locked=False)

    assert told == []
    assert (await world.store.load(Vehicle, x1)).readings.value("locked") is True


async def test_an_event_carries_place_odometer_and_energy(world: World) -> None:
    x1 = await car(world)

    await says(world, x1, locked=False, odometer_m=1_000_500, energy_percent=64.0)

    (unlocked,) = world.events(Vehicle.Unlocked)
    assert (unlocked.position, unlocked.odometer_m, unlocked.energy_percent) == (ALEXANDERPLATZ, 1_000_500, 64.0)
    assert unlocked.holder_id == x1


async def test_the_place_of_a_driven_car_is_about_its_driver(world: World) -> None:
    await area(world)
    ada, x1 = await member(world), await car(world)
    await started(world, ada, x1)

    await says(world, x1, locked=False, ignition_on=True)

    (ignition_on,) = world.events(Vehicle.IgnitionOn)
    assert ignition_on.holder_id == ada


async def test_another_list_of_faults_is_told(world: World) -> None:
    x1 = await commissioned(world)

    reports = (("P0301",), ("P0301",), ("P0301", "P0420"), ())
    told = [await says_only(world, x1, fault_codes=faults) for faults in reports]

    changed = ["fleet.vehicle.faults_changed"]
    assert told == [changed, [], changed, changed]
    assert (await world.store.load(Vehicle, x1)).readings.value("fault_codes") == ()


async def test_a_crash_is_told_once_and_inspected(world: World) -> None:
    x1 = await commissioned(world)

    told = [await says_only(world, x1, crashed=crashed) for crashed in (False, True, True)]

    assert told == [[], ["fleet.vehicle.crash_detected", *OPENED, *PUT_ASIDE], []]
    assert [(task.vehicle_id, task.kind) for task in world.events(Task.Raised)] == [(x1, "inspect")]


async def test_a_crashed_car_is_kept_from_members_until_it_is_offered_again(world: World) -> None:
    x1 = await car(world)
    await says(world, x1, crashed=True)
    crashed = (await world.store.load(Vehicle, x1)).service_state

    await world.do(PutIntoService(vehicle_id=x1))
    repaired = (await world.store.load(Vehicle, x1)).service_state
    await says(world, x1, crashed=True)

    assert (crashed, repaired) == ("out_of_service", "in_service")
    assert len(world.events(Vehicle.CrashDetected)) == 2


async def test_a_dirty_car_is_told_once_and_cleaned(world: World) -> None:
    x1 = await commissioned(world)

    told = [await says_only(world, x1, dirty=dirty) for dirty in (True, True, False)]

    assert told == [
        ["fleet.vehicle.found_dirty", *OPENED],
        [],
        ["fleet.vehicle.found_clean", *CLOSED],
    ]
    assert [task.kind for task in world.events(Task.Raised)] == ["clean"]


async def test_a_car_enters_and_leaves_zones(world: World) -> None:
    x1 = await commissioned(world)

    told = [
        await says_only(world, x1, zones=zones)
        for zones in ((HOME,), (NO_PARKING, HOME), (HOME, NO_PARKING), (HOME,), (), ())
    ]

    entered, left = ["fleet.vehicle.zone_entered"], ["fleet.vehicle.zone_left"]
    assert told == [entered, entered, [], left, left, []]
    assert [event.zone_id for event in world.events(Vehicle.ZoneEntered)] == [HOME, NO_PARKING]
    assert [event.zone_id for event in world.events(Vehicle.ZoneLeft)] == [NO_PARKING, HOME]
    assert (await world.store.load(Vehicle, x1)).readings.value("zones") == ()


async def test_a_car_that_never_said_where_it_is_says_it_once(world: World) -> None:
    x1 = await commissioned(world)

    told = [await says_only(world, x1, position=ALEXANDERPLATZ) for _ in range(2)]

    assert told == [["fleet.vehicle.located"], []]
    assert (await world.store.load(Vehicle, x1)).readings.value("position") == ALEXANDERPLATZ


async def test_a_car_that_stopped_without_reception_says_later_where_and_has_not_moved(world: World) -> None:
    x1 = await car(world)
    await says_only(world, x1, ignition_on=True)
    await world.advance(10 * MINUTE)
    await says_only(world, x1, ignition_on=False)

    told = await says_only(world, x1, position=HAUPTBAHNHOF)

    assert told == ["fleet.vehicle.located"]
    assert (await world.store.load(Vehicle, x1)).readings.value("position") == HAUPTBAHNHOF


async def test_a_car_towed_away_is_told_and_looked_after(world: World) -> None:
    x1 = await car(world)

    told = await says_only(world, x1, position=HAUPTBAHNHOF)

    assert told == ["fleet.vehicle.moved_while_parked", *OPENED]
    (moved,) = world.events(Vehicle.MovedWhileParked)
    assert 2_900 < moved.distance_m < 3_100
    assert [task.kind for task in world.events(Task.Raised)] == ["inspect"]


async def test_a_parked_car_whose_position_wavers_has_not_moved(world: World) -> None:
    x1 = await car(world)

    told = await says_only(world, x1, position=Position(latitude=52.5230, longitude=13.4140))  # 130 m

    assert told == []


@pytest.mark.parametrize("ignition", [{"ignition_on": True}, {}])
async def test_a_car_with_its_ignition_on_is_driven_and_not_moved(world: World, ignition: dict[str, bool]) -> None:
    x1 = await car(world)
    await says_only(world, x1, ignition_on=True)

    assert await says_only(world, x1, position=HAUPTBAHNHOF, **ignition) == []


async def test_a_car_that_is_switched_on_somewhere_else_was_driven_there(world: World) -> None:
    x1 = await car(world)

    assert await says_only(world, x1, position=HAUPTBAHNHOF, ignition_on=True) == ["fleet.vehicle.ignition_on"]


async def test_a_car_in_a_trip_may_be_anywhere(world: World) -> None:
    await area(world)
    ada, x1 = await member(world), await car(world)
    await started(world, ada, x1)

    assert await says_only(world, x1, position=HAUPTBAHNHOF) == []


async def test_contact_is_lost_once_and_restored_once(world: World) -> None:
    x1 = await commissioned(world)

    for online in (True, False, False, True, True):
        await world.do(NoteContact(vehicle_id=x1, online=online, at=world.now()))

    assert world.news(COMMISSIONED) == ["fleet.vehicle.contact_lost", "fleet.vehicle.contact_restored"]


async def test_a_car_that_says_something_can_be_reached_whatever_a_late_last_will_says(world: World) -> None:
    x1 = await car(world)
    await says(world, x1)
    await world.do(NoteContact(vehicle_id=x1, online=False, at=world.now()))

    assert await says_only(world, x1, energy_percent=79.0) == ["fleet.vehicle.contact_restored"]
    assert (await world.store.load(Vehicle, x1)).online
