"""Whose VIN, and which zones."""

from uuid import UUID

from adapters.mqtt.lookups import CachedDirectory, KnownVehicle, ZoneMap, ZoneShape
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


def test_a_position_is_in_the_zones_of_its_own_service() -> None:
    zones = ZoneMap([ZoneShape("s", HOME, (SQUARE,)), ZoneShape("other", AIRPORT, (SQUARE,))])
    assert zones("s", Position(latitude=1, longitude=1)) == {HOME}
    assert zones("s", Position(latitude=3, longitude=1)) == frozenset()
    assert zones("nobody", Position(latitude=1, longitude=1)) == frozenset()


def test_zones_can_be_replaced() -> None:
    zones = ZoneMap([ZoneShape("s", HOME, (SQUARE,))])
    zones.replace([ZoneShape("s", AIRPORT, (SQUARE,))])
    assert zones("s", Position(latitude=1, longitude=1)) == {AIRPORT}
