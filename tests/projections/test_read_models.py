"""What each read model tells of a story, and that a rebuild tells the same."""

from datetime import timedelta

import asyncpg
import pytest

import projections
from adapters.postgres.errors import FollowerStoppedError
from adapters.postgres.follower import Follower
from domain.kernel.ids import MemberId, TripId, VehicleId
from domain.rental.commands import CancelReservation, EndTrip
from projections.fleet import NEAREST_FREE
from tests.domain.people_and_cars import ALEXANDERPLATZ, area, car, member, reserved, says, started
from tests.domain.world import World

Followers = dict[str, Follower]
Story = tuple[MemberId, VehicleId, TripId]


async def _catch_up(followers: Followers) -> None:
    for follower in followers.values():
        await follower.catch_up()


@pytest.fixture
async def story(world: World, followers: Followers) -> Story:
    """Ada drove; the read models followed every few events."""
    await area(world)
    ada, mini = await member(world), await car(world)
    await _catch_up(followers)
    trip = await started(world, ada, mini, await reserved(world, ada, mini))
    await _catch_up(followers)
    await world.advance(timedelta(minutes=20))
    await says(world, mini, odometer_m=1_009_000)
    await world.do(EndTrip(trip_id=trip))
    await _catch_up(followers)
    return ada, mini, trip


async def _row(pool: asyncpg.Pool, table: str, where: str, value: object) -> asyncpg.Record:
    row = await pool.fetchrow(f"select * from read_v1.{table} where {where} = $1", value)  # noqa: S608
    assert row is not None
    return row


async def _tables(pool: asyncpg.Pool) -> dict[str, list[str]]:
    names = [table for p in projections.PROJECTORS for table in p.TABLES]
    return {n: [r[0] for r in await pool.fetch(f"select t::text from {n} t order by 1")] for n in names}  # noqa: S608


@pytest.mark.usefixtures("story")
async def test_a_rebuild_from_zero_equals_the_live_tables(followers: Followers, pool: asyncpg.Pool) -> None:
    live = await _tables(pool)
    for projector in projections.PROJECTORS:
        await pool.execute(projector.truncate_sql())
        await pool.execute("delete from csbe.followers where name = $1", projector.follower_name)
    await _catch_up(followers)
    assert await _tables(pool) == live
    assert all(rows for name, rows in live.items() if name != "read_v1.field_tasks")


async def test_the_account_the_trip_and_the_reservation_tell_the_story(story: Story, pool: asyncpg.Pool) -> None:
    ada, mini, trip = story
    account = await _row(pool, "members", "member_id", ada)
    driven = await _row(pool, "trips", "trip_id", trip)
    held = await _row(pool, "reservations", "reservation_id", driven["reservation_id"])
    assert (account["name"], account["status"], account["licence_state"]) == ("Ada", "IDLE", "verified")
    assert (driven["state"], driven["vehicle_id"], driven["distance_m"]) == ("ended", mini, 9000)
    assert (held["state"], held["trip_id"]) == ("converted", trip)


async def test_the_invoice_is_paid_and_its_revenue_is_in_the_day(story: Story, pool: asyncpg.Pool) -> None:
    invoice = await _row(pool, "invoices", "trip_id", story[2])
    payment = await _row(pool, "payments", "trip_id", story[2])
    day = await _row(pool, "fleet_days", "trips", 1)
    assert (invoice["state"], invoice["open_minor"]) == ("paid", 0)
    assert invoice["gross_minor"] == invoice["net_minor"] + invoice["tax_minor"] > 0
    assert payment["state"] == "captured"
    assert (day["revenue_minor"], day["city_id"]) == (invoice["net_minor"], "berlin")


async def test_a_reserved_car_is_not_among_the_nearest_free_ones(
    story: Story, world: World, followers: Followers, pool: asyncpg.Pool
) -> None:
    _, mini, _ = story
    here = (ALEXANDERPLATZ.latitude, ALEXANDERPLATZ.longitude, world.service, "berlin", "BMW X1", 50.0, 5)
    assert [r["vehicle_id"] for r in await pool.fetch(NEAREST_FREE, *here)] == [mini]
    ben = await member(world, "Ben")
    held = await reserved(world, ben, mini)
    await _catch_up(followers)
    assert await pool.fetch(NEAREST_FREE, *here) == []
    await world.do(CancelReservation(reservation_id=held))
    await _catch_up(followers)
    assert len(await pool.fetch(NEAREST_FREE, *here)) == 1


async def test_the_event_log_finds_every_event_by_member_and_car(
    story: Story, world: World, pool: asyncpg.Pool
) -> None:
    ada, mini, _ = story
    count = await pool.fetchval("select count(*) from read_v1.event_log")
    topics = {r[0] for r in await pool.fetch("select topic from read_v1.event_log where member_id = $1", ada)}
    cars = {r[0] for r in await pool.fetch("select topic from read_v1.event_log where vehicle_id = $1", mini)}
    assert count == len(world.store.log)
    assert {"members.member.registered", "rental.trip.ended", "billing.invoice.issued"} <= topics
    assert {"fleet.vehicle.reserved", "rental.trip.ended"} <= cars


async def test_an_event_that_cannot_be_projected_stops_there_with_its_position(
    followers: Followers, world: World, pool: asyncpg.Pool
) -> None:
    await area(world)
    await member(world)
    await pool.execute("alter table read_v1.members add constraint planted check (not email_verified)")
    verified = next(r.position for r in world.store.log if r.topic == "members.member.email_verified")
    try:
        with pytest.raises(FollowerStoppedError) as stopped:
            await followers["members"].catch_up()
        await followers["event_log"].catch_up()
    finally:
        await pool.execute("alter table read_v1.members drop constraint planted")
    assert stopped.value.position == verified
    assert await followers["members"].position() == verified - 1
