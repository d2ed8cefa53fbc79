"""Taking back what an invoice asked for, once enough persons have decided it."""

from typing import NamedTuple
from uuid import UUID

from domain.billing.billed import CreditedCharge
from domain.billing.charging import let_go
from domain.billing.credit_note import CreditNote
from domain.billing.invoice import Invoice
from domain.billing.issuing import keep_buyers, take_number
from domain.billing.payer import clear_arrears
from domain.billing.refunding import refund
from domain.billing.sold import take_back
from domain.kernel.money import Money
from domain.unit_of_work import UnitOfWork


class Decided(NamedTuple):
    """Who decided, why, and under which limit."""

    reason: str
    by: str
    proposed_by: str | None
    """The first of two persons; none where one was enough."""
    four_eyes_above: Money | None


async def credit(
    invoice: Invoice, note_id: UUID, charges: tuple[CreditedCharge, ...], decided: Decided, work: UnitOfWork
) -> None:
    """Issue a credit note; refund what was paid, or give the hold back when nothing is left to pay."""
    today = work.rulebook.city(invoice.city_id).local_day(work.now)
    note = CreditNote.issue(
        note_id,
        invoice=invoice,
        number=await take_number(work, invoice.seller, "credit_note", note_id, today),
        charges=charges,
        issued_on=today,
        reason=decided.reason,
        issued_by=decided.by,
        proposed_by=decided.proposed_by,
        four_eyes_above=decided.four_eyes_above,
        at=work.now,
    )
    work.add(note)
    for part in charges:
        if invoice.credited_in(part.charge_id) + part.gross == invoice.charge(part.charge_id).gross:
            await take_back(invoice.payer_id, part.charge_id, work)
    if to_refund := invoice.credit(note.id, charges, await keep_buyers(invoice.city_id, work), work.now):
        await refund(invoice, note.id, note.number, to_refund, work)
    if not invoice.due and invoice.payment_id is not None:
        await let_go(invoice.payment_id, work)
    await clear_arrears(invoice, work)
