"""What the read models tell of invoices, credit notes, payments and revenue."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import asyncpg

from domain.billing.commands import BillCharge, RetryCharge
from domain.billing.invoice import Invoice
from domain.kernel.ids import MemberId, PayerId, PaymentId, TripId, VehicleId
from domain.rental.commands import EndTrip
from domain.rental.policies import when_trip_ended_then_bill_it
from domain.rental.trip import Trip
from tests.projections.following import Followers, catch_up, credit, row
from tests.support.people_and_cars import area, car, member, says, started
from tests.support.world import World

Story = tuple[MemberId, VehicleId, TripId]


async def _agrees(pool: asyncpg.Pool, world: World, trip: TripId) -> asyncpg.Record:
    invoice = await world.store.load(Invoice, Invoice.id_of(Trip.TOPIC, trip))
    shown = await row(pool, "invoices", "subject_id", trip)
    paid = invoice.paid.amount_minor if invoice.paid else 0
    assert (shown["state"], shown["paid_minor"]) == (invoice.state, paid)
    assert shown["open_minor"] == invoice.due.amount_minor
    return shown


async def test_the_invoice_is_paid_and_its_revenue_is_in_the_day(
    story: Story, world: World, pool: asyncpg.Pool
) -> None:
    invoice = await _agrees(pool, world, story[2])
    payment = await row(pool, "payments", "subject_id", story[2])
    day = await row(pool, "fleet_days", "trips", 1)

    assert (invoice["state"], invoice["open_minor"]) == ("paid", 0)
    assert invoice["gross_minor"] == invoice["net_minor"] + invoice["tax_minor"] == invoice["paid_minor"] > 0
    assert payment["state"] == "captured"
    assert (day["revenue_minor"], day["city_id"]) == (invoice["net_minor"], "berlin")


async def test_a_charge_for_another_thing_of_the_same_drive_names_it_and_who_pays_beside_who_drove(
    story: Story, world: World, followers: Followers, pool: asyncpg.Pool
) -> None:
    [(recorded, ended)] = [(r, r.event) for r in world.store.log if isinstance(r.event, Trip.Ended)]
    [of_trip] = when_trip_ended_then_bill_it(recorded, ended)
    assert isinstance(of_trip, BillCharge)
    toll, company = uuid4(), PayerId(uuid4())
    other = {"subject_kind": "rental.toll", "subject_id": toll, "payer_id": company, "method_id": "tok_visa"}

    await world.do(of_trip.model_copy(update=other | {"payment_id": PaymentId(uuid4())}))
    await catch_up(followers)

    invoice, payment = [await row(pool, table, "subject_id", toll) for table in ("invoices", "payments")]
    assert (invoice["subject_kind"], invoice["member_id"], invoice["payer_id"]) == ("rental.toll", story[0], company)
    assert (payment["subject_kind"], payment["payer_id"], payment["state"]) == ("rental.toll", company, "captured")
    assert await pool.fetchval("select count(*) from read_v1.invoices") == 2


async def test_credit_notes_lower_what_is_open_and_the_revenue_of_the_day(
    story: Story, world: World, followers: Followers, pool: asyncpg.Pool
) -> None:
    await world.advance(timedelta(days=2))
    for amount, state in (("1.00", "paid"), (None, "credited")):
        await world.do(credit(story[2], amount))
        await catch_up(followers)
        assert (await _agrees(pool, world, story[2]))["state"] == state

    [part, rest] = await pool.fetch("select * from read_v1.credit_notes order by number")
    invoice = await row(pool, "invoices", "subject_id", story[2])
    days = await pool.fetch("select trips, revenue_minor from read_v1.fleet_days")
    assert (part["gross_minor"], part["issued_at"]) == (100, world.now())
    assert part["invoice_id"] == rest["invoice_id"] == invoice["invoice_id"]
    assert part["net_minor"] + rest["net_minor"] == invoice["net_minor"]
    assert invoice["credited_minor"] == invoice["gross_minor"]
    assert [tuple(day) for day in days] == [(1, 0)]


async def test_an_unpaid_invoice_owes_what_was_not_credited_until_it_is_paid(
    world: World, followers: Followers, pool: asyncpg.Pool
) -> None:
    await area(world)
    mini = await car(world)
    trip = await started(world, await member(world), mini)
    await world.advance(timedelta(minutes=20))
    world.provider = "declining"
    await says(world, mini, odometer_m=1_009_000)
    await world.do(EndTrip(trip_id=trip))

    await world.do(credit(trip, "1.00"))
    await catch_up(followers)
    unpaid = await _agrees(pool, world, trip)
    world.provider = "accepting"
    await world.do(RetryCharge(invoice_id=Invoice.id_of(Trip.TOPIC, trip)))
    await catch_up(followers)
    paid = await _agrees(pool, world, trip)

    assert (unpaid["state"], unpaid["open_minor"]) == ("open", unpaid["gross_minor"] - 100)
    assert (paid["state"], paid["paid_minor"]) == ("paid", unpaid["open_minor"])


async def test_trips_and_revenue_stand_in_the_same_local_day_of_the_city(
    world: World, followers: Followers, pool: asyncpg.Pool
) -> None:
    await area(world)
    ada, mini = await member(world), await car(world)
    await world.advance(datetime(2026, 3, 2, 23, 10, tzinfo=UTC) - world.now())
    await says(world, mini, odometer_m=1_000_000)
    trip = await started(world, ada, mini)
    await world.advance(timedelta(minutes=20))  # half past midnight in Berlin
    await says(world, mini, odometer_m=1_009_000)

    await world.do(EndTrip(trip_id=trip))
    await catch_up(followers)

    [found] = await pool.fetch("select * from read_v1.fleet_days")
    assert (found["day"], found["trips"]) == (date(2026, 3, 3), 1)
    assert found["revenue_minor"] > 0


async def test_a_hold_that_is_given_up_before_its_answer_is_shown_so_until_it_is_released(
    world: World, followers: Followers, pool: asyncpg.Pool
) -> None:
    await area(world)
    world.provider = "silent"
    trip = await started(world, await member(world), await car(world))
    await world.advance(timedelta(hours=1))
    await catch_up(followers)
    given_up = await row(pool, "payments", "subject_id", trip)

    world.provider = "accepting"
    await world.answer_payments()
    await catch_up(followers)

    assert given_up["state"] == "abandoned"
    assert (await row(pool, "payments", "subject_id", trip))["state"] == "released"
