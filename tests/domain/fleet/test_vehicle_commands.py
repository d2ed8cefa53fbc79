"""Stories of commands to a car: asked for, done, refused, or not answered in time."""

from datetime import timedelta
from uuid import UUID

import pytest

from domain.fleet.commands import ConfirmVehicleCommand, FailVehicleCommand
from domain.fleet.state import Observation
from domain.fleet.vehicle import Vehicle
from domain.kernel.errors import RefusedError
from domain.kernel.ids import VehicleId, derived_id
from domain.kernel.policy import TellVehicle
from domain.rental.commands import ForceEndTrip, ParkTrip, ResumeTrip
from domain.rental.steps import TripState
from domain.rental.trip import Trip
from tests.support.people_and_cars import area, car, commissioned, member, started
from tests.support.world import World, codes

FIRST, SECOND = derived_id("first request"), derived_id("second request")
WHOLE = derived_id("what it is a part of")
PATIENCE = timedelta(seconds=30)
DONE, FAILED = "fleet.vehicle.command_confirmed", "fleet.vehicle.command_failed"


async def vehicle(world: World) -> Vehicle:
    return await world.store.load(Vehicle, await commissioned(world))


def unlock(x1: Vehicle, request_id: UUID, world: World, later: timedelta = timedelta(0)) -> None:
    at = world.now() + later
    x1.request_command(request_id, "unlock", at, expires_at=at + PATIENCE, correlation_id=WHOLE)


async def asked(world: World) -> tuple[VehicleId, TellVehicle]:
    """A car that was told to open for a trip and has not answered."""
    await area(world)
    ada, x1 = await member(world), await car(world)
    world.cars[x1] = "silent"
    await started(world, ada, x1)
    return x1, world.unanswered[0]


def done(request: TellVehicle, world: World) -> ConfirmVehicleCommand:
    seen = Observation(observed_at=world.now(), locked=False)
    return ConfirmVehicleCommand(vehicle_id=request.vehicle_id, request_id=request.request_id, observation=seen)


def failed(request: TellVehicle) -> FailVehicleCommand:
    return FailVehicleCommand(vehicle_id=request.vehicle_id, request_id=request.request_id, reason="door_open")


async def test_a_car_is_told_what_it_must_do_and_until_when(world: World) -> None:
    x1, request = await asked(world)

    assert (request.vehicle_id, request.type, request.service) == (x1, "unlock", "drivenow-europe")
    assert request.expires_at == world.now() + world.rulebook.trip.unlock_timeout


async def test_a_confirmed_command_says_how_the_car_is_even_if_the_car_adds_nothing(world: World) -> None:
    x1, request = await asked(world)

    bare = Observation(observed_at=world.now())
    await world.do(ConfirmVehicleCommand(vehicle_id=x1, request_id=request.request_id, observation=bare))

    vehicle = await world.store.load(Vehicle, x1)
    assert vehicle.open_requests == {}
    assert vehicle.readings.value("locked") is False


async def test_the_car_tells_of_its_lock_and_then_that_it_has_done_what_it_was_told(world: World) -> None:
    _, request = await asked(world)
    before = len(world.store.log)

    await world.do(done(request, world))

    assert world.news(before)[:2] == ["fleet.vehicle.unlocked", DONE]


async def test_a_command_that_failed_says_why(world: World) -> None:
    x1, request = await asked(world)

    await world.do(failed(request))

    (told,) = world.events(Vehicle.CommandFailed)
    assert (told.request_id, told.type, told.reason) == (request.request_id, "unlock", "door_open")
    assert (await world.store.load(Vehicle, x1)).open_requests == {}


async def test_only_the_first_answer_counts(world: World) -> None:
    _, request = await asked(world)
    before = len(world.store.log)

    for answer in (failed(request), done(request, world), failed(request)):
        await world.do(answer)

    assert [topic for topic in world.news(before) if topic in {DONE, FAILED}] == [FAILED]


async def test_a_car_that_does_not_answer_in_time_has_failed_and_a_later_answer_confirms_nothing(world: World) -> None:
    _, request = await asked(world)

    await world.advance(world.rulebook.trip.unlock_timeout)
    await world.do(done(request, world))

    (told,) = world.events(Vehicle.CommandFailed)
    assert told.reason == "no_answer"
    assert world.events(Vehicle.CommandConfirmed) == []


async def test_an_answer_in_time_makes_the_time_out_change_nothing(world: World) -> None:
    _, request = await asked(world)
    await world.do(done(request, world))

    await world.advance(world.rulebook.trip.unlock_timeout)

    assert world.events(Vehicle.CommandFailed) == []


async def test_a_car_is_not_told_what_it_cannot_do(world: World) -> None:
    x1 = await world.store.load(Vehicle, await commissioned(world, capabilities=("lock", "locate")))

    with pytest.raises(RefusedError) as refused:
        unlock(x1, FIRST, world)

    assert codes(refused) == {"vehicle.incapable"}


async def test_the_same_request_twice_is_one_request(world: World) -> None:
    x1 = await vehicle(world)

    unlock(x1, FIRST, world)
    unlock(x1, FIRST, world)

    assert [type(event) for event in x1.pending_events] == [Vehicle.CommandRequested]


async def test_a_car_has_one_open_command_of_a_kind(world: World) -> None:
    x1 = await vehicle(world)
    unlock(x1, FIRST, world)

    with pytest.raises(RefusedError) as refused:
        unlock(x1, SECOND, world, later=PATIENCE - timedelta(seconds=1))
    x1.request_command(SECOND, "locate", world.now(), expires_at=world.now() + PATIENCE, correlation_id=WHOLE)

    assert codes(refused) == {"vehicle.command_pending"}
    assert {request.type for request in x1.open_requests.values()} == {"unlock", "locate"}


async def test_a_command_may_be_given_again_once_the_first_has_expired(world: World) -> None:
    x1 = await vehicle(world)
    unlock(x1, FIRST, world)

    unlock(x1, SECOND, world, later=PATIENCE)

    assert set(x1.open_requests) == {FIRST, SECOND}


async def test_what_was_asked_for_a_trip_that_is_over_does_not_hold_up_the_next_one(world: World) -> None:
    await area(world)
    ada, bob, x1 = await member(world), await member(world, "Bob"), await car(world)
    trip_id = await started(world, ada, x1)
    await world.do(ParkTrip(trip_id=trip_id))
    world.cars[x1] = "silent"
    await world.do(ResumeTrip(trip_id=trip_id))
    await world.do(ForceEndTrip(trip_id=trip_id, ended_at=world.now(), reason="the car is silent"))
    world.cars[x1] = "obedient"

    next_trip = await started(world, bob, x1)

    assert (await world.store.load(Trip, next_trip)).state is TripState.RUNNING
    assert world.refused_reactions == []


async def test_a_car_that_was_let_go_is_told_nothing(world: World) -> None:
    x1 = await vehicle(world)
    x1.decommission("sold", world.now())

    with pytest.raises(RefusedError) as refused:
        unlock(x1, FIRST, world)

    assert codes(refused) == {"vehicle.decommissioned"}
