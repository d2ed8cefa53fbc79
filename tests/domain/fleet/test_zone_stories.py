"""Stories of zones: drawn, drawn anew, retired."""

import pytest

from domain.fleet.commands import DefineZone, RetireZone
from domain.fleet.zone import Zone
from domain.fleet.zones import Polygons, ZoneKind, contains
from domain.kernel.errors import RefusedError
from domain.kernel.ids import ZoneId, derived_id
from domain.kernel.units import Position
from tests.support.world import World, codes

MITTE = ZoneId(derived_id("zone", "Mitte"))
SMALL: Polygons = ((((13.3, 52.5), (13.4, 52.5), (13.4, 52.6), (13.3, 52.5)),),)
LARGE: Polygons = ((((13.2, 52.5), (13.5, 52.5), (13.5, 52.7), (13.2, 52.5)),),)
OPEN: Polygons = ((((13.3, 52.5), (13.4, 52.5), (13.4, 52.6), (13.3, 52.6)),),)


def drawn(polygons: Polygons, name: str = "Mitte", city_id: str = "berlin") -> DefineZone:
    return DefineZone(zone_id=MITTE, city_id=city_id, kind=ZoneKind.HOME_AREA, name=name, polygons=polygons)


async def shape(world: World) -> tuple[int, str, Polygons, bool]:
    zone = await world.store.load(Zone, MITTE)
    return zone.zone_version, zone.name, zone.polygons, zone.retired


async def test_a_zone_is_drawn_and_drawn_anew(world: World) -> None:
    await world.do(drawn(SMALL))

    await world.do(drawn(LARGE, "Mitte and around"))

    assert await shape(world) == (2, "Mitte and around", LARGE, False)


async def test_the_same_shape_again_changes_nothing(world: World) -> None:
    await world.do(drawn(SMALL))

    await world.do(drawn(SMALL))

    assert world.news(0) == ["fleet.zone.defined"]


async def test_a_zone_is_retired_once(world: World) -> None:
    await world.do(drawn(SMALL))

    await world.do(RetireZone(zone_id=MITTE))
    await world.do(RetireZone(zone_id=MITTE))

    assert world.news(1) == ["fleet.zone.retired"]
    assert (await world.store.load(Zone, MITTE)).retired


async def test_a_retired_zone_counts_again_when_it_is_drawn_again(world: World) -> None:
    await world.do(drawn(SMALL))
    await world.do(RetireZone(zone_id=MITTE))

    await world.do(drawn(SMALL))

    assert await shape(world) == (2, "Mitte", SMALL, False)


async def test_a_new_zone_must_be_in_a_city_of_the_service_and_closed(world: World) -> None:
    with pytest.raises(RefusedError) as refused:
        await world.do(drawn(OPEN, city_id="seattle"))

    assert codes(refused) == {"service.unknown_city", "zone.ring_not_closed"}


async def test_a_zone_is_not_redrawn_with_a_ring_that_is_not_closed(world: World) -> None:
    await world.do(drawn(SMALL))

    with pytest.raises(RefusedError) as refused:
        await world.do(drawn(OPEN))

    assert codes(refused) == {"zone.ring_not_closed"}
    assert await shape(world) == (1, "Mitte", SMALL, False)


async def test_a_zone_over_the_antimeridian_is_refused_and_one_cut_there_is_taken(world: World) -> None:
    """Fiji: as one ring it would be all of the earth but Fiji."""
    whole = ((((177.0, -19.0), (-178.0, -19.0), (-178.0, -16.0), (177.0, -16.0), (177.0, -19.0)),),)
    west = (((177.0, -19.0), (180.0, -19.0), (180.0, -16.0), (177.0, -16.0), (177.0, -19.0)),)
    east = (((-180.0, -19.0), (-178.0, -19.0), (-178.0, -16.0), (-180.0, -16.0), (-180.0, -19.0)),)

    with pytest.raises(RefusedError) as refused:
        await world.do(drawn(whole))
    await world.do(drawn((west, east)))

    assert codes(refused) == {"zone.crosses_antimeridian"}
    assert [contains((west, east), Position(latitude=-18, longitude=at)) for at in (178.4, -179.0, 0.0)] == [
        True,
        True,
        False,
    ]
