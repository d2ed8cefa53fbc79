"""The laws hold for real stories, and planted faults are found."""

from typing import Any
from uuid import uuid4

import pytest

from domain.billing.commands import CreditInvoice
from domain.billing.credit_note import CreditNote
from domain.billing.invoice import Invoice
from domain.billing.number_range import NumberRange
from domain.billing.payment import Payment
from domain.invariants import Invariants
from domain.kernel.aggregate import DomainEvent
from domain.rental.reservation import Reservation
from domain.rental.trip import Trip
from tests.domain.billing.desk import Desk, euros
from tests.support.planting import Log, altered, broken, changed, first, without


async def test_a_story_from_reservation_to_credit_note_breaks_no_law(log: Log) -> None:
    laws = Invariants()
    for recorded in log:
        laws.observe(recorded)

    report = laws.report()

    assert [sentence for result in report.values() for sentence in result.broken] == []
    assert all(result.checked for result in report.values())
    assert laws.report() == report


async def test_a_second_claim_on_a_car_and_on_a_member_is_found(log: Log) -> None:
    placed = first(log, Reservation.Placed)
    at = log.index(placed) + 1

    same_car = changed(placed, originator_id=uuid4(), member_id=uuid4())
    same_member = changed(placed, originator_id=uuid4(), vehicle_id=uuid4())

    assert broken([*log[:at], same_car]) == {"car_has_one_claim"}
    assert broken([*log[:at], same_member]) == {"member_has_one_claim"}


async def test_an_invoice_that_is_missing_doubled_or_for_nothing_is_found(log: Log) -> None:
    issued = first(log, Invoice.Issued)

    assert "charge_has_one_invoice" in broken(without(log, Invoice.Issued))
    assert "charge_has_one_invoice" in broken([r for r in log if r is not issued])
    assert "charge_has_one_invoice" in broken([*log, changed(issued, originator_id=uuid4())])
    assert broken(without(log, Trip.Ended, Trip.Requested)) == {"charge_has_one_invoice"}


async def test_while_the_system_runs_an_invoice_that_is_yet_to_come_is_not_missed(log: Log) -> None:
    before = log[: log.index(first(log, Trip.Ended)) + 1]

    assert broken(before, finished=False) == set()
    assert "charge_has_one_invoice" in broken(before)


async def test_a_charged_reservation_without_an_invoice_is_found(log: Log) -> None:
    before = log[: log.index(first(log, Reservation.ChargeDue)) + 1]

    assert broken(before) == {"charge_has_one_invoice"}


async def test_a_gap_in_the_numbers_and_a_number_on_the_wrong_document_are_found(log: Log) -> None:
    gap = changed(first(log, NumberRange.Taken), sequence=9, number="X9", document_id=uuid4())

    assert broken([*log, gap]) == {"numbers_have_no_gap"}
    assert broken(without(log, NumberRange.Taken)) == {"numbers_have_no_gap"}
    assert broken(altered(log, CreditNote.Issued, number="DE-C00000007")) == {"numbers_have_no_gap"}


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (Invoice.Issued, {"lines": ()}),
        (Invoice.Issued, {"taxes": ()}),
        (CreditNote.Issued, {"net": euros("0.50")}),
        (CreditNote.Issued, {"gross": euros("900"), "net": euros("899.84")}),
        (CreditNote.Issued, {"invoice_id": uuid4()}),
        (Invoice.Credited, {"amount": euros("0.99")}),
        (Payment.Captured, {"amount": euros("900"), "unused": euros("-870")}),
        (Payment.Captured, {"invoice_id": uuid4()}),
        (Payment.Refunded, {"amount": euros("0.99")}),
    ],
)
async def test_a_cent_that_nothing_explains_is_found(log: Log, kind: type[DomainEvent], values: dict[str, Any]) -> None:
    assert broken(altered(log, kind, **values)) == {"cent_is_explained"}


async def test_a_refused_refund_is_open_work() -> None:
    desk = Desk()
    trip_id, payment_id = await desk.hold()
    await desk.provider_answers()
    invoice_id = await desk.price(trip_id, payment_id)
    await desk.provider_answers()
    await desk.do(CreditInvoice(credit_note_id=uuid4(), invoice_id=invoice_id, reason="the car was dirty"))

    await desk.provider_answers(accepted=False)

    assert "cent_is_explained" in broken(desk.store.log, finished=False)


async def test_money_that_was_credited_and_not_given_back_is_found_once_the_log_is_finished(log: Log) -> None:
    unanswered = without(log, Payment.Refunded)

    assert broken(unanswered) == {"cent_is_explained"}
    assert broken(unanswered, finished=False) == set()
    assert broken(without(log, Payment.RefundRequested), finished=False) == {"cent_is_explained"}
