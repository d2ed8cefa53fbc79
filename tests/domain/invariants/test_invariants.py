"""The laws hold for real stories, and planted faults are found."""

from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from domain.billing.balance import Balance
from domain.billing.charge import Charge
from domain.billing.commands import CreditInvoice, RecordRefundByOtherMeans
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


async def test_a_minute_that_is_used_twice_or_earned_twice_is_found(log: Log) -> None:
    used = first(log, Balance.Used)
    assert isinstance(used.event, Balance.Used)
    [one], [earned] = used.event.uses, used.event.earned
    too_long = one.model_copy(update={"use": one.use.model_copy(update={"seconds": 500 * 60 + 1})})
    too_much = earned.model_copy(update={"amount": euros("135")})

    assert broken([*log, used]) == {"balance_is_used_once"}
    assert broken(altered(log, Balance.Used, uses=(too_long,))) == {"balance_is_used_once"}
    assert broken(altered(log, Balance.Used, earned=(too_much,))) == {"balance_is_used_once"}


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
    assert broken(altered(log, CreditNote.Issued, number="DE-C2021-000007")) == {"numbers_have_no_gap"}


@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (Invoice.Issued, {"taxes": ()}),
        (CreditNote.Issued, {"net": euros("0.50")}),
        (CreditNote.Issued, {"gross": euros("400"), "net": euros("399.84")}),
        (CreditNote.Issued, {"invoice_id": uuid4()}),
        (Invoice.Credited, {"amount": euros("0.99")}),
        (Payment.Captured, {"amount": euros("900"), "unused": euros("-870")}),
        (Payment.Captured, {"invoice_id": uuid4()}),
    ],
)
async def test_a_cent_that_nothing_explains_is_found(log: Log, kind: type[DomainEvent], values: dict[str, Any]) -> None:
    assert broken(altered(log, kind, **values)) == {"cent_is_explained"}


async def test_a_charge_whose_lines_do_not_explain_it_is_found(log: Log) -> None:
    issued = first(log, Invoice.Issued).event
    assert isinstance(issued, Invoice.Issued)
    [charge] = issued.charges

    unexplained = charge.model_copy(update={"lines": ()})

    assert broken(altered(log, Invoice.Issued, charges=(unexplained,))) == {"cent_is_explained"}
    assert broken(altered(log, Invoice.Issued, charges=())) == {"cent_is_explained", "charge_has_one_invoice"}


async def test_money_that_was_credited_and_not_given_back_is_found_once_the_log_is_finished(log: Log) -> None:
    unanswered = without(log, Payment.Refunded)

    assert broken(unanswered) == {"cent_is_explained", "refund_is_accounted_for"}
    assert broken(unanswered, finished=False) == set()


async def test_a_refund_of_another_amount_or_of_none_is_found_at_any_time(log: Log) -> None:
    never_asked = without(log, Payment.RefundRequested)
    less = altered(log, Payment.Refunded, amount=euros("0.99"))

    assert broken(never_asked, finished=False) == {"cent_is_explained", "refund_is_accounted_for"}
    assert broken(less) == {"cent_is_explained", "refund_is_accounted_for"}


async def test_a_refused_refund_is_open_work_once_nothing_asks_again() -> None:
    desk = Desk()
    trip_id, payment_id = await desk.hold()
    await desk.provider_answers()
    invoice_id = await desk.price(trip_id, payment_id)
    await desk.provider_answers()
    await desk.do(CreditInvoice(credit_note_id=uuid4(), invoice_id=invoice_id, reason="the car was dirty"))

    await desk.provider_answers(accepted=False)
    assert "refund_is_accounted_for" not in broken(desk.store.log, finished=False)
    assert {"cent_is_explained", "refund_is_accounted_for"} <= broken(desk.store.log)
    while not desk.events(Payment.RefundGivenUp):
        await desk.time_passes(timedelta(days=3))
        await desk.provider_answers(accepted=False)

    assert "refund_is_accounted_for" in broken(desk.store.log, finished=False)
    [note] = {event.credit_note_id for event in desk.events(Payment.RefundGivenUp)}
    await desk.do(RecordRefundByOtherMeans(credit_note_id=note, reference="SEPA 4711", reason="the card is closed"))

    assert not broken(desk.store.log) & {"cent_is_explained", "refund_is_accounted_for"}
    less = altered(desk.store.log, Payment.RefundPaidByOtherMeans, amount=euros("0.99"))
    assert broken(less) >= {"cent_is_explained", "refund_is_accounted_for"}
    never_refused = without(desk.store.log, Payment.RefundFailed)
    assert "refund_is_accounted_for" in broken(never_refused)


async def reviewed(*, actors: tuple[str, ...] = ("ada", "bob")) -> Log:
    """A trip of three days, above the limit for one person, and what two agents decide about it."""
    desk = Desk()
    trip_id, payment_id = await desk.hold()
    await desk.provider_answers()
    await desk.price(trip_id, payment_id, minutes=3 * 24 * 60)
    for actor in actors:
        await desk.decide(Charge.id_of(Trip.TOPIC, trip_id), "approve", actor=actor)
        await desk.provider_answers()
    return desk.store.log


REVIEWED = {"review_takes_nothing", "two_persons_decide"}


async def test_a_review_above_the_limit_by_two_persons_breaks_no_law() -> None:
    assert broken(await reviewed()) & REVIEWED == set()


@pytest.mark.parametrize("kind", [Charge.Approved, Charge.DecisionProposed])
async def test_a_decision_that_one_person_took_alone_above_the_limit_is_found(kind: type[DomainEvent]) -> None:
    log = await reviewed()
    alone = without(log, kind) if kind is Charge.DecisionProposed else altered(log, kind, proposed_by=None)
    same = altered(log, Charge.Approved, decided_by="ada")

    assert broken(alone) & REVIEWED == {"two_persons_decide"}
    assert broken(same) & REVIEWED == {"two_persons_decide"}


async def test_an_invoice_a_number_and_a_capture_during_a_review_are_found() -> None:
    log = await reviewed()
    taken: tuple[type[DomainEvent], ...] = (Invoice.Issued, NumberRange.Taken, Payment.CaptureRequested)
    undecided = without(log, Charge.Approved)
    for kind in taken:
        alone = without(undecided, *(other for other in taken if other is not kind))

        assert broken(alone) & REVIEWED == {"review_takes_nothing"}


async def test_a_charge_in_review_is_not_missed_as_an_invoice_and_a_waived_one_has_none(log: Log) -> None:
    ended = first(log, Trip.Ended)
    begun = log[: log.index(first(log, Charge.Raised)) + 1]
    charge = begun[-1].event.originator_id
    review = (await reviewed(actors=()))[-1]
    held = [*begun, changed(review, originator_id=charge)]
    decided = first(await reviewed(), Charge.Approved).event
    facts = {**dict(decided), "originator_id": charge, "proposed_by": None, "four_eyes_above": None}
    waived = [*held, replace(review, event=Charge.Waived(**facts))]

    assert ended in begun
    assert "charge_has_one_invoice" not in broken(held)
    assert "charge_has_one_invoice" not in broken(waived)
    assert "charge_has_one_invoice" in broken([*waived, first(log, Invoice.Issued)])
