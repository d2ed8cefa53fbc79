"""What the read models tell of charges in review, of refused refunds, and of invoices that cannot be charged."""

from datetime import timedelta
from uuid import uuid4

import asyncpg

from domain.billing.charge import Charge
from domain.billing.commands import DecideCharge, DecisionKind, RecordRefundByOtherMeans, RetryRefund
from domain.billing.correction import Correction
from domain.billing.invoice import Invoice
from domain.kernel.ids import ChargeId, TripId
from domain.kernel.messages import Actor, Role
from domain.rental.commands import EndTrip
from domain.rental.trip import Trip
from tests.domain.billing.desk import euros
from tests.projections.following import Followers, catch_up, credit, row
from tests.support.people_and_cars import area, car, member, says, started
from tests.support.world import World

ADA, BOB = (Actor(role=Role.AGENT, id=name) for name in ("ada", "bob"))


async def driven(world: World, for_: timedelta) -> TripId:
    """A trip that has ended."""
    await area(world)
    mini = await car(world)
    trip = await started(world, await member(world), mini)
    await world.advance(for_)
    await says(world, mini, odometer_m=1_009_000)
    await world.do(EndTrip(trip_id=trip))
    return trip


def decision(trip: TripId, what: DecisionKind, reason: str, correction: Correction | None = None) -> DecideCharge:
    charge_id: ChargeId = Charge.id_of(Trip.TOPIC, trip)
    return DecideCharge(charge_id=charge_id, decision=what, reason=reason, correction=correction)


async def test_a_charge_that_nobody_doubts_is_billed(world: World, followers: Followers, pool: asyncpg.Pool) -> None:
    trip = await driven(world, timedelta(minutes=20))
    await catch_up(followers)

    charge, invoice = [await row(pool, table, "subject_id", trip) for table in ("charges", "invoices")]
    assert (charge["state"], charge["reasons"], charge["price_minor"]) == ("billed", None, None)
    assert charge["invoice_id"] == invoice["invoice_id"]


async def test_a_review_shows_its_reasons_its_price_the_proposal_and_who_decided(
    world: World, followers: Followers, pool: asyncpg.Pool
) -> None:
    trip = await driven(world, timedelta(days=3))
    await catch_up(followers)
    waiting = await row(pool, "charges", "subject_id", trip)
    right = Correction(duration_s=1800)
    await world.do(decision(trip, "correct", "photo", right), actor=ADA)
    await catch_up(followers)
    proposed = await row(pool, "charges", "subject_id", trip)
    await world.do(decision(trip, "correct", "I agree", right), actor=BOB)
    await catch_up(followers)
    decided = await row(pool, "charges", "subject_id", trip)

    assert [reason["code"] for reason in waiting["reasons"]] == ["charge.trip_too_long", "charge.amount_too_high"]
    assert (waiting["state"], waiting["invoice_id"]) == ("in_review", None)
    assert waiting["price_minor"] > 50_000
    assert proposed["proposal"].startswith("correct: ended at ")
    assert (proposed["state"], proposed["proposed_by"], proposed["decision_reason"]) == ("in_review", "ada", "photo")
    assert (decided["state"], decided["proposal"], decided["decision"]) == ("billed", None, "correct")
    assert (decided["proposed_by"], decided["decided_by"], decided["decision_reason"]) == ("ada", "bob", "I agree")


async def test_a_waived_charge_is_shown_so_and_has_no_invoice(
    world: World, followers: Followers, pool: asyncpg.Pool
) -> None:
    trip = await driven(world, timedelta(days=3))
    for agent in (ADA, BOB):
        await world.do(decision(trip, "waive", "the line was cut"), actor=agent)
    await catch_up(followers)

    charge, payment = [await row(pool, table, "subject_id", trip) for table in ("charges", "payments")]
    assert (charge["state"], charge["decision"], payment["state"]) == ("waived", "waive", "released")
    assert await pool.fetchval("select count(*) from read_v1.invoices") == 0


async def test_a_refused_refund_is_shown_with_its_code_until_it_is_paid_out(
    world: World, followers: Followers, pool: asyncpg.Pool
) -> None:
    trip = await driven(world, timedelta(minutes=20))
    world.provider = "declining"
    command = credit(trip, "1.00")
    await world.do(command)
    await catch_up(followers)
    failed = await row(pool, "refunds", "credit_note_id", command.credit_note_id)
    world.provider = "accepting"
    await world.do(RetryRefund(credit_note_id=command.credit_note_id))
    await catch_up(followers)
    paid = await row(pool, "refunds", "credit_note_id", command.credit_note_id)

    assert (failed["state"], failed["decline_code"], failed["failures"]) == ("failed", "insufficient_funds", 1)
    assert failed["retry_at"] == failed["changed_at"] + timedelta(hours=1)
    assert (paid["state"], paid["amount_minor"], paid["failures"], paid["retry_at"]) == ("refunded", 100, 1, None)


async def test_a_refund_is_shown_as_given_up_until_it_is_paid_by_other_means(
    world: World, followers: Followers, pool: asyncpg.Pool
) -> None:
    trip = await driven(world, timedelta(minutes=20))
    world.provider = "declining"
    command = credit(trip, "1.00")
    await world.do(command)
    await world.advance(timedelta(days=30))
    await catch_up(followers)
    given_up = await row(pool, "refunds", "credit_note_id", command.credit_note_id)
    await world.do(
        RecordRefundByOtherMeans(credit_note_id=command.credit_note_id, reference="SEPA 4711", reason="card closed")
    )
    await catch_up(followers)
    paid = await row(pool, "refunds", "credit_note_id", command.credit_note_id)
    payment = await row(pool, "payments", "payment_id", paid["payment_id"])

    assert (given_up["state"], given_up["failures"], given_up["retry_at"]) == ("given_up", 4, None)
    assert (paid["state"], paid["amount_minor"], payment["state"]) == (
        "paid_by_other_means",
        100,
        "refund_paid_by_other_means",
    )


async def test_an_invoice_shows_why_it_is_unpaid_and_when_it_is_tried_again_until_it_is_settled(
    world: World, followers: Followers, pool: asyncpg.Pool
) -> None:
    await area(world)
    mini = await car(world)
    trip = await started(world, await member(world), mini)
    await world.advance(timedelta(minutes=20))
    world.provider = "declining"
    await says(world, mini, odometer_m=1_009_000)
    await world.do(EndTrip(trip_id=trip))
    await catch_up(followers)
    unpaid = await row(pool, "invoices", "subject_id", trip)
    await world.do(credit(trip))
    await catch_up(followers)
    settled = await row(pool, "invoices", "subject_id", trip)

    assert (unpaid["decline_code"], unpaid["retry_at"]) == (
        "insufficient_funds",
        unpaid["issued_at"] + timedelta(days=1),
    )
    assert (settled["state"], settled["decline_code"], settled["retry_at"]) == ("credited", None, None)


async def test_a_proposed_credit_is_shown_until_there_is_a_note(
    world: World, followers: Followers, pool: asyncpg.Pool
) -> None:
    billing = world.rulebook.billing
    trip = await driven(world, timedelta(minutes=20))
    low = billing.model_copy(update={"four_eyes_above": (euros("0.10"),)})
    world.rulebook = world.rulebook.model_copy(update={"billing": low})
    await world.do(credit(trip, "1.00"), actor=ADA)
    await catch_up(followers)
    proposed = await row(pool, "invoices", "subject_id", trip)
    again = credit(trip, "1.00").model_copy(update={"credit_note_id": uuid4()})
    await world.do(again, actor=BOB)
    await catch_up(followers)
    credited = await row(pool, "invoices", "invoice_id", Invoice.id_of(Trip.TOPIC, trip))

    assert (proposed["credit_proposal"], proposed["credit_proposed_by"]) == ("credit 1.00 EUR", "ada")
    assert (credited["credit_proposal"], credited["credit_proposed_by"], credited["credited_minor"]) == (
        None,
        None,
        100,
    )
