"""What analysts count by, of histories whose figures are known."""

from datetime import UTC, date, datetime, timedelta

import asyncpg
import pytest

from adapters.postgres.event_store.store import PostgresEventStore
from domain.fleet.commands import DecommissionVehicle, NoteContact, PutIntoService, TakeOutOfService
from domain.kernel.cells import cell_of
from domain.kernel.ids import MemberId, VehicleId
from domain.kernel.units import Position
from domain.rental.commands import CancelReservation, EndTrip
from tests.projections.following import Followers, catch_up, rules_published
from tests.support.people_and_cars import ALEXANDERPLATZ, area, car, member, reserved, says, started
from tests.support.world import START, World

SOUTH = Position(latitude=52.4500, longitude=13.4132)

_SPELLS = """
select state, since, until, day from reports.car_states where vehicle_id = $1 and until < now() order by since
"""


@pytest.fixture
async def town(world: World, store: PostgresEventStore) -> World:
    """A home area, and rules that tell what time it is there."""
    await rules_published(store)
    await area(world)
    return world


async def driven(
    world: World, who: MemberId, which: VehicleId, to: Position, lasting: timedelta = timedelta(minutes=20)
) -> None:
    """A trip from where the car is."""
    trip = await started(world, who, which)
    await world.advance(lasting)
    odometer = world.last_said[which].odometer_m or 0
    await says(world, which, position=to, odometer_m=odometer + 9_000)
    await world.do(EndTrip(trip_id=trip))


async def test_the_states_of_a_car_follow_each_other_without_a_gap(
    town: World, followers: Followers, pool: asyncpg.Pool
) -> None:
    mini, ada = await car(town), await member(town)
    hour = timedelta(hours=1)

    await town.advance(hour)
    held = await reserved(town, ada, mini)
    await town.advance(timedelta(minutes=10))
    await town.do(CancelReservation(reservation_id=held))
    await town.advance(hour)
    await driven(town, await member(town, "Ben"), mini, ALEXANDERPLATZ, hour)
    await town.advance(hour)
    await town.do(NoteContact(vehicle_id=mini, online=False, at=town.now()))
    await town.advance(hour)
    await town.do(NoteContact(vehicle_id=mini, online=True, at=town.now()))
    await town.advance(hour)
    await town.do(TakeOutOfService(vehicle_id=mini, reason="a scratch"))
    await town.advance(hour)
    await town.do(DecommissionVehicle(vehicle_id=mini, reason="sold"))
    await town.advance(hour)
    await catch_up(followers)

    spells = await pool.fetch(_SPELLS, mini)
    states = [(row["state"], (row["until"] - row["since"]) / hour) for row in spells]
    assert states == [
        ("available", 1),
        ("reserved", pytest.approx(1 / 6)),
        ("available", 1),
        ("in_use", 1),
        ("available", 1),
        ("offline", 1),
        ("available", 1),
        ("not_offered", 1),
    ]
    assert spells[0]["since"] == START
    assert [row["until"] for row in spells[:-1]] == [row["since"] for row in spells[1:]]


async def test_a_state_is_cut_at_midnight_of_the_city_also_when_its_clocks_change(
    town: World, followers: Followers, pool: asyncpg.Pool
) -> None:
    town.time = datetime(2026, 3, 28, 21, tzinfo=UTC)
    mini = await car(town)
    town.time = datetime(2026, 3, 29, 23, tzinfo=UTC)
    await town.do(TakeOutOfService(vehicle_id=mini, reason="a scratch"))
    await catch_up(followers)

    days = await pool.fetch(
        "select day, round(available_s / 3600) as h from reports.availability_days where available_s > 0 order by day"
    )

    assert [tuple(row) for row in days] == [(date(2026, 3, 28), 2), (date(2026, 3, 29), 23), (date(2026, 3, 30), 1)]


async def test_the_last_state_of_a_car_lasts_until_now(town: World, followers: Followers, pool: asyncpg.Pool) -> None:
    mini = await car(town)
    await catch_up(followers)

    states = await pool.fetch("select * from reports.car_states where vehicle_id = $1 order by since", mini)

    assert {row["state"] for row in states} == {"available"}
    assert (states[0]["since"], states[-1]["until"]) == (
        START,
        await pool.fetchval("select least(now(), $1)", states[-1]["until"]),
    )
    assert [row["until"] for row in states[:-1]] == [row["since"] for row in states[1:]]
    assert len(states) == (states[-1]["day"] - START.date()).days + 1


async def test_the_days_of_a_fleet_add_up_to_weeks_months_and_years(
    town: World, followers: Followers, pool: asyncpg.Pool
) -> None:
    mini = await car(town)
    town.time = datetime(2026, 4, 2, 9, tzinfo=UTC)
    await town.do(DecommissionVehicle(vehicle_id=mini, reason="sold"))
    await catch_up(followers)

    periods = await pool.fetch("select period, starts_on, available_s from reports.availability order by 1, 2")

    sums = {
        kind: sum(row["available_s"] for row in periods if row["period"] == kind) for kind in ("week", "month", "year")
    }
    assert set(sums.values()) == {31 * 24 * 3600}
    assert [row["starts_on"] for row in periods if row["period"] == "month"] == [date(2026, 3, 1), date(2026, 4, 1)]
    assert min(row["starts_on"] for row in periods if row["period"] == "week") == date(2026, 3, 2)


async def test_places_are_shown_once_five_members_have_driven_between_them(
    town: World, followers: Followers, pool: asyncpg.Pool
) -> None:
    mini = await car(town)
    people = [await member(town, name) for name in ("Ada", "Ben", "Cem", "Dora", "Eva")]
    for who in people[:4]:
        for place in (SOUTH, ALEXANDERPLATZ):
            await driven(town, who, mini, place)
    await driven(town, people[0], mini, SOUTH)
    await catch_up(followers)
    of_four = [await pool.fetch(f"select * from reports.{view}") for view in ("zone_flows", "cell_flows")]  # noqa: S608

    await driven(town, people[4], mini, ALEXANDERPLATZ)
    await driven(town, people[4], mini, SOUTH)
    await catch_up(followers)

    cells = await pool.fetch(
        "select start_cell, end_cell, trips from reports.cell_flows where period = 'week' order by trips"
    )
    zones = await pool.fetch("select start_zone, end_zone, trips from reports.zone_flows where period = 'year'")
    here, there = cell_of(ALEXANDERPLATZ), cell_of(SOUTH)
    assert of_four[1] == []
    assert {tuple(row) for row in cells} == {(here, there, 6), (there, here, 5)}
    assert {tuple(row) for row in zones} == {("Berlin", "Berlin", 11)}


async def test_how_long_cars_wait_somewhere_is_shown_once_five_have_stood_there(
    town: World, followers: Followers, pool: asyncpg.Pool
) -> None:
    cars = [await car(town, f"B-AB {n}") for n in range(5)]
    await town.advance(timedelta(hours=2))
    for which in cars[:4]:
        await town.do(TakeOutOfService(vehicle_id=which, reason="a scratch"))
    await catch_up(followers)
    of_four = await pool.fetch("select * from reports.idle_cells")

    await town.do(TakeOutOfService(vehicle_id=cars[4], reason="a scratch"))
    await catch_up(followers)

    idle = await pool.fetch("select cell, cars, idle_h from reports.idle_cells where period = 'month'")
    assert of_four == []
    assert [tuple(row) for row in idle] == [(cell_of(ALEXANDERPLATZ), 5, 10)]


async def test_a_car_that_waits_again_after_service_is_counted_from_then(
    town: World, followers: Followers, pool: asyncpg.Pool
) -> None:
    mini = await car(town)
    await town.do(TakeOutOfService(vehicle_id=mini, reason="a scratch"))
    await town.advance(timedelta(hours=3))
    await town.do(PutIntoService(vehicle_id=mini))
    await town.advance(timedelta(hours=1))
    await town.do(DecommissionVehicle(vehicle_id=mini, reason="sold"))
    await catch_up(followers)

    [day] = await pool.fetch("select available_s, not_offered_s, cars, utilisation from reports.availability_days")

    assert tuple(day) == (3600, 3 * 3600, 1, 0)


async def test_those_who_registered_in_a_month_are_followed_by_the_months_in_which_they_drove(
    town: World, followers: Followers, pool: asyncpg.Pool
) -> None:
    mini = await car(town)
    ada, ben = await member(town, "Ada"), await member(town, "Ben")
    await driven(town, ada, mini, ALEXANDERPLATZ)
    await driven(town, ada, mini, ALEXANDERPLATZ)
    await driven(town, ben, mini, ALEXANDERPLATZ)
    town.time = datetime(2026, 4, 30, 22, 30, tzinfo=UTC)  # May in Berlin
    late = await member(town, "Cem")
    await driven(town, ada, mini, ALEXANDERPLATZ)
    await driven(town, late, mini, ALEXANDERPLATZ)
    await catch_up(followers)

    rows = await pool.fetch("select cohort, month, age, members, active from reports.retention order by 1, 2")

    march, may = date(2026, 3, 1), date(2026, 5, 1)
    assert [tuple(row) for row in rows] == [(march, march, 0, 2, 2), (march, may, 2, 2, 1), (may, may, 0, 1, 1)]


async def test_what_a_car_earned_is_told_by_day_and_by_period(
    town: World, followers: Followers, pool: asyncpg.Pool
) -> None:
    mini, other, ada = await car(town), await car(town, "B-AB 2"), await member(town)
    await driven(town, ada, mini, ALEXANDERPLATZ)
    town.time = datetime(2026, 3, 8, 23, 30, tzinfo=UTC)  # Monday in Berlin
    await driven(town, ada, mini, ALEXANDERPLATZ)
    await driven(town, ada, other, ALEXANDERPLATZ)
    await catch_up(followers)

    days = await pool.fetch(
        "select day, vehicle_id, trips, revenue_minor from reports.vehicle_days order by day, trips"
    )
    weeks = await pool.fetch(
        "select starts_on, trips from reports.vehicle_periods where period = 'week' and vehicle_id = $1 order by 1",
        mini,
    )
    earned = await pool.fetchval("select sum(net_minor)::bigint from reports.invoices")
    assert {(row["day"], row["vehicle_id"]) for row in days} == {
        (date(2026, 3, 2), mini),
        (date(2026, 3, 9), mini),
        (date(2026, 3, 9), other),
    }
    assert [tuple(row) for row in weeks] == [(date(2026, 3, 2), 1), (date(2026, 3, 9), 1)]
    assert (
        sum(row["revenue_minor"] for row in days)
        == earned
        == await pool.fetchval("select sum(revenue_minor)::bigint from reports.fleet_periods where period = 'year'")
    )
    assert earned > 0
