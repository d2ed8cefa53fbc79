"""What is credited of an invoice above the limit is asked for by two persons."""

from uuid import UUID, uuid4

import pytest

from domain.billing.commands import CreditInvoice
from domain.billing.credit_note import CreditNote
from domain.billing.invoice import Invoice
from domain.kernel.errors import RefusedError
from domain.kernel.ids import InvoiceId
from tests.domain.billing.desk import Desk, euros
from tests.support.services import RULEBOOKS
from tests.support.world import codes


async def paid(desk: Desk, limit: str) -> InvoiceId:
    """An invoice over 62.00, in a service where one person credits up to a limit."""
    rulebook = RULEBOOKS[desk.service]
    billing = rulebook.billing.model_copy(update={"four_eyes_above": (euros(limit),)})
    desk.rulebooks.hold(rulebook.model_copy(update={"billing": billing}))
    trip_id, payment_id = await desk.hold("62")
    await desk.provider_answers()
    invoice_id = await desk.price(trip_id, payment_id, minutes=200)
    await desk.provider_answers()
    return invoice_id


def credit(invoice_id: InvoiceId, amount: str | None = None, note_id: UUID | None = None) -> CreditInvoice:
    money = None if amount is None else euros(amount)
    return CreditInvoice(
        credit_note_id=note_id or uuid4(), invoice_id=invoice_id, amount=money, reason="the heating was broken"
    )


async def test_the_first_wish_is_a_proposal_and_a_second_person_has_the_note_issued_under_its_id() -> None:
    desk = Desk()
    invoice_id, first = await paid(desk, "50"), uuid4()

    proposed = await desk.do(credit(invoice_id, "51", first), "ada")
    assert await desk.provider_answers() == []
    assert desk.events(CreditNote.Issued) == []
    issued = await desk.do(credit(invoice_id, "51"), "bob")

    assert proposed.value == issued.value == f'"{first}"'
    assert await desk.provider_answers() == ["refund 51.00 EUR"]
    [note] = desk.events(CreditNote.Issued)
    assert (note.originator_id, note.proposed_by, note.issued_by) == (first, "ada", "bob")
    assert (await desk.invoice(invoice_id)).credit_proposal is None


async def test_the_same_person_twice_is_refused() -> None:
    desk = Desk()
    invoice_id = await paid(desk, "50")
    await desk.do(credit(invoice_id), "ada")

    with pytest.raises(RefusedError) as refused:
        await desk.do(credit(invoice_id), "ada")

    assert codes(refused) == {"approval.same_person"}


async def test_another_amount_is_another_proposal() -> None:
    desk = Desk()
    invoice_id = await paid(desk, "50")

    await desk.do(credit(invoice_id, "51"), "ada")
    await desk.do(credit(invoice_id, "52"), "bob")
    assert desk.events(CreditNote.Issued) == []
    await desk.do(credit(invoice_id, "52"), "ada")

    assert [note.gross for note in desk.events(CreditNote.Issued)] == [euros("52")]


async def test_up_to_the_limit_one_person_is_enough_but_not_for_many_small_notes() -> None:
    desk = Desk()
    invoice_id = await paid(desk, "50")

    await desk.do(credit(invoice_id, "30"), "ada")
    await desk.provider_answers()
    await desk.do(credit(invoice_id, "20"), "ada")
    await desk.provider_answers()
    await desk.do(credit(invoice_id, "0.01"), "ada")

    assert [note.proposed_by for note in desk.events(CreditNote.Issued)] == [None, None]
    assert len(desk.events(Invoice.CreditProposed)) == 1


async def test_a_credit_without_a_reason_is_refused_with_what_else_is_wrong() -> None:
    desk = Desk()
    invoice_id = await paid(desk, "50")

    with pytest.raises(RefusedError) as refused:
        await desk.do(credit(invoice_id, "63").model_copy(update={"reason": " "}))

    assert codes(refused) == {"credit_note.without_reason", "credit_note.amount_out_of_range"}
