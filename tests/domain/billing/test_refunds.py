"""A refund that the provider refuses: seen, told, asked for again by itself, and then by an agent."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from domain.billing.commands import CreditInvoice, RecordRefundByOtherMeans, RetryRefund
from domain.billing.payment import Payment
from domain.kernel.errors import RefusedError
from tests.domain.billing.desk import Desk, euros
from tests.support.services import RULEBOOKS
from tests.support.world import codes

REFUND = "refund 3.10 EUR"
WAITS = (timedelta(hours=1), timedelta(days=1), timedelta(days=3))
"""Of the rulebook, where it says nothing else."""


async def credited(desk: Desk, *amounts: str) -> list[UUID]:
    """Credit notes for a trip of 3.10 that was paid: over all of it, or over parts."""
    trip_id, payment_id = await desk.hold()
    await desk.provider_answers()
    invoice_id = await desk.price(trip_id, payment_id, minutes=10)
    await desk.provider_answers()
    notes = []
    for amount in amounts or ("3.10",):
        notes.append(note_id := uuid4())
        money = euros(amount)
        await desk.do(
            CreditInvoice(credit_note_id=note_id, invoice_id=invoice_id, amount=money, reason="it would not start")
        )
    return notes


def told(desk: Desk) -> list[str]:
    return [m.template for m in desk.told if m.template.startswith("refund")]


async def test_a_refused_refund_is_asked_for_again_by_itself_after_each_wait_and_then_no_more() -> None:
    desk = Desk()
    await credited(desk)
    assert await desk.provider_answers(accepted=False) == [REFUND]

    for wait in WAITS:
        await desk.time_passes(wait - timedelta(seconds=1))
        assert await desk.provider_answers(accepted=False) == []
        await desk.time_passes(timedelta(seconds=1))
        assert await desk.provider_answers(accepted=False) == [REFUND]
    await desk.time_passes(timedelta(days=365))

    assert await desk.provider_answers(accepted=False) == []
    failed = desk.events(Payment.RefundFailed)
    assert [event.failures for event in failed] == [1, 2, 3, 4]
    assert failed[-1].retry_at is None


async def test_the_member_is_told_at_the_first_failure_and_when_it_has_come_through() -> None:
    desk = Desk()
    await credited(desk)
    await desk.provider_answers(accepted=False)
    assert told(desk) == ["refund_failed"]

    await desk.time_passes(WAITS[0])
    await desk.provider_answers(accepted=False)
    assert told(desk) == ["refund_failed"]
    await desk.time_passes(WAITS[1])
    await desk.provider_answers()

    assert told(desk) == ["refund_failed", "refund_paid"]
    assert desk.told[-1].values == {"number": "DE-C2021-000001", "amount": "3.10 EUR"}


async def test_a_refund_that_works_at_once_is_not_told_of_by_itself() -> None:
    desk = Desk()
    await credited(desk)

    assert await desk.provider_answers() == [REFUND]

    assert told(desk) == []


async def test_an_agent_asks_again_at_any_time_and_what_was_due_by_itself_then_asks_no_second_time() -> None:
    desk = Desk()
    [note_id] = await credited(desk)
    await desk.provider_answers(accepted=False)

    await desk.do(RetryRefund(credit_note_id=note_id))
    assert await desk.provider_answers() == [REFUND]
    await desk.time_passes(timedelta(days=30))

    assert await desk.provider_answers() == []
    assert len(desk.events(Payment.Refunded)) == 1


async def test_a_try_by_hand_that_fails_takes_the_place_of_the_next_one() -> None:
    desk = Desk()
    [note_id] = await credited(desk)
    await desk.provider_answers(accepted=False)

    await desk.do(RetryRefund(credit_note_id=note_id))
    await desk.provider_answers(accepted=False)
    await desk.time_passes(WAITS[0])
    assert await desk.provider_answers() == []
    await desk.time_passes(WAITS[1] - WAITS[0])

    assert await desk.provider_answers() == [REFUND]


async def test_an_agent_asks_again_after_the_last_wait() -> None:
    desk = Desk()
    [note_id] = await credited(desk)
    await desk.provider_answers(accepted=False)
    for wait in WAITS:
        await desk.time_passes(wait)
        await desk.provider_answers(accepted=False)

    await desk.do(RetryRefund(credit_note_id=note_id))

    assert await desk.provider_answers() == [REFUND]
    assert told(desk) == ["refund_failed", "refund_given_up", "refund_paid"]


async def given_up(desk: Desk) -> UUID:
    """A credit note whose refund was refused after every wait."""
    [note_id] = await credited(desk)
    await desk.provider_answers(accepted=False)
    for wait in WAITS:
        await desk.time_passes(wait)
        await desk.provider_answers(accepted=False)
    return note_id


def by_transfer(note_id: UUID, reference: str = "SEPA 4711", reason: str = "card closed") -> RecordRefundByOtherMeans:
    return RecordRefundByOtherMeans(credit_note_id=note_id, reference=reference, reason=reason)


async def test_a_refund_whose_tries_are_used_up_is_given_up_and_told_once_however_often_an_agent_asks_again() -> None:
    desk = Desk()
    note_id = await given_up(desk)
    assert told(desk) == ["refund_failed", "refund_given_up"]

    await desk.do(RetryRefund(credit_note_id=note_id))
    await desk.provider_answers(accepted=False)

    assert told(desk) == ["refund_failed", "refund_given_up"]
    assert [event.was_given_up for event in desk.events(Payment.RefundGivenUp)] == [False, True]
    [payment_id] = {e.originator_id for e in desk.events(Payment.RefundGivenUp)}
    assert (await desk.store.load(Payment, payment_id)).refunds[note_id].state == "given_up"


async def test_where_nothing_is_tried_again_the_first_refusal_gives_up_and_promises_no_other_try() -> None:
    desk = Desk()
    rulebook = RULEBOOKS[desk.service]
    billing = rulebook.billing.model_copy(update={"retry_refund_after": ()})
    desk.rulebooks.hold(rulebook.model_copy(update={"billing": billing}))
    await credited(desk)

    await desk.provider_answers(accepted=False)

    assert told(desk) == ["refund_given_up"]


async def test_a_refund_paid_by_other_means_is_closed_told_with_its_reference_and_never_asked_for_again() -> None:
    desk = Desk()
    note_id = await given_up(desk)

    await desk.do(by_transfer(note_id), actor="ada")
    await desk.time_passes(timedelta(days=30))

    assert await desk.provider_answers() == []
    [paid] = desk.events(Payment.RefundPaidByOtherMeans)
    assert (paid.amount, paid.reference, paid.reason, paid.recorded_by) == (
        euros("3.10"),
        "SEPA 4711",
        "card closed",
        "ada",
    )
    assert told(desk) == ["refund_failed", "refund_given_up", "refund_paid_by_other_means"]
    assert desk.told[-1].values == {"number": "DE-C2021-000001", "amount": "3.10 EUR", "reference": "SEPA 4711"}
    with pytest.raises(RefusedError) as refused:
        await desk.do(RetryRefund(credit_note_id=note_id))
    assert codes(refused) == {"refund.not_failed"}


async def test_a_refund_that_has_only_failed_is_paid_by_other_means_and_what_was_due_then_asks_no_more() -> None:
    desk = Desk()
    [note_id] = await credited(desk)
    await desk.provider_answers(accepted=False)

    await desk.do(by_transfer(note_id))
    await desk.time_passes(timedelta(days=30))

    assert await desk.provider_answers() == []
    assert len(desk.events(Payment.RefundFailed)) == 1


async def test_the_same_payment_by_other_means_twice_counts_once_and_another_one_is_refused() -> None:
    desk = Desk()
    note_id = await given_up(desk)
    await desk.do(by_transfer(note_id))
    before = len(desk.store.log)

    await desk.do(by_transfer(note_id, reason="said once more"))
    with pytest.raises(RefusedError) as refused:
        await desk.do(by_transfer(note_id, reference="SEPA 4712"))

    assert codes(refused) == {"refund.paid_by_other_means"}
    assert len(desk.store.log) == before


@pytest.mark.parametrize("answered", [False, True], ids=["pending", "refunded"])
async def test_what_the_provider_has_not_refused_is_not_paid_by_other_means(*, answered: bool) -> None:
    desk = Desk()
    [note_id] = await credited(desk)
    if answered:
        await desk.provider_answers()

    with pytest.raises(RefusedError) as refused:
        await desk.do(by_transfer(note_id))

    assert codes(refused) == {"refund.not_failed"}


async def test_a_payment_by_other_means_says_which_it_was_and_why() -> None:
    desk = Desk()
    note_id = await given_up(desk)

    with pytest.raises(RefusedError) as refused:
        await desk.do(by_transfer(note_id, reference=" ", reason=""))

    assert codes(refused) == {"refund.without_reference", "refund.without_reason"}
    assert desk.events(Payment.RefundPaidByOtherMeans) == []


@pytest.mark.parametrize("answered", [False, True], ids=["pending", "refunded"])
async def test_what_has_not_failed_is_not_asked_for_again(*, answered: bool) -> None:
    desk = Desk()
    [note_id] = await credited(desk)
    if answered:
        await desk.provider_answers()

    with pytest.raises(RefusedError) as refused:
        await desk.do(RetryRefund(credit_note_id=note_id))

    assert codes(refused) == {"refund.not_failed"}


async def test_two_refunds_of_one_payment_succeed_and_fail_each_by_itself() -> None:
    desk = Desk()
    first, second = await credited(desk, "1.10", "2.00")
    await desk.provider_answers(accepted=False)

    await desk.do(RetryRefund(credit_note_id=second))
    assert await desk.provider_answers() == ["refund 2.00 EUR"]

    [payment_id] = {e.originator_id for e in desk.events(Payment.RefundFailed)}
    payment = await desk.store.load(Payment, payment_id)
    assert {note: refund.state for note, refund in payment.refunds.items()} == {first: "failed", second: "refunded"}


async def test_a_refused_refund_leaves_nothing_for_another_credit_note_to_give_back() -> None:
    desk = Desk()
    await credited(desk, "3.10")
    await desk.provider_answers(accepted=False)

    [payment_id] = {e.originator_id for e in desk.events(Payment.RefundFailed)}
    assert (await desk.store.load(Payment, payment_id)).refundable == euros("0")


async def test_an_answer_that_comes_twice_counts_once() -> None:
    desk = Desk()
    await credited(desk)
    [request] = desk.taken()
    await desk.answer(request)
    before = len(desk.store.log)

    await desk.answer(request)

    assert len(desk.store.log) == before
