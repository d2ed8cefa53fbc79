"""No money stays held: what counts as settled, what may stay open, and what is found."""

from datetime import timedelta

import pytest

from domain.billing.charge import Charge
from domain.billing.commands import ReleaseHold
from domain.billing.payment import Payment
from domain.invariants.holds import PATIENCE
from domain.kernel.aggregate import DomainEvent
from domain.rental.trip import Trip
from tests.domain.billing.desk import Desk, euros
from tests.support.planting import Log, altered, broken, changed, first, without

HOLDS = "hold_is_captured_or_released"


async def test_a_hold_that_was_never_answered_is_found_when_the_log_is_finished_or_time_has_passed() -> None:
    desk = Desk()
    await desk.hold()

    assert HOLDS in broken(desk.store.log)
    assert HOLDS not in broken(desk.store.log, finished=False)
    desk.at += PATIENCE + timedelta(seconds=1)
    await desk.hold()
    assert HOLDS in broken(desk.store.log, finished=False)


async def test_a_declined_hold_is_nothing_to_settle() -> None:
    desk = Desk()
    await desk.hold()

    await desk.provider_answers(accepted=False)

    assert broken(desk.store.log) == set()


async def test_a_hold_that_is_neither_captured_nor_released_is_found(log: Log) -> None:
    uncaptured = without(log, Payment.Captured, Payment.RefundRequested, Payment.Refunded)

    assert HOLDS in broken(uncaptured)
    assert HOLDS not in broken(uncaptured, finished=False)


@pytest.mark.parametrize("kind", [Payment.Held, Payment.Captured])
async def test_a_settlement_of_another_amount_than_was_held_is_found(log: Log, kind: type[DomainEvent]) -> None:
    changed = {"amount": euros("29.99")} if kind is Payment.Held else {"unused": euros("0.01")}

    assert broken(altered(log, kind, **changed)) == {HOLDS}


async def test_money_that_is_settled_twice_is_found(log: Log) -> None:
    again = changed(first(log, Payment.Captured), amount=euros("0"))

    assert broken([*log, again]) == {HOLDS}


async def test_a_refused_release_is_open_work_until_a_release_succeeds() -> None:
    desk = Desk()
    _, payment_id = await desk.hold()
    await desk.provider_answers()
    await desk.do(ReleaseHold(payment_id=payment_id))
    await desk.provider_answers(accepted=False)

    assert HOLDS in broken(desk.store.log, finished=False)
    await desk.do(ReleaseHold(payment_id=payment_id))
    assert broken(desk.store.log, finished=False) == set()
    await desk.provider_answers()
    assert broken(desk.store.log) == set()


async def test_a_charge_in_review_keeps_its_hold_until_it_is_waived() -> None:
    desk = Desk()
    trip_id, payment_id = await desk.hold()
    await desk.provider_answers()
    await desk.price(trip_id, payment_id, minutes=3 * 24 * 60)

    assert HOLDS not in broken(desk.store.log)
    for agent in ("ada", "bob"):
        await desk.decide(Charge.id_of(Trip.TOPIC, trip_id), "waive", actor=agent)
    assert HOLDS in broken(desk.store.log)
    await desk.provider_answers()
    assert HOLDS not in broken(desk.store.log)


async def test_a_trip_under_way_keeps_its_hold(log: Log) -> None:
    until = log.index(first(log, Trip.StartConfirmed)) + 1

    assert broken(log[:until]) == set()
