"""Money that came by bank transfer: what may be asked about it, and what follows for invoice and payer."""

from datetime import date
from uuid import UUID

from domain.billing.invoice import Invoice
from domain.billing.payer import clear_arrears, clear_open_item, note_arrears, note_open_item
from domain.billing.refund import check_payment_by_other_means
from domain.billing.refunding import clear_refund
from domain.billing.transfer import Transfer
from domain.billing.transfer_event_bases import Agreed
from domain.kernel.approval import Proposal, is_seconded, needs_two
from domain.kernel.errors import RefusedError, Violation, refuse_if
from domain.kernel.ids import InvoiceId
from domain.kernel.messages import Command
from domain.kernel.money import Money
from domain.kernel.personal import Told
from domain.unit_of_work import Handler, UnitOfWork


class TransferCommand(Command):
    """Base of what says that a transfer is for an invoice."""

    transfer_id: UUID
    """`Transfer.id_of` the booking."""
    seller_id: str
    """Legal entity, of the rulebook, whose account it came to."""
    reference: str
    """The bank's own."""
    amount: Money
    value_on: date
    invoice_id: InvoiceId


class RecordTransfer(TransferCommand):
    """So much came by bank transfer for an invoice that the payer named. The same transfer again changes nothing.

    What is more than was open is owed to the payer.
    """

    NAME = "billing.record_transfer"


class AssignTransfer(TransferCommand):
    """Say which invoice a transfer is for that names none. Above the limit of the service, two persons must say so."""

    NAME = "billing.assign_transfer"

    reason: Told[str]


class TakeBackTransfer(Command):
    """The bank has taken a transfer back: its invoice is open again. Twice changes nothing."""

    NAME = "billing.take_back_transfer"

    transfer_id: UUID
    reference: str
    """The bank's own, of the booking that took it back."""
    value_on: date


class RecordTransferPaidBack(Command):
    """What was too much of a transfer was paid back. The same reference again changes nothing."""

    NAME = "billing.record_transfer_paid_back"

    transfer_id: UUID
    reference: str
    """Of that payment, by which it is found."""
    reason: Told[str]


async def record_transfer(command: RecordTransfer, work: UnitOfWork) -> None:
    """Count it for the invoice that the payer named."""
    transfer, invoice = await _of(command, work)
    if transfer.invoice_id is None:
        await receive(transfer, invoice, Agreed(), work)


async def assign_transfer(command: AssignTransfer, work: UnitOfWork) -> None:
    """Count it for an invoice, once enough persons say so."""
    transfer, invoice = await _of(command, work)
    if transfer.invoice_id is not None:
        return
    if not command.reason.strip():
        raise RefusedError(Violation(code="transfer.without_reason", detail="say why it is for this invoice"))
    by, limit = work.metadata.actor.id, work.rulebook.billing.four_eyes(transfer.amount.currency)
    first, content = transfer.proposal, f"assign to {invoice.number}"
    agreed = Agreed(assigned_by=by, four_eyes_above=limit, reason=command.reason)
    if limit is None or not needs_two(transfer.amount, limit):
        await receive(transfer, invoice, agreed, work)
    elif is_seconded(first, content, by) and first:
        await receive(transfer, invoice, agreed.model_copy(update={"proposed_by": first.proposed_by}), work)
    else:
        proposal = Proposal(content=content, proposed_by=by, proposed_at=work.now)
        transfer.propose(invoice.payer_id, InvoiceId(invoice.id), proposal, command.reason, limit, work.now)


async def take_back_transfer(command: TakeBackTransfer, work: UnitOfWork) -> None:
    """Its invoice is open again, and its payer owes it."""
    transfer = await work.load(Transfer, command.transfer_id)
    if transfer.taken_back:
        return
    if transfer.invoice_id is None:
        detail = "it is for no invoice yet: nothing was counted that could be taken back"
        raise RefusedError(Violation(code="transfer.not_received", detail=detail))
    invoice = await work.load(Invoice, transfer.invoice_id)
    invoice.expect_no_payment_under_way()
    await lose(transfer, invoice, command.reference, command.value_on, work)


async def lose(transfer: Transfer, invoice: Invoice, reference: str, value_on: date, work: UnitOfWork) -> None:
    """The money of a transfer is gone: its invoice is open again, and its payer owes it."""
    not_paid_out = (refund.amount for refund in transfer.refunds.values() if not refund.is_back)
    lost, owed = transfer.amount - Money.total(not_paid_out, transfer.amount.currency), [*transfer.refunds]
    transfer.take_back(invoice.number, reference, value_on, work.now)
    invoice.lose_transfer(transfer.id, lost, work.now)
    for item in owed:
        if item == transfer.id:
            await clear_open_item(invoice.payer_id, item, work)
        else:
            await clear_refund(invoice, item, work)
    if invoice.due > Money.zero(lost.currency):
        for charge in invoice.charges:
            await note_open_item(invoice.payer_id, charge.subject_id, "unsettled", work)
        await note_arrears(invoice, work)


async def record_transfer_paid_back(command: RecordTransferPaidBack, work: UnitOfWork) -> None:
    """Its payer is then owed nothing more of it."""
    transfer = await work.load(Transfer, command.transfer_id)
    check_payment_by_other_means(command.reference, command.reason)
    paid = {"reference": command.reference, "reason": command.reason, "by": work.metadata.actor.id}
    if transfer.pay_refund_by_other_means(None, **paid, at=work.now) and transfer.payer_id is not None:
        await clear_open_item(transfer.payer_id, transfer.id, work)
        return
    known = transfer.refunds.get(transfer.id)
    if known is None or known.reference != command.reference:
        detail = "nothing of this transfer is owed to its payer as too much"
        values = {"transfer_id": str(transfer.id), "paid_back_under": known.reference if known else None}
        raise RefusedError(Violation(code="transfer.not_owed", detail=detail, values=values))


async def _of(command: TransferCommand, work: UnitOfWork) -> tuple[Transfer, Invoice]:
    """The transfer, reported now if it was not, and its invoice. Raises `RefusedError` where they do not fit."""
    invoice = await work.load(Invoice, command.invoice_id)
    transfer = await work.find(Transfer, command.transfer_id)
    refuse_if(_unfit(command, transfer, invoice))
    if transfer is None:
        facts = command.model_dump(include={"seller_id", "reference", "value_on"})
        transfer = Transfer.report(command.transfer_id, amount=command.amount, **facts, at=work.now)
        work.add(transfer)
    if transfer.invoice_id is None:
        invoice.expect_no_payment_under_way()
    return transfer, invoice


def _unfit(command: TransferCommand, known: Transfer | None, invoice: Invoice) -> list[Violation]:
    found, values = [], {"invoice": invoice.number, "amount": str(command.amount), "seller_id": command.seller_id}
    if command.amount.currency is not invoice.gross.currency:
        detail = f"the invoice is in {invoice.gross.currency}: give this back, or have it changed"
        found.append(Violation(code="transfer.other_currency", detail=detail, values=values))
    if command.amount.amount_minor <= 0:
        found.append(Violation(code="transfer.amount_out_of_range", detail="nothing came with it", values=values))
    if command.seller_id != invoice.seller.id:
        detail = f"the invoice is of {invoice.seller.id}, whose account it did not come to"
        found.append(Violation(code="transfer.other_seller", detail=detail, values=values))
    if known is not None and known.invoice_id not in {None, command.invoice_id}:
        detail = "it counts for another invoice already"
        found.append(Violation(code="transfer.of_another_invoice", detail=detail, values=values))
    return found


async def receive(transfer: Transfer, invoice: Invoice, agreed: Agreed, work: UnitOfWork) -> None:
    """So much of a transfer counts for its invoice as is open; the rest is owed to the payer."""
    counted = max(Money.zero(transfer.amount.currency), min(invoice.due, transfer.amount))
    transfer.receive(invoice.payer_id, InvoiceId(invoice.id), invoice.number, counted, agreed, work.now)
    invoice.receive_transfer(transfer.id, counted, work.now)
    await clear_arrears(invoice, work)
    if transfer.id in transfer.refunds:
        await note_open_item(invoice.payer_id, transfer.id, "open_refund", work)


TRANSFER_HANDLERS: dict[type[Command], Handler] = {
    RecordTransfer: record_transfer,
    AssignTransfer: assign_transfer,
    TakeBackTransfer: take_back_transfer,
    RecordTransferPaidBack: record_transfer_paid_back,
}
