"""Whose VIN, and which zones."""

from uuid import UUID

from adapters.mqtt.lookups import KEPT_S, CachedDirectory, KnownVehicle, ZoneMap, ZoneShape
from domain.kernel.ids import VehicleId, ZoneId
from domain.kernel.units import Position

SQUARE = (((0.0, 0.0), (2.0, 0.0), (2.0, 2.0), (0.0, 2.0), (0.0, 0.0)),)
HOME, AIRPORT = ZoneId(UUID(int=1)), ZoneId(UUID(int=2))


async def test_a_found_car_is_asked_for_once_and_an_unknown_one_again() -> None:
    asked: list[set[str]] = []
    known = {"A": KnownVehicle(VehicleId(UUID(int=1)), "s")}

    async def query(vins: set[str]) -> dict[str, KnownVehicle]:
        asked.append(vins)
        return known

    directory = CachedDirectory(query)
    assert [await directory.find(vins) for vins in ({"A"}, {"A"}, {"A", "B"}, {"B"})] == [known] * 4
    assert asked == [{"A"}, {"B"}, {"B"}]


async def test_a_vin_that_went_to_another_car_is_that_cars_after_a_while() -> None:
    cars, now = [KnownVehicle(VehicleId(UUID(int=n)), "s") for n in (1, 2)], [0.0]

    async def query(vins: set[str]) -> dict[str, KnownVehicle]:
        return dict.fromkeys(vins, cars[0])

    directory = CachedDirectory(query, now_s=lambda: now[0])
    found = [(await directory.find({"A"}))["A"]]
    cars.reverse()
    for now[0] in (KEPT_S, KEPT_S + 1):
        found.append((await directory.find({"A"}))["A"])

    assert [car.vehicle_id.int for car in found] == [1, 1, 2]


def test_a_position_is_in_the_zones_of_its_own_service() -> None:
    zones = ZoneMap([ZoneShape("s", HOME, "Home", (SQUARE,)), ZoneShape("other", AIRPORT, "Airport", (SQUARE,))])
    assert zones("s", Position(latitude=1, longitude=1)) == {HOME}
    assert zones("s", Position(latitude=3, longitude=1)) == frozenset()
    assert zones("nobody", Position(latitude=1, longitude=1)) == frozenset()


def test_zones_can_be_replaced() -> None:
    zones = ZoneMap([ZoneShape("s", HOME, "Home", (SQUARE,))])
    zones.replace([ZoneShape("s", AIRPORT, "Airport", (SQUARE,))])
    assert zones("s", Position(latitude=1, longitude=1)) == {AIRPORT}
