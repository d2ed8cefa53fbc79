"""Billing's handlers: load, decide, answer."""

from uuid import UUID

from domain.billing.charging import collect, issue_invoice, refund, take_number
from domain.billing.commands import (
    ApproveCharge,
    BillCharge,
    CreditInvoice,
    ReleaseHold,
    RequestHold,
    RetryCharge,
)
from domain.billing.credit_note import CreditNote, check_creditable, proportion
from domain.billing.invoice import Invoice
from domain.billing.payment import Payment
from domain.billing.provider_answers import ANSWER_HANDLERS
from domain.billing.review import review_reasons
from domain.kernel.ids import InvoiceId, PaymentId
from domain.kernel.messages import Command
from domain.unit_of_work import Handler, UnitOfWork


async def request_hold(command: RequestHold, work: UnitOfWork) -> PaymentId:
    """Ask for money to be held; a payment that exists is left as it is."""
    if await work.find(Payment, command.payment_id) is None:
        work.add(Payment.hold(**dict(command), at=work.now))
    return command.payment_id


async def release_hold(command: ReleaseHold, work: UnitOfWork) -> None:
    payment = await work.find(Payment, command.payment_id)
    if payment is not None:
        payment.release(work.now)


async def bill_charge(command: BillCharge, work: UnitOfWork) -> InvoiceId:
    """Invoice a subject once; take the money unless a person must look at the charge first."""
    invoice_id = Invoice.id_of(command.subject_kind, command.subject_id)
    if await work.find(Invoice, invoice_id) is not None:
        return invoice_id
    if (invoice := await issue_invoice(command, work)) is None:
        return invoice_id
    if reasons := review_reasons(work.rulebook.trip, command.facts, invoice.gross):
        invoice.require_review(reasons, work.now)
    else:
        await collect(invoice, command.method_token, work)
    return invoice_id


async def approve_charge(command: ApproveCharge, work: UnitOfWork) -> None:
    invoice = await work.load(Invoice, command.invoice_id)
    invoice.approve_charge(work.metadata.actor.id, command.reason, work.now)
    await collect(invoice, None, work)


async def retry_charge(command: RetryCharge, work: UnitOfWork) -> None:
    invoice = await work.load(Invoice, command.invoice_id)
    invoice.expect_open()
    await collect(invoice, command.method_token, work)


async def credit_invoice(command: CreditInvoice, work: UnitOfWork) -> UUID:
    """Credit an invoice, once per id; refund what was paid, or give the hold back when nothing is left to pay."""
    if await work.find(CreditNote, command.credit_note_id) is not None:
        return command.credit_note_id
    invoice = await work.load(Invoice, command.invoice_id)
    amount = invoice.uncredited if command.amount is None else command.amount
    invoice.expect_no_payment_under_way()
    check_creditable(invoice, amount)
    note = CreditNote.issue(
        command.credit_note_id,
        invoice=invoice,
        number=await take_number(work, invoice.seller, "credit_note", command.credit_note_id),
        credited=proportion(invoice, amount),
        issued_on=work.rulebook.city(invoice.city_id).local_day(work.now),
        reason=command.reason,
        issued_by=work.metadata.actor.id,
        at=work.now,
    )
    work.add(note)
    if to_refund := invoice.credit(note.id, amount, work.now):
        await refund(invoice, note.id, to_refund, work)
    if not invoice.due:
        await release_hold(ReleaseHold(payment_id=invoice.payment_id), work)
    return note.id


HANDLERS: dict[type[Command], Handler] = {
    RequestHold: request_hold,
    ReleaseHold: release_hold,
    BillCharge: bill_charge,
    ApproveCharge: approve_charge,
    RetryCharge: retry_charge,
    CreditInvoice: credit_invoice,
    **ANSWER_HANDLERS,
}
