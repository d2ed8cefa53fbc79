"""Stories of a car's life: commissioned, offered, withdrawn, let go."""

from collections.abc import Callable

import pytest

from domain.fleet.commands import (
    DecommissionVehicle,
    NoteContact,
    ObserveVehicle,
    PutIntoService,
    TakeOutOfService,
)
from domain.fleet.state import Observation
from domain.fleet.vehicle import Vehicle
from domain.kernel.errors import RefusedError
from domain.kernel.ids import VehicleId
from domain.kernel.messages import Command
from tests.support.people_and_cars import (
    ALEXANDERPLATZ,
    COMMISSIONED,
    Taking,
    area,
    car,
    commissioned,
    member,
    reserved,
    started,
)
from tests.support.world import World, codes


async def test_a_car_is_commissioned_with_what_is_known_of_it(world: World) -> None:
    x1 = await commissioned(world, position=ALEXANDERPLATZ, energy_percent=70.0, odometer_m=12_000)

    vehicle = await world.store.load(Vehicle, x1)
    assert (vehicle.service, vehicle.city_id, vehicle.service_state) == ("drivenow-europe", "berlin", "commissioned")
    known = [vehicle.readings.value(name) for name in ("position", "energy_percent", "odometer_m", "locked")]
    assert known == [ALEXANDERPLATZ, 70.0, 12_000, None]


async def test_a_car_is_not_commissioned_in_a_city_that_the_service_does_not_run_in(world: World) -> None:
    with pytest.raises(RefusedError) as refused:
        await commissioned(world, city_id="seattle")

    assert codes(refused) == {"service.unknown_city"}


async def test_a_car_is_offered_and_withdrawn_as_often_as_needed_but_never_twice_in_a_row(world: World) -> None:
    x1 = await commissioned(world)

    steps: list[Command] = [PutIntoService(vehicle_id=x1), TakeOutOfService(vehicle_id=x1, reason="a scratch")]
    for step in (steps[0], *steps, *steps, steps[1]):
        await world.do(step)

    entered, left = "fleet.vehicle.put_into_service", "fleet.vehicle.taken_out_of_service"
    assert world.news(COMMISSIONED) == [entered, left, entered, left]


async def test_a_car_without_a_price_is_not_offered(world: World) -> None:
    trabant = await commissioned(world, model="Trabant")

    with pytest.raises(RefusedError) as refused:
        await world.do(PutIntoService(vehicle_id=trabant))

    assert codes(refused) == {"service.no_tariff"}


async def test_only_a_car_in_service_can_be_taken(world: World) -> None:
    ada, x1 = await member(world), await car(world)
    await world.do(TakeOutOfService(vehicle_id=x1, reason="a scratch"))

    with pytest.raises(RefusedError) as refused:
        await reserved(world, ada, x1)
    await world.do(PutIntoService(vehicle_id=x1))
    await reserved(world, ada, x1)

    assert codes(refused) == {"vehicle.out_of_service"}


async def test_every_reason_against_taking_a_car_is_told_at_once(world: World) -> None:
    x1 = await commissioned(world, energy_percent=9.0)
    await world.do(NoteContact(vehicle_id=x1, online=False, at=world.now()))

    car = await world.store.load(Vehicle, x1)
    reasons = car.unavailability(car.readings, world.rulebook.reservation, world.now())

    assert {reason.code for reason in reasons} == {
        "vehicle.out_of_service",
        "vehicle.contact_lost",
        "vehicle.position_unknown",
        "vehicle.energy_too_low",
    }


async def test_a_car_withdrawn_during_a_trip_stays_in_the_trip(world: World) -> None:
    await area(world)
    ada, x1 = await member(world), await car(world)
    trip_id = await started(world, ada, x1)

    await world.do(TakeOutOfService(vehicle_id=x1, reason="a scratch"))

    vehicle = await world.store.load(Vehicle, x1)
    assert (vehicle.trip_id, vehicle.service_state) == (trip_id, "out_of_service")


@pytest.mark.parametrize(("taking", "code"), [(reserved, "vehicle.reserved"), (started, "vehicle.in_trip")])
async def test_a_car_is_not_let_go_while_somebody_has_it(world: World, taking: Taking, code: str) -> None:
    await area(world)
    ada, x1 = await member(world), await car(world)
    await taking(world, ada, x1)

    with pytest.raises(RefusedError) as refused:
        await world.do(DecommissionVehicle(vehicle_id=x1, reason="sold"))

    assert codes(refused) == {code}


@pytest.mark.parametrize(
    "command",
    [
        lambda car: PutIntoService(vehicle_id=car),
        lambda car: TakeOutOfService(vehicle_id=car, reason="a scratch"),
        lambda car: DecommissionVehicle(vehicle_id=car, reason="stolen"),
    ],
)
async def test_a_car_that_was_let_go_does_not_come_back(world: World, command: Callable[[VehicleId], Command]) -> None:
    x1 = await car(world)
    await world.do(DecommissionVehicle(vehicle_id=x1, reason="sold"))

    with pytest.raises(RefusedError) as refused:
        await world.do(command(x1))

    assert codes(refused) == {"vehicle.decommissioned"}


async def test_a_car_that_was_let_go_is_not_watched(world: World) -> None:
    x1 = await car(world)
    await world.do(DecommissionVehicle(vehicle_id=x1, reason="sold"))
    let_go = len(world.store.log)

    seen = Observation(observed_at=world.now(), position=ALEXANDERPLATZ, locked=False, energy_percent=3.0)
    await world.do(ObserveVehicle(vehicle_id=x1, observation=seen))
    await world.do(NoteContact(vehicle_id=x1, online=False, at=world.now()))

    assert world.news(let_go) == []


async def test_releasing_a_free_car_changes_nothing(world: World) -> None:
    x1 = await world.store.load(Vehicle, await car(world))
    ada = await member(world)

    x1.release(world.now(), reserved_by=ada)
    x1.close_trip(world.now())

    assert x1.pending_events == []
    assert x1.last_reservations == {}
