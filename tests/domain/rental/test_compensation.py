"""Stories of what is put right when a car does something too late, otherwise, or for nobody."""

from datetime import timedelta

import pytest

from domain.fleet.commands import CompleteTask, ConfirmVehicleCommand, FailVehicleCommand, NoteContact
from domain.fleet.state import Observation
from domain.fleet.task import Task
from domain.fleet.vehicle import Vehicle
from domain.kernel.errors import RefusedError
from domain.rental.commands import EndTrip, ForceEndTrip
from domain.rental.steps import TripState
from domain.rental.trip import Trip
from tests.support.people_and_cars import car, member, reserved, started
from tests.support.telling import DRIVING, LOCKED, STOPPED, tells
from tests.support.world import World, codes

MINUTE = timedelta(minutes=1)


def tasks(world: World) -> list[tuple[str, str]]:
    return [(raised.kind, raised.reason) for raised in world.events(Task.Raised)]


def locks(world: World) -> int:
    return [asked.type for asked in world.events(Vehicle.CommandRequested)].count("lock")


async def test_an_unlock_that_comes_after_the_start_was_given_up_is_locked_again(world: World) -> None:
    ada, bob, x1 = await member(world), await member(world, "Bob"), await car(world)
    world.cars[x1] = "silent"
    trip_id = await started(world, ada, x1)
    await world.advance(MINUTE)
    world.cars[x1] = "obedient"

    await world.answer_late()

    assert (await world.store.load(Trip, trip_id)).state is TripState.START_FAILED
    assert (await world.store.load(Vehicle, x1)).readings.value("locked") is True
    assert locks(world) == 1
    await reserved(world, bob, x1)


async def test_an_unlock_that_is_done_after_the_car_said_no_is_locked_again(world: World) -> None:
    ada, x1 = await member(world), await car(world)
    world.cars[x1] = "silent"
    await started(world, ada, x1)
    (request,) = world.unanswered
    await world.do(FailVehicleCommand(vehicle_id=x1, request_id=request.request_id, reason="busy"))
    await world.advance(MINUTE)
    world.cars[x1] = "obedient"
    before = len(world.store.log)

    claimed = Observation(observed_at=world.now())
    await world.do(ConfirmVehicleCommand(vehicle_id=x1, request_id=request.request_id, observation=claimed))

    assert world.news(before)[:2] == [Vehicle.Unlocked.TOPIC, Vehicle.CommandRequested.TOPIC]
    assert (await world.store.load(Vehicle, x1)).readings.value("locked") is True


async def test_a_car_that_says_it_did_not_open_and_shows_open_is_locked_again(world: World) -> None:
    ada, x1 = await member(world), await car(world)
    world.cars[x1] = "silent"
    await started(world, ada, x1)
    (request,) = world.unanswered
    world.cars[x1] = "obedient"
    await world.advance(timedelta(seconds=5))
    before = len(world.store.log)

    seen = Observation(observed_at=world.now(), locked=False)
    said = {"vehicle_id": x1, "request_id": request.request_id, "reason": "busy", "observation": seen}
    await world.do(FailVehicleCommand.model_validate(said))

    assert world.news(before)[:2] == [Vehicle.Unlocked.TOPIC, Vehicle.CommandFailed.TOPIC]
    assert locks(world) == 1
    assert (await world.store.load(Vehicle, x1)).readings.value("locked") is True


async def test_a_car_that_stays_open_is_not_offered_and_a_task_for_the_crew_until_it_is_locked(world: World) -> None:
    ada, bob, x1 = await member(world), await member(world, "Bob"), await car(world)
    world.cars[x1] = "silent"
    await started(world, ada, x1)
    await world.advance(MINUTE)
    world.cars[x1] = "refusing"
    await world.answer_late()

    with pytest.raises(RefusedError) as refused:
        await reserved(world, bob, x1)
    open_tasks = tasks(world)
    await world.advance(MINUTE)
    await tells(world, x1, LOCKED)

    assert codes(refused) == {"vehicle.stands_open"}
    assert open_tasks == [("inspect", "not answering"), ("secure", "left open")]
    assert len(world.events(Task.Done)) == 1
    await reserved(world, bob, x1)


async def test_a_car_that_opened_without_a_word_is_locked_when_the_start_is_given_up(world: World) -> None:
    ada, x1 = await member(world), await car(world)
    world.cars[x1] = "silent"
    await started(world, ada, x1)
    await tells(world, x1, STOPPED)
    asked_in_the_trip = locks(world)
    world.cars[x1] = "obedient"

    await world.advance(MINUTE)

    assert (asked_in_the_trip, locks(world)) == (0, 1)
    assert (await world.store.load(Vehicle, x1)).readings.value("locked") is True


async def test_a_car_that_stands_open_with_nobody_in_a_trip_is_locked(world: World) -> None:
    x1 = await car(world)

    await tells(world, x1, STOPPED)

    assert (locks(world), tasks(world)) == (1, [])
    assert (await world.store.load(Vehicle, x1)).readings.value("locked") is True


async def test_a_car_that_cannot_be_told_to_lock_is_seen_to_by_the_crew(world: World) -> None:
    x1 = await car(world, capabilities=("unlock", "locate"))

    await tells(world, x1, STOPPED)

    assert tasks(world) == [("secure", "left open")]


async def test_a_trip_that_is_ended_by_an_agent_leaves_no_car_open(world: World) -> None:
    ada, x1 = await member(world), await car(world)
    trip_id = await started(world, ada, x1)
    await tells(world, x1, STOPPED)

    await world.do(ForceEndTrip(trip_id=trip_id, ended_at=world.now(), reason="the member has left"))

    assert locks(world) == 1
    assert (await world.store.load(Vehicle, x1)).readings.value("locked") is True


async def test_a_start_that_failed_for_silence_raises_one_task_until_that_is_done(world: World) -> None:
    ada, x1 = await member(world), await car(world)
    world.cars[x1] = "silent"
    for _ in range(3):
        await started(world, ada, x1)
        await world.advance(MINUTE)
    after_three = tasks(world)
    await world.do(CompleteTask(task_id=world.events(Task.Raised)[-1].originator_id))
    world.cars[x1] = "refusing"
    await started(world, ada, x1)
    world.cars[x1] = "silent"

    await started(world, ada, x1)
    await world.advance(MINUTE)

    assert after_three == [("inspect", "not answering")]
    assert tasks(world) == [("inspect", "not answering")] * 2


async def test_a_car_that_says_open_and_shows_locked_starts_no_trip(world: World) -> None:
    ada, x1 = await member(world), await car(world)
    world.cars[x1] = "silent"
    trip_id = await started(world, ada, x1)
    (request,) = world.unanswered

    seen = Observation(observed_at=world.now(), locked=True)
    await world.do(ConfirmVehicleCommand(vehicle_id=x1, request_id=request.request_id, observation=seen))

    trip = await world.store.load(Trip, trip_id)
    assert (trip.state, trip.reason) == (TripState.START_FAILED, "car_shows_otherwise")


async def test_a_car_that_is_driven_without_a_trip_is_withdrawn_and_inspected(world: World) -> None:
    ada, x1 = await member(world), await car(world)
    await tells(world, x1, DRIVING, {"speed_kmh": 0.0, "locked": True, "odometer_m": 1_000_000})

    await world.advance(MINUTE)
    await tells(world, x1, DRIVING, {"locked": True, "odometer_m": 1_000_900})
    await world.advance(MINUTE)

    with pytest.raises(RefusedError) as refused:
        await reserved(world, ada, x1)
    assert codes(refused) == {"vehicle.out_of_service"}
    assert tasks(world) == [("inspect", "driven without trip")]


async def test_a_car_that_a_member_takes_after_it_was_switched_on_is_not_driven_by_nobody(world: World) -> None:
    ada, x1 = await member(world), await car(world)
    await tells(world, x1, {"locked": True, "ignition_on": True, "speed_kmh": 0.0, "odometer_m": 1_000_000})
    trip_id = await started(world, ada, x1)
    await world.advance(5 * MINUTE)
    await tells(world, x1, LOCKED, {"odometer_m": 1_003_000})
    await world.do(EndTrip(trip_id=trip_id))

    await world.advance(10 * MINUTE)

    assert len(world.events(Trip.Ended)) == 1
    assert tasks(world) == []


async def test_a_car_that_is_only_switched_on_without_a_trip_stays_offered(world: World) -> None:
    ada, x1 = await member(world), await car(world)
    await tells(world, x1, {"locked": True, "ignition_on": True, "speed_kmh": 0.0, "odometer_m": 1_000_000})

    await world.advance(15 * MINUTE)

    assert tasks(world) == []
    await reserved(world, ada, x1)


async def test_a_car_that_was_left_open_out_of_reach_is_locked_when_it_is_back(world: World) -> None:
    x1 = await car(world)
    world.cars[x1] = "silent"
    await tells(world, x1, STOPPED)
    await world.advance(MINUTE)
    await world.do(NoteContact(vehicle_id=x1, online=False, at=world.now()))
    world.cars[x1] = "obedient"

    await world.do(NoteContact(vehicle_id=x1, online=True, at=world.now()))

    assert (await world.store.load(Vehicle, x1)).readings.value("locked") is True
    assert tasks(world) == [("secure", "left open")]
    assert len(world.events(Task.Done)) == 1
