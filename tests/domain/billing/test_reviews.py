"""A charge that is hard to believe: nothing is taken, no invoice is issued, until an agent says what is true."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from domain.billing.charge import Charge
from domain.billing.commands import BillCharge, DecideCharge, DecisionKind
from domain.billing.invoice import Invoice
from domain.billing.number_range import NumberRange
from domain.billing.payment import Payment
from domain.billing.pricing import Span, TripFacts
from domain.kernel.errors import RefusedError, Violation
from domain.kernel.ids import ChargeId, PaymentId, TripId
from domain.rental.reservation import Reservation
from domain.rental.trip import Trip
from tests.domain.billing.desk import Desk, euros
from tests.support.services import RULEBOOKS
from tests.support.world import codes

DOUBT = Violation(code="trip.distance_unknown", detail="the car did not say how far it went")
FOUR_DAYS = 4 * 24 * 60


async def in_review(desk: Desk, *, minutes: int = 50, doubts: tuple[Violation, ...] = (DOUBT,)) -> ChargeId:
    """A trip of some minutes that whoever asks for the charge does not believe."""
    trip_id, payment_id = await desk.hold("30")
    await desk.provider_answers()
    command = desk.bill_trip(trip_id, payment_id, minutes=minutes)
    await desk.do(command.model_copy(update={"doubts": doubts}))
    return Charge.id_of(Trip.TOPIC, trip_id)


def with_limit(desk: Desk, amount: str | None) -> None:
    """Two persons decide about more than this."""
    rulebook = RULEBOOKS[desk.service]
    limit = () if amount is None else (euros(amount),)
    billing = rulebook.billing.model_copy(update={"four_eyes_above": limit})
    desk.rulebooks.hold(rulebook.model_copy(update={"billing": billing}))


def kept_for(desk: Desk, minutes: int) -> BillCharge:
    """A reservation of some minutes that came to no trip, which whoever asks does not believe."""
    command = desk.bill_trip(TripId(uuid4()), PaymentId(uuid4()), minutes=0, token="tok_visa")
    facts = TripFacts(started_at=desk.at, reserved_at=desk.at - timedelta(minutes=minutes), reservation_only=True)
    what = {"subject_kind": Reservation.TOPIC, "facts": facts, "doubts": (DOUBT,)}
    return command.model_copy(update=what)


async def test_a_charge_in_review_has_no_invoice_takes_no_number_and_keeps_its_hold() -> None:
    desk = Desk()

    await in_review(desk, minutes=FOUR_DAYS)

    assert await desk.provider_answers() == []
    [review] = desk.events(Charge.ReviewRequired)
    assert [reason.code for reason in review.reasons] == [
        "trip.distance_unknown",
        "charge.trip_too_long",
        "charge.amount_too_high",
    ]
    assert review.price.gross == euros("1785.60")
    assert desk.events(Invoice.Issued) == []
    assert desk.events(NumberRange.Taken) == []
    assert (await desk.store.load(Payment, desk.events(Payment.Held)[0].originator_id)).state == "held"


async def test_the_member_is_told_of_a_review_without_an_amount() -> None:
    desk = Desk()

    await in_review(desk)
    await desk.provider_answers()

    assert [(m.template, m.values) for m in desk.told] == [("charge_in_review", {"what": "trip"})]


async def test_an_approved_charge_is_billed_as_it_is_and_paid_from_its_hold() -> None:
    desk = Desk()
    charge_id = await in_review(desk)

    await desk.decide(charge_id, "approve")

    assert await desk.provider_answers() == ["capture 15.50 EUR"]
    [invoice] = desk.events(Invoice.Issued)
    charge = await desk.store.load(Charge, charge_id)
    assert (invoice.charges[0].charge_id, invoice.gross, invoice.number) == (
        charge_id,
        euros("15.50"),
        "DE-2021-000001",
    )
    assert (charge.state, charge.invoice_id) == ("billed", invoice.originator_id)
    assert [m.template for m in desk.told] == ["charge_in_review", "charge_approved", "invoice_issued"]


@pytest.mark.parametrize(
    "correction", [{"duration_s": 20 * 60}, {"ended_at": Desk().at - timedelta(minutes=30)}], ids=["duration", "end"]
)
async def test_a_corrected_charge_is_billed_for_what_is_true(correction: dict[str, Any]) -> None:
    desk = Desk()
    charge_id = await in_review(desk, minutes=50)

    await desk.decide(charge_id, "correct", **correction)

    assert await desk.provider_answers() == ["capture 6.20 EUR"]
    [corrected], [invoice] = desk.events(Charge.Corrected), desk.events(Invoice.Issued)
    assert isinstance(corrected.facts, TripFacts)
    assert (corrected.facts.duration_s, corrected.decided_by) == (20 * 60, "agent-7")
    assert invoice.gross == euros("6.20")
    assert [m.template for m in desk.told] == ["charge_in_review", "charge_corrected", "invoice_issued"]


async def test_a_trip_that_is_corrected_to_nothing_can_only_be_waived() -> None:
    desk = Desk()
    charge_id = await in_review(desk, minutes=10)

    with pytest.raises(RefusedError) as refused:
        await desk.decide(charge_id, "correct", duration_s=0)

    assert codes(refused) == {"charge.costs_nothing"}
    assert not desk.events(NumberRange.Taken)


async def test_a_distance_that_nobody_can_have_driven_is_no_correction() -> None:
    desk = Desk()
    charge_id = await in_review(desk, minutes=10)

    with pytest.raises(RefusedError) as refused:
        await desk.decide(charge_id, "correct", distance_m=3_000_001)

    assert codes(refused) == {"charge.distance_too_long"}
    assert (await desk.store.load(Charge, charge_id)).state == "in_review"


async def test_a_corrected_distance_is_billed() -> None:
    desk = Desk()
    charge_id = await in_review(desk, minutes=10)

    await desk.decide(charge_id, "correct", distance_m=210_000)

    [invoice] = desk.events(Invoice.Issued)
    assert invoice.gross == euros("3.10") + euros("2.90")


async def test_a_waived_charge_costs_nothing_and_gives_the_hold_back() -> None:
    desk = Desk()
    charge_id = await in_review(desk)

    await desk.decide(charge_id, "waive")

    assert await desk.provider_answers() == ["release 30.00 EUR"]
    assert (await desk.store.load(Charge, charge_id)).state == "waived"
    assert desk.events(Invoice.Issued) == []
    assert [m.template for m in desk.told] == ["charge_in_review", "charge_waived"]


async def test_asking_again_for_a_charge_in_review_or_waived_changes_nothing() -> None:
    desk = Desk()
    trip_id, payment_id = await desk.hold()
    command = desk.bill_trip(trip_id, payment_id).model_copy(update={"doubts": (DOUBT,)})
    await desk.do(command)
    before = len(desk.store.log)

    await desk.do(command)
    assert len(desk.store.log) == before
    await desk.decide(Charge.id_of(Trip.TOPIC, trip_id), "waive")
    before = len(desk.store.log)
    await desk.do(command)

    assert len(desk.store.log) == before


async def test_a_reservation_in_review_is_billed_until_its_true_end() -> None:
    desk = Desk()
    command = kept_for(desk, 60)
    await desk.do(command)

    await desk.decide(Charge.id_of(Reservation.TOPIC, command.subject_id), "correct", duration_s=30 * 60)

    assert await desk.provider_answers() == ["hold 1.50 EUR", "capture 1.50 EUR"]


async def test_a_reservation_that_costs_nothing_can_only_be_waived() -> None:
    desk = Desk()
    command = kept_for(desk, 60)
    await desk.do(command)
    charge_id = Charge.id_of(Reservation.TOPIC, command.subject_id)

    with pytest.raises(RefusedError) as refused:
        await desk.decide(charge_id, "correct", duration_s=10 * 60)

    assert codes(refused) == {"charge.costs_nothing"}
    await desk.decide(charge_id, "waive")
    assert (await desk.store.load(Charge, charge_id)).state == "waived"


@pytest.mark.parametrize(
    ("decision", "correction", "code"),
    [
        ("correct", {}, "charge.correction_missing"),
        ("approve", {"distance_m": 1}, "charge.correction_not_wanted"),
        ("waive", {"distance_m": 1}, "charge.correction_not_wanted"),
        ("correct", {"distance_m": 0}, "charge.nothing_corrected"),
        ("correct", {"duration_s": 50 * 60}, "charge.nothing_corrected"),
        ("correct", {"duration_s": 51 * 60}, "charge.end_in_future"),
        ("correct", {"ended_at": Desk().at - timedelta(minutes=51)}, "charge.end_before_start"),
        ("correct", {"ended_at": Desk().at, "duration_s": 1}, "charge.two_ends"),
    ],
)
async def test_a_decision_that_makes_no_sense_is_refused(
    decision: DecisionKind, correction: dict[str, Any], code: str
) -> None:
    desk = Desk()
    charge_id = await in_review(desk, minutes=50)

    with pytest.raises(RefusedError) as refused:
        await desk.decide(charge_id, decision, **correction)

    assert codes(refused) == {code}
    assert (await desk.store.load(Charge, charge_id)).state == "in_review"


async def test_how_far_a_car_went_that_was_never_driven_is_no_correction() -> None:
    desk = Desk()
    command = kept_for(desk, 60)
    await desk.do(command)

    with pytest.raises(RefusedError) as refused:
        await desk.decide(Charge.id_of(Reservation.TOPIC, command.subject_id), "correct", distance_m=5)

    assert codes(refused) == {"charge.nothing_driven"}


async def test_every_wrong_part_of_a_decision_is_told_at_once() -> None:
    desk = Desk()
    charge_id = await in_review(desk)
    await desk.decide(charge_id, "waive")
    command = DecideCharge(charge_id=charge_id, decision="correct", reason="  ")

    with pytest.raises(RefusedError) as refused:
        await desk.do(command)

    assert codes(refused) == {
        "charge.not_in_review",
        "charge.decision_without_reason",
        "charge.correction_missing",
    }


async def test_a_charge_that_was_billed_at_once_is_not_decided() -> None:
    desk = Desk()
    trip_id, payment_id = await desk.hold()
    await desk.price(trip_id, payment_id)

    with pytest.raises(RefusedError) as refused:
        await desk.decide(Charge.id_of(Trip.TOPIC, trip_id), "approve")

    [violation] = refused.value.violations
    assert (violation.code, violation.values["state"]) == ("charge.not_in_review", "billed")


async def test_above_the_limit_the_first_decision_is_a_proposal_and_a_second_person_carries_it_out() -> None:
    desk = Desk()
    with_limit(desk, "15.49")
    charge_id = await in_review(desk, minutes=50)

    await desk.decide(charge_id, "approve", actor="ada")
    charge = await desk.store.load(Charge, charge_id)
    assert charge.proposal is not None
    assert (charge.state, charge.proposal.proposed_by) == ("in_review", "ada")
    assert await desk.provider_answers() == []
    await desk.decide(charge_id, "approve", actor="bob")

    assert await desk.provider_answers() == ["capture 15.50 EUR"]
    [approved] = desk.events(Charge.Approved)
    assert (approved.proposed_by, approved.decided_by, approved.amount) == ("ada", "bob", euros("15.50"))


async def test_the_same_person_cannot_be_both() -> None:
    desk = Desk()
    with_limit(desk, "1")
    charge_id = await in_review(desk)
    await desk.decide(charge_id, "waive", actor="ada")

    with pytest.raises(RefusedError) as refused:
        await desk.decide(charge_id, "waive", actor="ada")

    assert codes(refused) == {"approval.same_person"}


async def test_another_content_is_another_proposal_which_the_first_person_may_then_complete() -> None:
    desk = Desk()
    with_limit(desk, "1")
    charge_id = await in_review(desk, minutes=50)
    await desk.decide(charge_id, "correct", actor="ada", duration_s=20 * 60)

    await desk.decide(charge_id, "correct", actor="bob", duration_s=30 * 60)
    assert desk.events(Invoice.Issued) == []
    await desk.decide(charge_id, "correct", actor="ada", ended_at=desk.at - timedelta(minutes=20))

    [corrected] = desk.events(Charge.Corrected)
    assert isinstance(corrected.facts, TripFacts)
    assert (corrected.proposed_by, corrected.decided_by, corrected.facts.duration_s) == ("bob", "ada", 30 * 60)


async def test_a_small_price_that_becomes_a_large_one_needs_two() -> None:
    desk = Desk()
    with_limit(desk, "100")
    charge_id = await in_review(desk, minutes=50)

    await desk.decide(charge_id, "correct", distance_m=900_000)

    assert desk.events(Charge.Corrected) == []
    assert len(desk.events(Charge.DecisionProposed)) == 1


def spans(*parts: tuple[str, int]) -> tuple[Span, ...]:
    return tuple(Span.model_validate({"phase": phase, "seconds": seconds}) for phase, seconds in parts)


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (60, spans(("driving", 60))),
        (700, spans(("driving", 600), ("parked", 100))),
        (1800, spans(("driving", 600), ("parked", 300), ("driving", 900))),
    ],
)
async def test_a_corrected_end_cuts_what_came_after_it_and_lengthens_what_was_under_way(
    seconds: int, expected: tuple[Span, ...]
) -> None:
    desk = Desk()
    trip_id, payment_id = TripId(uuid4()), PaymentId(uuid4())
    command = desk.bill_trip(trip_id, payment_id, minutes=60, token="tok_visa")
    driven = command.facts.model_copy(update={"spans": spans(("driving", 600), ("parked", 300), ("driving", 600))})
    await desk.do(command.model_copy(update={"facts": driven, "doubts": (DOUBT,)}))

    await desk.decide(Charge.id_of(Trip.TOPIC, trip_id), "correct", duration_s=seconds)

    [corrected] = desk.events(Charge.Corrected)
    assert isinstance(corrected.facts, TripFacts)
    assert corrected.facts.spans == expected
