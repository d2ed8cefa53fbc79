"""What each read model tells of a story, and that a rebuild tells the same."""

from datetime import date, timedelta

import asyncpg
import pytest

import projections
from adapters.postgres.errors import FollowerStoppedError
from adapters.postgres.event_store.store import PostgresEventStore
from domain.billing.invoice import Invoice
from domain.fleet.commands import CommissionVehicle, CompleteTask
from domain.fleet.damage_handlers import ReportDamage
from domain.kernel.calendar import Period
from domain.kernel.ids import MemberId, TaskId, TripId, VehicleId, derived_id
from domain.kernel.money import Money
from domain.members.commands import BlockMember, EraseMember, RemovePaymentMethod
from domain.members.member import Member
from domain.rental.commands import CancelReservation
from domain.rental.trip import Trip
from projections.fleet import NEAREST_FREE
from tests.projections.following import (
    Followers,
    catch_up,
    credit,
    empty_read_models,
    live_schema,
    row,
    rules_published,
)
from tests.support.debits import debited
from tests.support.people_and_cars import ALEXANDERPLATZ, area, car, member, reserved, says, scheduled
from tests.support.transfers import transferred
from tests.support.world import World

_ALL_VIEWS = "select schemaname || '.' || viewname from pg_views where schemaname = 'read_v1'"

_PERSONAL = """
select a.attname from pg_attribute a join pg_class c on a.attrelid = c.oid
where c.relnamespace = to_regnamespace($1) and c.relkind = 'r' and a.attnum > 0
    and col_description(c.oid, a.attnum) like 'Personal:%' order by a.attnum
"""

Story = tuple[MemberId, VehicleId, TripId]


async def _tables(pool: asyncpg.Pool) -> dict[str, list[str]]:
    names = [f"read_v1.{table.name}" for p in projections.PROJECTORS for table in p.TABLES]
    return {n: [r[0] for r in await pool.fetch(f"select t::text from {n} t order by 1")] for n in names}  # noqa: S608


async def test_a_rebuild_from_zero_equals_the_live_tables(
    story: Story, world: World, store: PostgresEventStore, followers: Followers, pool: asyncpg.Pool
) -> None:
    await rules_published(store)
    await says(world, story[1], energy_percent=5.0)
    scratch = {"vehicle_id": story[1], "kind": "scratch", "place": "left", "found_at": world.now()}
    await world.do(ReportDamage.model_validate({"damage_id": derived_id("damage"), **scratch}))
    await world.do(credit(story[2], "1.00"))
    invoice = await world.store.load(Invoice, Invoice.id_of(Trip.TOPIC, story[2]))
    await world.do(transferred(invoice, Money(amount_minor=100, currency=invoice.gross.currency)))
    await debited(world)
    tomorrow = Period(begins=world.now() + timedelta(days=1), ends=world.now() + timedelta(days=1, hours=2))
    await scheduled(world, story[0], tomorrow, story[1])
    await catch_up(followers)
    live = await _tables(pool)

    await empty_read_models(pool)
    await pool.execute("update csbe.followers set position = 0")
    await catch_up(followers)

    assert await _tables(pool) == live
    assert all(live.values())
    assert set(live) == {r[0] for r in await pool.fetch(_ALL_VIEWS)}


async def test_the_account_the_trip_and_the_reservation_tell_the_story(story: Story, pool: asyncpg.Pool) -> None:
    ada, mini, trip = story
    account = await row(pool, "members", "member_id", ada)
    driven = await row(pool, "trips", "trip_id", trip)
    held = await row(pool, "reservations", "reservation_id", driven["reservation_id"])
    assert (account["state"], account["licence_state"]) == ("idle", "verified")
    assert (driven["state"], driven["vehicle_id"], driven["distance_m"]) == ("ended", mini, 9000)
    assert (held["state"], held["trip_id"]) == ("converted", trip)


async def test_nothing_personal_is_left_of_an_erased_member_before_the_key_is_destroyed(
    story: Story, world: World, followers: Followers, pool: asyncpg.Pool
) -> None:
    ada, _, _ = story
    schema = await live_schema(pool, "members")
    personal = [name for (name,) in await pool.fetch(_PERSONAL, schema)]

    await world.do(EraseMember(member_id=ada, reason="asked by letter"))
    await catch_up(followers)

    erased = await row(pool, "members", "member_id", ada)
    assert personal == ["licence_expires_on"]
    assert [erased[name] for name in personal] == [None]
    assert (erased["erased_at"], erased["payment_methods"]) == (world.now(), 0)
    assert erased["version"] == (await world.store.load(Member, ada)).version


async def test_the_account_tells_how_the_member_can_pay_and_until_when_the_licence_is_good(
    story: Story, world: World, followers: Followers, pool: asyncpg.Pool
) -> None:
    ada, _, _ = story
    before = await row(pool, "members", "member_id", ada)

    await world.do(RemovePaymentMethod(member_id=ada, method_id="card"))
    await world.do(BlockMember(member_id=ada, reason="card was lost"))
    await catch_up(followers)

    after = await row(pool, "members", "member_id", ada)
    assert (before["licence_expires_on"], before["payment_methods"]) == (date(2033, 1, 1), 1)
    assert (after["payment_methods"], after["blocked"]) == (0, True)
    assert after["version"] == (await world.store.load(Member, ada)).version


async def test_work_in_the_field_is_listed_until_it_is_done(
    story: Story, world: World, followers: Followers, pool: asyncpg.Pool
) -> None:
    _, mini, _ = story
    await says(world, mini, energy_percent=5.0)
    await catch_up(followers)
    raised = await row(pool, "field_tasks", "vehicle_id", mini)

    await world.do(CompleteTask(task_id=TaskId(raised["task_id"])))
    await catch_up(followers)

    done = await row(pool, "field_tasks", "vehicle_id", mini)
    assert (raised["service"], raised["kind"], raised["state"]) == (world.service, "refuel", "raised")
    assert (done["state"], done["closed_at"]) == ("done", world.now())


async def test_a_car_is_shown_as_low_on_energy_from_the_limit_of_its_service_on_until_it_was_filled(
    story: Story, world: World, followers: Followers, pool: asyncpg.Pool
) -> None:
    _, mini, _ = story
    limits = world.rulebook.fleet
    shown = []
    for level in (limits.low_energy + 1, limits.low_energy, limits.restored_energy - 1, limits.restored_energy):
        await says(world, mini, energy_percent=float(level))
        await catch_up(followers)
        shown.append((await row(pool, "vehicles", "vehicle_id", mini))["energy_low"])

    assert shown == [False, True, True, False]


async def test_a_reserved_car_is_not_among_the_nearest_free_ones(
    story: Story, world: World, followers: Followers, pool: asyncpg.Pool
) -> None:
    _, mini, _ = story
    here = (ALEXANDERPLATZ.latitude, ALEXANDERPLATZ.longitude, world.service, "berlin", "BMW X1", 50.0, 5)
    assert [r["vehicle_id"] for r in await pool.fetch(NEAREST_FREE, *here)] == [mini]
    ben = await member(world, "Ben")
    held = await reserved(world, ben, mini)
    await catch_up(followers)
    assert await pool.fetch(NEAREST_FREE, *here) == []
    await world.do(CancelReservation(reservation_id=held))
    await catch_up(followers)
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
    table = f"{await live_schema(pool, 'members')}.members"
    await pool.execute(f"alter table {table} add constraint planted check (not email_verified)")
    verified = next(r.position for r in world.store.log if r.topic == "members.member.email_verified")
    try:
        with pytest.raises(FollowerStoppedError) as stopped:
            await followers["members"].catch_up()
        await followers["event_log"].catch_up()
    finally:
        await pool.execute(f"alter table {table} drop constraint planted")
    assert stopped.value.position == verified
    assert await followers["members"].position() == verified - 1


async def test_a_car_is_on_the_map_with_what_it_told_and_when(
    world: World, followers: Followers, pool: asyncpg.Pool
) -> None:
    mini = await car(world)
    told = world.now()
    await world.advance(timedelta(minutes=5))

    world.cars[mini] = "silent"
    await says(world, mini, locked=False, position=None, energy_percent=None)
    await catch_up(followers)

    shown = await row(pool, "vehicles", "vehicle_id", mini)
    assert (shown["state"], shown["online"], shown["locked"]) == ("available", True, False)
    assert (shown["latitude"], shown["longitude"]) == (ALEXANDERPLATZ.latitude, ALEXANDERPLATZ.longitude)
    assert (shown["energy_percent"], shown["energy_at"], shown["position_at"]) == (80.0, told, told)


async def test_a_car_that_never_told_anything_has_no_time_of_it(
    world: World, followers: Followers, pool: asyncpg.Pool
) -> None:
    new = VehicleId(derived_id("car", "silent"))
    await world.do(
        CommissionVehicle(
            vehicle_id=new,
            vin="WBA00000000000001",
            plate="B-AB 2",
            make="BMW",
            model="BMW i3",
            propulsion="electric",
            city_id="berlin",
        )
    )

    await catch_up(followers)

    shown = await row(pool, "vehicles", "vehicle_id", new)
    assert shown["state"] == "commissioned"
    assert [shown[c] for c in ("latitude", "position_at", "energy_percent", "energy_at", "locked")] == [None] * 5
