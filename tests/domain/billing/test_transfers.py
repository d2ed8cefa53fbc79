"""Money that comes by bank transfer: for an invoice, too much of it, twice, and taken back by the bank."""

from datetime import timedelta
from typing import Any

import pytest

from domain.billing.commands import CreditInvoice, RecordRefundByOtherMeans, RetryCharge
from domain.billing.invoice import Invoice
from domain.billing.transfer import Transfer
from domain.billing.transfers import RecordTransferPaidBack, TakeBackTransfer
from domain.kernel.errors import RefusedError
from domain.kernel.ids import InvoiceId, MemberId, derived_id
from domain.kernel.messages import Actor, Role
from domain.kernel.money import Currency, Money
from domain.members.member import Member
from domain.rental.commands import EndTrip
from domain.rental.trip import Trip
from tests.domain.billing.desk import euros
from tests.domain.billing.test_unpaid import invoice_of, reasons, unpaid, with_billing
from tests.support.people_and_cars import area, car, member, says, started
from tests.support.planting import altered, broken, without
from tests.support.transfers import DAY, assigned, transferred
from tests.support.world import World, codes


@pytest.fixture
async def world() -> World:
    """A city in which members drive, and in which one failed payment is enough."""
    world = World()
    await area(world)
    with_billing(world, block_after=1)
    return world


async def open_items(world: World, who: MemberId) -> set[Any]:
    return {*(await world.store.load(Member, who)).open_items}


def broken_laws(world: World, *, finished: bool = False) -> set[str]:
    return broken(world.store.log, finished=finished)


def taken_back(transfer_id: Any) -> TakeBackTransfer:
    return TakeBackTransfer(transfer_id=transfer_id, reference="bank 9", value_on=DAY)


async def test_a_member_in_arrears_who_transfers_what_is_due_may_drive_again(world: World) -> None:
    ada, invoice_id = await unpaid(world)
    assert "member.in_arrears" in await reasons(world, ada)

    await world.do(transferred(await invoice_of(world, invoice_id)))

    invoice = await invoice_of(world, invoice_id)
    assert (invoice.state, invoice.due) == ("paid", euros("0"))
    assert await reasons(world, ada) == []
    assert await open_items(world, ada) == set()
    assert "transfer_received" in world.told()
    assert broken_laws(world) == set()


async def test_what_was_paid_by_transfer_is_not_asked_of_the_card_again(world: World) -> None:
    _, invoice_id = await unpaid(world)
    await world.do(transferred(await invoice_of(world, invoice_id)))
    world.provider = "accepting"
    before = len(world.store.log)

    await world.advance(timedelta(days=30))

    assert len(world.store.log) == before


async def test_a_part_is_counted_and_only_the_rest_asked_of_the_card(world: World) -> None:
    _, invoice_id = await unpaid(world)
    due = (await invoice_of(world, invoice_id)).due
    world.provider = "accepting"

    await world.do(transferred(await invoice_of(world, invoice_id), euros("1.00")))
    part = await invoice_of(world, invoice_id)
    await world.do(RetryCharge(invoice_id=invoice_id))

    assert (part.state, part.due) == ("open", due - euros("1.00"))
    invoice = await invoice_of(world, invoice_id)
    assert (invoice.state, invoice.paid) == ("paid", due)
    assert broken_laws(world, finished=True) == set()


async def test_the_same_transfer_twice_changes_nothing(world: World) -> None:
    _, invoice_id = await unpaid(world)
    transfer = transferred(await invoice_of(world, invoice_id), euros("1.00"))
    await world.do(transfer)
    before = len(world.store.log)

    await world.do(transfer)

    assert len(world.store.log) == before


async def test_two_bookings_with_one_reference_of_the_bank_and_other_amounts_both_count(world: World) -> None:
    _, invoice_id = await unpaid(world)

    for amount in ("1.00", "2.00"):
        await world.do(transferred(await invoice_of(world, invoice_id), euros(amount), "the same"))

    assert (await invoice_of(world, invoice_id)).paid == euros("3.00")


async def test_what_is_more_than_was_open_is_owed_until_it_is_paid_back(world: World) -> None:
    ada, invoice_id = await unpaid(world)
    invoice = await invoice_of(world, invoice_id)
    transfer = transferred(invoice, invoice.due + euros("5.00"))

    await world.do(transfer)
    owed = await open_items(world, ada)
    pay_back = RecordTransferPaidBack(transfer_id=transfer.transfer_id, reference="SEPA 1", reason="it was too much")
    await world.do(pay_back)
    again = len(world.store.log)
    await world.do(pay_back)

    assert world.events(Transfer.Received)[0].counted == invoice.due
    assert world.events(Transfer.RefundOwed)[0].amount == euros("5.00")
    assert (owed, await open_items(world, ada)) == ({transfer.transfer_id}, set())
    assert len(world.store.log) == again
    assert world.told()[-1] == "transfer_paid_back"
    assert broken_laws(world, finished=True) == set()
    with pytest.raises(RefusedError) as refused:
        await world.do(pay_back.model_copy(update={"reference": "SEPA 2"}))
    assert codes(refused) == {"transfer.not_owed"}


async def test_what_comes_for_an_invoice_that_is_paid_already_is_all_owed(world: World) -> None:
    _, invoice_id = await unpaid(world)
    invoice = await invoice_of(world, invoice_id)
    await world.do(transferred(invoice))

    await world.do(transferred(invoice, euros("3.00"), "bank 2"))

    assert world.events(Transfer.RefundOwed)[0].amount == euros("3.00")
    assert (await invoice_of(world, invoice_id)).paid == invoice.due
    assert broken_laws(world) == set()
    assert broken_laws(world, finished=True) == {"transfer_counts_once"}


async def test_a_transfer_that_does_not_fit_its_invoice_is_refused_with_every_reason(world: World) -> None:
    _, invoice_id = await unpaid(world)
    invoice = await invoice_of(world, invoice_id)
    dollars = Money(amount_minor=0, currency=Currency.USD)
    wrong = transferred(invoice).model_copy(update={"amount": dollars, "seller_id": "another"})
    before = len(world.store.log)

    with pytest.raises(RefusedError) as refused:
        await world.do(wrong)

    assert codes(refused) == {"transfer.other_currency", "transfer.amount_out_of_range", "transfer.other_seller"}
    assert len(world.store.log) == before


async def test_a_transfer_of_one_invoice_does_not_count_for_another(world: World) -> None:
    _, first = await unpaid(world)
    transfer = transferred(await invoice_of(world, first))
    await world.do(transfer)
    world.provider = "accepting"
    eve, fiat = await member(world, "Eve"), await car(world, "B-AB 9")
    trip = await started(world, eve, fiat)
    await world.advance(timedelta(minutes=5))
    await says(world, fiat)
    await world.do(EndTrip(trip_id=trip))

    with pytest.raises(RefusedError) as refused:
        await world.do(transfer.model_copy(update={"invoice_id": Invoice.id_of(Trip.TOPIC, trip)}))

    assert codes(refused) == {"transfer.of_another_invoice"}


async def test_while_the_provider_has_yet_to_answer_a_transfer_waits(world: World) -> None:
    _, invoice_id = await unpaid(world, "silent")
    transfer = transferred(await invoice_of(world, invoice_id))

    with pytest.raises(RefusedError) as refused:
        await world.do(transfer)
    world.provider = "accepting"
    await world.answer_payments()
    await world.do(transfer)

    assert codes(refused) == {"invoice.payment_under_way"}
    assert broken_laws(world) == set()


async def test_a_transfer_that_the_bank_takes_back_opens_the_invoice_again(world: World) -> None:
    ada, invoice_id = await unpaid(world)
    invoice = await invoice_of(world, invoice_id)
    transfer = transferred(invoice)
    await world.do(transfer)

    await world.do(taken_back(transfer.transfer_id))
    again = len(world.store.log)
    await world.do(taken_back(transfer.transfer_id))

    open_again = await invoice_of(world, invoice_id)
    assert (open_again.state, open_again.due) == ("open", invoice.due)
    assert "member.in_arrears" in await reasons(world, ada)
    assert len(world.store.log) == again
    assert "transfer_taken_back" in world.told()
    world.provider = "accepting"
    await world.do(RetryCharge(invoice_id=invoice_id))
    assert await reasons(world, ada) == []
    assert await open_items(world, ada) == set()
    assert broken_laws(world, finished=True) == set()


async def test_what_was_owed_of_a_transfer_is_owed_no_more_once_the_bank_takes_it_back(world: World) -> None:
    ada, invoice_id = await unpaid(world)
    invoice = await invoice_of(world, invoice_id)
    transfer = transferred(invoice, invoice.due + euros("5.00"))
    await world.do(transfer)
    await credit(world, invoice_id, "2.00")

    await world.do(taken_back(transfer.transfer_id))

    assert [event.amount for event in world.events(Transfer.RefundDropped)] == [euros("5.00"), euros("2.00")]
    assert (await invoice_of(world, invoice_id)).due == invoice.due - euros("2.00")
    assert transfer.transfer_id not in await open_items(world, ada)
    assert broken_laws(world) == set()


async def test_what_was_paid_back_of_a_transfer_is_lost_with_it_and_asked_for(world: World) -> None:
    _, invoice_id = await unpaid(world)
    invoice = await invoice_of(world, invoice_id)
    transfer = transferred(invoice, invoice.due + euros("5.00"))
    await world.do(transfer)
    back = {"reference": "SEPA 1", "reason": "it was too much"}
    await world.do(RecordTransferPaidBack(transfer_id=transfer.transfer_id, **back))

    await world.do(taken_back(transfer.transfer_id))

    assert (await invoice_of(world, invoice_id)).due == invoice.due + euros("5.00")
    assert broken_laws(world) == set()


async def credit(world: World, invoice_id: InvoiceId, amount: str) -> Any:
    note_id = derived_id("note", amount)
    command = CreditInvoice(credit_note_id=note_id, invoice_id=invoice_id, amount=euros(amount), reason="goodwill")
    await world.do(command)
    return note_id


async def test_what_is_credited_of_a_transfer_is_owed_until_an_agent_has_paid_it_back(world: World) -> None:
    ada, invoice_id = await unpaid(world)
    await world.do(transferred(await invoice_of(world, invoice_id)))

    note_id = await credit(world, invoice_id, "2.00")
    owed, found = await open_items(world, ada), broken_laws(world)
    paid = {"reference": "SEPA 2", "reason": "he paid by transfer"}
    await world.do(RecordRefundByOtherMeans(credit_note_id=note_id, **paid))

    assert (owed, found) == ({note_id}, {"refund_is_accounted_for"})
    assert await open_items(world, ada) == set()
    assert world.told()[-1] == "refund_paid_by_other_means"
    assert broken_laws(world, finished=True) == set()


async def test_above_the_limit_two_agents_say_which_invoice_a_transfer_is_for(world: World) -> None:
    with_billing(world, four_eyes_above=(euros("1.00"),), block_after=1)
    _, invoice_id = await unpaid(world)
    invoice = await invoice_of(world, invoice_id)
    command, ada, bob = assigned(invoice, invoice.due), *(Actor(role=Role.AGENT, id=id) for id in ("ada", "bob"))

    await world.do(command, actor=ada)
    waiting = await world.store.load(Transfer, command.transfer_id)
    with pytest.raises(RefusedError) as refused:
        await world.do(command, actor=ada)
    await world.do(command, actor=bob)

    assert (waiting.invoice_id, waiting.proposal and waiting.proposal.proposed_by) == (None, "ada")
    assert codes(refused) == {"approval.same_person"}
    [received] = world.events(Transfer.Received)
    assert (received.proposed_by, received.assigned_by) == ("ada", "bob")
    assert (await invoice_of(world, invoice_id)).state == "paid"
    assert broken_laws(world) == set()
    alone = altered(world.store.log, Transfer.Received, proposed_by="bob")
    assert broken(alone, finished=False) == {"two_persons_decide"}


async def test_up_to_the_limit_one_agent_is_enough(world: World) -> None:
    _, invoice_id = await unpaid(world)
    invoice = await invoice_of(world, invoice_id)

    await world.do(assigned(invoice, euros("1.00")))

    assert [event.assigned_by for event in world.events(Transfer.Received)] == ["agent-7"]
    with pytest.raises(RefusedError) as refused:
        await world.do(assigned(invoice, euros("1.00"), "bank 2").model_copy(update={"reason": " "}))
    assert codes(refused) == {"transfer.without_reason"}


async def test_a_transfer_that_counts_otherwise_than_its_invoice_says_is_found(world: World) -> None:
    _, invoice_id = await unpaid(world)
    invoice = await invoice_of(world, invoice_id)
    await world.do(transferred(invoice, invoice.due + euros("5.00")))
    log = world.store.log

    assert "transfer_counts_once" in broken(without(log, Invoice.TransferReceived), finished=False)
    assert "transfer_counts_once" in broken(without(log, Transfer.Reported), finished=False)
    assert "transfer_counts_once" in broken(without(log, Transfer.Received), finished=False)
    more = altered(log, Transfer.Received, counted=invoice.due + euros("1.00"))
    assert {"transfer_counts_once", "cent_is_explained"} <= broken(more, finished=False)
