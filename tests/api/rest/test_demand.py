"""What members look for is counted by hour and cell, whatever comes of it."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from adapters.mqtt.lookups import ZoneMap
from adapters.postgres.demand import MOST_WAITING, PostgresDemand
from api.composition import Component
from domain.fleet.commands import DefineZone
from domain.fleet.zones import ZoneKind
from domain.kernel.cells import cell_of
from domain.kernel.demand import Ask
from domain.kernel.ids import ZoneId
from domain.kernel.messages import Role
from domain.kernel.units import Position
from tests.support.city import SERVICE, City
from tests.support.installation import Installation
from tests.support.places import BERLIN
from tests.support.waiting import until

HERE = Position(latitude=52.52, longitude=13.405)


class Lost:
    """Hears what was not counted."""

    def __init__(self) -> None:
        self.asks = 0

    def lost(self, asks: int) -> None:
        self.asks += asks


async def counted(city: City, name: str, **query: str) -> list[dict[str, Any]]:
    await city.running.demand.flush()
    found: list[dict[str, Any]] = (await city.get(f"/v1/reports/{name}", city.token(Role.ANALYST), **query))["rows"]
    return found


async def test_the_way_from_the_search_to_the_trip_is_counted(city: City) -> None:
    member, car = await city.member(), await city.car()
    near = f"{car.position.latitude},{car.position.longitude}"
    price = {"vehicle_id": str(car.vehicle_id), "driving_min": 5}

    await city.get("/v1/vehicles", member, near=near)
    await city.get("/v1/vehicles", member, city_id="berlin")
    (await city.post("/v1/quotes", price, member)).raise_for_status()
    await city.reserve(car, member)
    refused = await city.post("/v1/trips", {"vehicle_id": str(car.vehicle_id)}, await city.member())

    assert refused.status_code == 409
    [week] = await counted(city, "funnel", period="week")
    refusals = await counted(city, "refusal_hours")
    assert [week[name] for name in ("searches", "searches_with_cars", "quotes", "reservations", "trips")] == [
        2,
        2,
        1,
        1,
        0,
    ]
    assert week["city_id"] == "berlin"
    assert [(row["kind"], row["code"], row["asks"]) for row in refusals] == [("trip", "vehicle.reserved", 1)]


async def test_a_search_that_finds_nothing_is_counted_where_somebody_looked(city: City) -> None:
    member = await city.member()

    await city.get("/v1/vehicles", member, near="52.52,13.405", model="no such model")
    await city.running.demand.flush()

    [row] = await city.running.pool.fetch("select cell, asks, met from csbe.demand")
    assert tuple(row) == (cell_of(HERE), 1, 0)
    assert [row["code"] for row in await counted(city, "refusal_hours")] == ["search.nothing_found"]


async def test_a_cell_is_shown_once_five_people_have_asked_there_however_often_each_did(city: City) -> None:
    demand, at = city.running.demand, city.running.system.clock.now()

    for number in range(20):
        demand.note(Ask("search", SERVICE, at, f"member {number % 4}", "berlin", HERE))
    of_four = await counted(city, "demand_cells", period="week")
    demand.note(Ask("search", SERVICE, at, "member 4", "berlin", HERE, codes=("search.nothing_found",)))

    [cell] = await counted(city, "demand_cells", period="week")
    why = await counted(city, "refusal_cells", period="week")
    assert of_four == []
    assert (cell["asks"], cell["met"], cell["unmet"], cell["cell"]) == (21, 20, 1, cell_of(HERE))
    assert [(row["code"], row["asks"], row["hour"]) for row in why] == [("search.nothing_found", 1, cell["hour"])]


async def test_a_zone_is_shown_with_its_reasons_once_five_people_have_asked_in_it_also_in_different_cells(
    city: City,
) -> None:
    demand, at = city.running.demand, city.running.system.clock.now()
    north = Position(latitude=HERE.latitude + 0.05, longitude=HERE.longitude)
    assert cell_of(north) != cell_of(HERE)

    for place in (HERE, north):
        for number in range(4):
            demand.note(Ask("search", SERVICE, at, f"member {number}", "berlin", place))
    of_four = await counted(city, "demand_zones", period="week")
    demand.note(Ask("search", SERVICE, at, "member 4", "berlin", north, codes=("search.nothing_found",)))

    [zone] = await counted(city, "demand_zones", period="week")
    why = await counted(city, "refusal_zones", period="week")
    assert of_four == []
    assert (zone["zone"], zone["asks"], zone["met"], zone["unmet"]) == ("Berlin", 9, 8, 1)
    assert [(row["zone"], row["code"], row["asks"]) for row in why] == [("Berlin", "search.nothing_found", 1)]


async def test_zones_of_an_ask_are_named_together_as_those_of_a_trip_are(city: City) -> None:
    demand, at = city.running.demand, city.running.system.clock.now()
    far = Position(latitude=HERE.latitude + 1, longitude=HERE.longitude)
    stop = DefineZone(
        zone_id=ZoneId(uuid4()),
        city_id="berlin",
        kind=ZoneKind.NO_PARKING,
        name="A street",
        polygons=BERLIN.around(0.01, 0.01),
    )
    await city.give(stop)
    await city.settled()
    await city.running.refresh_zones()

    for place in (HERE, far, None):
        demand.note(Ask("search", SERVICE, at, "ada", "berlin", place))
    await demand.flush()

    zones = await city.running.pool.fetch("select zone from csbe.zone_demand order by zone")
    assert {row["zone"] for row in zones} == {"A street, Berlin", "elsewhere", ""}


async def test_a_car_is_asked_for_in_the_zone_in_which_it_stands(city: City) -> None:
    member, car = await city.member(), await city.car()

    await city.reserve(car, member)
    await city.running.demand.flush()

    rows = await city.running.pool.fetch("select zone, kind, asks from csbe.zone_demand")
    assert [tuple(row) for row in rows] == [("Berlin", "reservation", 1)]


async def test_a_process_that_only_answers_requests_knows_the_zones_too(city: City, installation: Installation) -> None:
    at = city.running.system.clock.now()
    async with installation.composed() as other, other.going({Component.API}):

        async def told_by_zone() -> bool:
            other.demand.note(Ask("search", SERVICE, at, "ada", "berlin", HERE))
            await other.demand.flush()
            return bool(await other.pool.fetchval("select count(*) from csbe.zone_demand where zone = 'Berlin'"))

        await until(told_by_zone)


async def test_no_row_has_a_zone_and_a_cell(owner: asyncpg.Connection) -> None:
    """Where a zone and a cell overlap is a smaller place than either."""
    query = """
        select table_name from information_schema.columns
        where table_schema in ('csbe', 'reports') and column_name in ('zone', 'cell')
        group by table_name having count(distinct column_name) > 1
    """

    assert await owner.fetch(query) == []


async def test_an_hour_is_that_of_the_city(city: City) -> None:
    at = city.running.system.clock.now().replace(hour=23, minute=30)
    await city.settled()

    city.running.demand.note(Ask("search", SERVICE, at, "ada", "berlin"))

    [row] = await counted(city, "demand_hours")
    assert (row["day"], row["hour"]) in {
        ((at + timedelta(days=1)).date().isoformat(), 0),  # winter
        ((at + timedelta(days=1)).date().isoformat(), 1),
    }


async def test_a_repeated_request_and_what_staff_look_at_is_not_demand(city: City) -> None:
    member, car = await city.member(), await city.car()
    body, key = {"vehicle_id": str(car.vehicle_id)}, {"Idempotency-Key": "mine"}

    for _ in range(2):
        (await city.api.post("/v1/reservations", json=body, headers={**member, **key})).raise_for_status()
    await city.get("/v1/vehicles", city.token(Role.OPERATOR), city_id="berlin")

    assert [(row["kind"], row["asks"]) for row in await counted(city, "demand_hours")] == [("reservation", 1)]


async def test_where_somebody_drives_is_not_noted_though_others_ask_for_the_car(city: City) -> None:
    car = await city.car()
    await city.start(car, await city.member())
    await city.settled()
    await city.running.demand.flush()
    await city.running.pool.execute("delete from csbe.demand")

    await city.post("/v1/reservations", {"vehicle_id": str(car.vehicle_id)}, await city.member())
    await city.running.demand.flush()

    [row] = await city.running.pool.fetch("select city_id, cell, kind, met from csbe.demand")
    assert tuple(row) == ("berlin", "", "reservation", 0)


async def test_more_asks_than_can_wait_are_lost_and_counted_as_lost(city: City) -> None:
    lost = Lost()
    demand = PostgresDemand(city.running.pool, lost, ZoneMap().names)

    for _ in range(MOST_WAITING + 3):
        demand.note(Ask("search", SERVICE, city.running.system.clock.now(), "ada", "berlin"))
    await demand.flush()

    assert lost.asks == 3
    assert await city.running.pool.fetchval("select asks from csbe.demand") == MOST_WAITING


async def test_asks_that_the_database_cannot_take_wait_and_are_counted_once(
    city: City, owner: asyncpg.Connection
) -> None:
    demand = PostgresDemand(city.running.pool, Lost(), ZoneMap().names)
    demand.note(Ask("search", SERVICE, city.running.system.clock.now(), "ada", "berlin"))
    await owner.execute("alter table csbe.refusals rename to gone")
    demand.note(Ask("search", SERVICE, city.running.system.clock.now(), "ada", "berlin", codes=("x",)))

    with pytest.raises(asyncpg.UndefinedTableError):
        await demand.flush()
    await owner.execute("alter table csbe.gone rename to refusals")
    before = await city.running.pool.fetchval("select count(*) from csbe.demand")
    await demand.flush()

    assert before == 0
    assert await city.running.pool.fetchval("select asks from csbe.demand") == 2
