"""By which payments and transfers the money of an invoice came, and how it goes back."""

from uuid import UUID

from domain.billing.invoice import Invoice
from domain.billing.payer import clear_open_item, note_open_item
from domain.billing.payment import Payment
from domain.billing.transfer import Transfer
from domain.kernel.money import Money
from domain.unit_of_work import UnitOfWork


async def payments_of(invoice: Invoice, work: UnitOfWork) -> list[Payment]:
    """All by which its money was asked for."""
    return [await work.load(Payment, payment_id) for payment_id in invoice.payment_ids]


async def transfers_of(invoice: Invoice, work: UnitOfWork) -> list[Transfer]:
    """All by which money came from a bank."""
    return [await work.load(Transfer, transfer_id) for transfer_id in invoice.transfer_ids]


async def sources_of(invoice: Invoice, work: UnitOfWork) -> list[Payment | Transfer]:
    """All by which money came."""
    return [*await payments_of(invoice, work), *await transfers_of(invoice, work)]


async def refund(invoice: Invoice, credit_note_id: UUID, number: str, amount: Money, work: UnitOfWork) -> None:
    """Give money back by the payments that brought it, and have an agent give back what came by transfer."""
    await note_open_item(invoice.payer_id, credit_note_id, "open_refund", work)
    left = amount
    for payment in await payments_of(invoice, work):
        part = min(left, payment.refundable)
        if part:
            payment.refund(credit_note_id, number, part, work.now)
            left -= part
    for transfer in await transfers_of(invoice, work):
        part = min(left, transfer.refundable)
        if part:
            transfer.owe(credit_note_id, number, part, work.now)
            left -= part


async def clear_refund(invoice: Invoice, credit_note_id: UUID, work: UnitOfWork) -> None:
    """Once every payment and transfer of an invoice has given back its part of a credit note, nothing of it is open."""
    parts = [
        source.refunds[credit_note_id] for source in await sources_of(invoice, work) if credit_note_id in source.refunds
    ]
    if all(part.is_back for part in parts):
        await clear_open_item(invoice.payer_id, credit_note_id, work)
