"""The laws hold for real stories, and planted faults are found."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from domain.billing.invoice import Invoice
from domain.billing.number_range import NumberRange
from domain.billing.payment import Payment
from domain.kernel.messages import RecordedEvent
from domain.kernel.money import Currency, Money
from domain.rental.commands import EndTrip
from domain.rental.reservation import Reservation
from projections.invariants import Invariants
from tests.domain.people_and_cars import area, car, member, reserved, says, started
from tests.domain.world import World


async def _log() -> list[RecordedEvent]:
    """Ada reserves, drives and pays."""
    world = World()
    await area(world)
    ada, mini = await member(world), await car(world)
    trip = await started(world, ada, mini, await reserved(world, ada, mini))
    await world.advance(timedelta(minutes=20))
    await says(world, mini, odometer_m=1_009_000)
    await world.do(EndTrip(trip_id=trip))
    return list(world.store.log)


def _broken(log: list[RecordedEvent], *, finished: bool = True) -> set[str]:
    laws = Invariants()
    for recorded in log:
        laws.observe(recorded)
    return {name for name, result in laws.report(finished).items() if result.broken}


def _changed(recorded: RecordedEvent, **values: Any) -> RecordedEvent:
    meta = recorded.metadata.model_copy(update={"command_id": uuid4()})
    return recorded.model_copy(update={"event": recorded.event.model_copy(update=values), "metadata": meta})


def _first(log: list[RecordedEvent], kind: type) -> RecordedEvent:
    return next(r for r in log if isinstance(r.event, kind))


async def test_a_trip_from_reservation_to_payment_breaks_no_law() -> None:
    log = await _log()
    laws = Invariants()
    for recorded in log:
        laws.observe(recorded)
    report = laws.report()
    assert [sentence for result in report.values() for sentence in result.broken] == []
    assert all(result.checked for result in report.values())


@pytest.mark.parametrize(
    ("missing", "law"),
    [
        (Invoice.Issued, "ended_trip_has_one_invoice"),
        (NumberRange.Taken, "numbers_have_no_gap"),
        (Payment.Captured, "hold_is_captured_or_released"),
    ],
)
async def test_a_missing_event_is_missed(missing: type, law: str) -> None:
    log = await _log()
    assert law in _broken([r for r in log if not isinstance(r.event, missing)])


async def test_while_the_system_runs_a_hold_that_is_not_yet_captured_is_not_missed() -> None:
    log = [r for r in await _log() if not isinstance(r.event, Payment.Captured)]
    assert _broken(log, finished=False) == set()


async def test_a_second_claim_on_a_car_and_on_a_member_is_found() -> None:
    log = await _log()
    placed = _first(log, Reservation.Placed)
    at = log.index(placed) + 1
    same_car = _changed(placed, originator_id=uuid4(), member_id=uuid4())
    same_member = _changed(placed, originator_id=uuid4(), vehicle_id=uuid4())
    assert _broken([*log[:at], same_car]) == {"car_has_one_claim"}
    assert _broken([*log[:at], same_member]) == {"member_has_one_claim"}


async def test_a_second_invoice_a_gap_and_an_unexplained_cent_are_found() -> None:
    log = await _log()
    issued, taken = _first(log, Invoice.Issued), _first(log, NumberRange.Taken)
    captured = _first(log, Payment.Captured)
    gap = _changed(taken, sequence=3, number="X3", document_id=uuid4())
    too_much = _changed(captured, amount=Money(amount_minor=1, currency=Currency.EUR))
    assert "ended_trip_has_one_invoice" in _broken([*log, _changed(issued, originator_id=uuid4())])
    assert _broken([*log, gap]) == {"numbers_have_no_gap"}
    assert _broken([*log, too_much]) == {"cent_is_explained"}
    assert "cent_is_explained" in _broken([r if r is not issued else _changed(issued, lines=()) for r in log])
