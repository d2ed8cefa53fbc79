"""A VIN belongs to one car of the fleet at a time, of whichever service."""

import pytest

from domain.fleet.commands import DecommissionVehicle
from domain.fleet.identity import VehicleIdentity
from domain.fleet.vehicle import Vehicle
from domain.kernel.errors import RefusedError
from tests.support.people_and_cars import commissioned
from tests.support.world import World, codes

VIN = "WBY1Z21070V307931"


async def test_a_second_car_with_the_same_vin_is_refused_and_nothing_of_it_is_written(world: World) -> None:
    await commissioned(world, "B-AB 1", vin=VIN)
    before = len(world.store.log)

    with pytest.raises(RefusedError) as refused:
        await commissioned(world, "B-AB 2", vin=VIN)

    assert codes(refused) == {"vehicle.vin_taken"}
    assert len(world.store.log) == before


async def test_a_second_service_cannot_have_the_same_car_either(world: World) -> None:
    await commissioned(world, vin=VIN)
    world.service = "reachnow-usa"

    with pytest.raises(RefusedError) as refused:
        await commissioned(world, vin=VIN, city_id="seattle")

    assert codes(refused) == {"vehicle.vin_taken"}


async def test_a_car_that_left_the_fleet_may_come_back(world: World) -> None:
    first = await commissioned(world, vin=VIN)
    await world.do(DecommissionVehicle(vehicle_id=first, reason="sold"))

    second = await commissioned(world, vin=VIN)

    assert (await world.store.load(Vehicle, second)).vin == VIN
    assert [event.vehicle_id for event in world.events(VehicleIdentity.Taken)] == [first, second]
