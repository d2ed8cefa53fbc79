"""What stands open between a payer who is a member and the company: noted on the member in the same append."""

from uuid import UUID

from domain.billing.buyers import Buyer
from domain.billing.invoice import Invoice
from domain.billing.sold import note_whether_sold
from domain.kernel.errors import Violation
from domain.kernel.ids import InvoiceId, PayerId
from domain.members.member import Member
from domain.members.open_items import OpenItemKind
from domain.unit_of_work import UnitOfWork


async def buyer_of(payer_id: PayerId, work: UnitOfWork) -> Buyer | None:
    """A payer who is a member, by what they gave; none once erased."""
    payer = await work.find(Member, payer_id)
    if payer is None or payer.name is None:
        return None
    return Buyer(name=payer.name, address=payer.address)


async def note_open_item(payer_id: PayerId, item_id: UUID, kind: OpenItemKind, work: UnitOfWork) -> None:
    """Whoever must still pay, or be paid, is not forgotten before that."""
    payer = await work.find(Member, payer_id)
    if payer is not None:
        payer.note_open_item(item_id, kind, work.now)


async def clear_open_item(payer_id: PayerId, item_id: UUID, work: UnitOfWork) -> None:
    """It is settled."""
    payer = await work.find(Member, payer_id)
    if payer is not None:
        payer.clear_open_item(item_id, work.now)


async def not_a_method_of(payer_id: PayerId, method_id: str | None, work: UnitOfWork) -> Violation | None:
    """That a payment method is none of the payer's, where the payer is a member."""
    payer = await work.find(Member, payer_id) if method_id is not None else None
    if payer is None or method_id in {method.method_id for method in payer.payment_methods}:
        return None
    detail = "the payer has no such payment method: add it first, or leave it out"
    return Violation(code="payment.unknown_method", detail=detail, values={"method_id": method_id})


async def note_arrears(invoice: Invoice, work: UnitOfWork) -> None:
    """After so many failed tries a payer who is a member takes no car until the invoice is settled."""
    await note_open_item(invoice.payer_id, invoice.id, "unpaid_invoice", work)
    await note_whether_sold(invoice, work, paid=False)
    limit = work.rulebook.billing.block_after
    if limit is not None and invoice.tries >= limit:
        payer = await work.find(Member, invoice.payer_id)
        if payer is not None:
            payer.fall_into_arrears(InvoiceId(invoice.id), work.now)


async def clear_arrears(invoice: Invoice, work: UnitOfWork) -> None:
    """What is settled stands against nobody any more."""
    if invoice.due:
        return
    for charge in invoice.charges:
        await clear_open_item(invoice.payer_id, charge.subject_id, work)
    await note_whether_sold(invoice, work, paid=True)
    if invoice.payment_failed:
        await clear_open_item(invoice.payer_id, invoice.id, work)
        payer = await work.find(Member, invoice.payer_id)
        if payer is not None:
            payer.settle_arrears(InvoiceId(invoice.id), work.now)
