"""Stories of leaving a car: every criterion that it does not meet is told, with the others."""

from datetime import timedelta

from domain.fleet.vehicle import Vehicle
from domain.kernel.ids import VehicleId
from tests.support.people_and_cars import car, commissioned, says
from tests.support.world import World


async def objections(world: World, which: VehicleId) -> set[str]:
    vehicle = await world.store.load(Vehicle, which)
    return {violation.code for violation in vehicle.end_readiness(vehicle.readings, world.rulebook.trip, world.now())}


async def test_a_car_that_is_closed_and_off_and_knows_where_it_is_can_be_left(world: World) -> None:
    x1 = await car(world)
    await says(world, x1, locked=False)

    assert await objections(world, x1) == set()


async def test_all_that_stands_against_leaving_a_car_is_told_together(world: World) -> None:
    x1 = await car(world)
    await world.advance(world.rulebook.trip.position_maximum_age + timedelta(seconds=1))
    await says(world, x1, doors_closed=False, ignition_on=True, position=None, locked=False)

    assert await objections(world, x1) == {
        "vehicle.doors_open",
        "vehicle.ignition_on",
        "vehicle.position_too_old",
    }


async def test_a_young_position_is_good_although_the_car_drove_on_for_a_while(world: World) -> None:
    x1 = await car(world)
    await says(world, x1, locked=False, ignition_on=True)
    await world.advance(world.rulebook.trip.position_maximum_age)

    await says(world, x1, locked=False, position=None)

    assert await objections(world, x1) == set()


async def test_a_car_that_stopped_without_reception_can_be_left_once_it_says_where_it_is(world: World) -> None:
    x1 = await car(world)
    await says(world, x1, locked=False, ignition_on=True)
    await world.advance(timedelta(minutes=10))
    await says(world, x1, locked=False, position=None)
    stopped = await objections(world, x1)

    await says(world, x1, locked=False)

    assert stopped == {"vehicle.position_too_old"}
    assert await objections(world, x1) == set()


async def test_a_car_that_never_said_where_it_is_cannot_be_left(world: World) -> None:
    x1 = await commissioned(world)

    assert await objections(world, x1) == {"vehicle.position_unknown"}


async def test_a_position_measured_since_the_car_stopped_is_good_however_old(world: World) -> None:
    x1 = await car(world)
    await says(world, x1, locked=False, ignition_on=True)
    await says(world, x1, locked=False, ignition_on=False)

    await world.advance(timedelta(hours=1))

    assert await objections(world, x1) == set()
