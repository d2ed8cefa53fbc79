"""Billing's handlers: load, decide, answer."""

from uuid import UUID

from domain.billing import crediting
from domain.billing.buyers import KeptBuyers
from domain.billing.charge_handlers import CHARGE_HANDLERS
from domain.billing.charging import (
    collect,
    let_go,
    newest_method,
)
from domain.billing.code_handlers import CODE_HANDLERS
from domain.billing.commands import (
    CreditInvoice,
    ForgetBuyers,
    RecordRefundByOtherMeans,
    ReleaseHold,
    RequestHold,
    RetryCharge,
    RetryRefund,
    TryChargeAgain,
    TryRefundAgain,
)
from domain.billing.confirmation import CONFIRMATION_HANDLERS
from domain.billing.credit_note import CreditNote, agreed, check_creditable, creditable, credited
from domain.billing.crediting import Decided
from domain.billing.debit_batches import BATCH_HANDLERS
from domain.billing.debits import DEBIT_HANDLERS
from domain.billing.invoice import Invoice
from domain.billing.mandates import MANDATE_HANDLERS, mandate_of
from domain.billing.payer import not_a_method_of
from domain.billing.payment import NOTHING_HELD, Payment
from domain.billing.product_handlers import PRODUCT_HANDLERS
from domain.billing.provider_answers import ANSWER_HANDLERS
from domain.billing.refund import check_payment_by_other_means, not_refused
from domain.billing.refunding import clear_refund, payments_of, sources_of
from domain.billing.transfers import TRANSFER_HANDLERS
from domain.kernel.errors import RefusedError, Violation, refuse_if
from domain.kernel.ids import PaymentId
from domain.kernel.messages import Command, Role
from domain.kernel.money import Money
from domain.unit_of_work import Handler, UnitOfWork


async def request_hold(command: RequestHold, work: UnitOfWork) -> PaymentId:
    """Ask for money to be held; a payment that exists is left as it is. On a mandate nothing can be held."""
    if await work.find(Payment, command.payment_id) is not None:
        return command.payment_id
    if await mandate_of(command.payer_id, command.method_id, work) is None:
        work.add(Payment.hold(**dict(command), at=work.now))
    else:
        payment = Payment.hold(**{**dict(command), "amount": Money.zero(command.amount.currency)}, at=work.now)
        payment.record_hold(NOTHING_HELD, work.now)
        work.add(payment)
    return command.payment_id


async def release_hold(command: ReleaseHold, work: UnitOfWork) -> None:
    await let_go(command.payment_id, work)


async def retry_charge(command: RetryCharge, work: UnitOfWork) -> None:
    invoice = await work.load(Invoice, command.invoice_id)
    invoice.expect_open()
    refuse_if([await not_a_method_of(invoice.payer_id, command.method_id, work)])
    by = work.metadata.actor
    on_session = by.role is Role.MEMBER and by.id == str(invoice.payer_id)
    await collect(invoice, command.method_id, work, on_session=on_session)


async def try_charge_again(command: TryChargeAgain, work: UnitOfWork) -> None:
    invoice = await work.load(Invoice, command.invoice_id)
    waits = invoice.state == "open" and not invoice.pending and invoice.debit_id is None
    if waits and invoice.tries == command.tries:
        await collect(invoice, await newest_method(invoice, work), work)


async def credit_invoice(command: CreditInvoice, work: UnitOfWork) -> UUID:
    """Credit an invoice, once per id; refund what was paid, or give the hold back when nothing is left to pay."""
    if await work.find(CreditNote, command.credit_note_id) is not None:
        return command.credit_note_id
    invoice = await work.load(Invoice, command.invoice_id)
    amount = creditable(invoice, command.charge_id) if command.amount is None else command.amount
    invoice.expect_no_payment_under_way()
    check_creditable(invoice, command.charge_id, amount, command.reason)
    by, limit = work.metadata.actor.id, work.rulebook.billing.four_eyes(invoice.gross.currency)
    credit = agreed(invoice, amount, command, by=by, four_eyes_above=limit, at=work.now)
    if not credit.is_agreed:
        return credit.note_id
    decided = Decided(command.reason, by, credit.proposed_by, limit)
    charges = credited(invoice, command.charge_id, amount)
    await crediting.credit(invoice, credit.note_id, charges, decided, work)
    return credit.note_id


async def retry_refund(command: RetryRefund, work: UnitOfWork) -> None:
    note = await work.load(CreditNote, command.credit_note_id)
    payments = await payments_of(await work.load(Invoice, note.invoice_id), work)
    asked = [payment.refund_again(note.id, work.now) for payment in payments]
    if not any(asked):
        detail = "nothing of this credit note was refused by the payment provider: there is nothing to ask again for"
        raise RefusedError(Violation(code="refund.not_failed", detail=detail, values={"credit_note": note.number}))


async def record_refund_by_other_means(command: RecordRefundByOtherMeans, work: UnitOfWork) -> None:
    """Close what the provider refused of a credit note, or could not pay; its payer is then owed nothing for it."""
    note = await work.load(CreditNote, command.credit_note_id)
    check_payment_by_other_means(command.reference, command.reason)
    invoice = await work.load(Invoice, note.invoice_id)
    sources = await sources_of(invoice, work)
    paid = {"reference": command.reference, "reason": command.reason, "by": work.metadata.actor.id}
    closed = [source for source in sources if source.pay_refund_by_other_means(note.id, **paid, at=work.now)]
    if closed:
        await clear_refund(invoice, note.id, work)
    else:
        parts = [source.refunds[note.id] for source in sources if note.id in source.refunds]
        refuse_if([not_refused(note.number, parts, command.reference)])


async def try_refund_again(command: TryRefundAgain, work: UnitOfWork) -> None:
    payment = await work.load(Payment, command.payment_id)
    payment.refund_again(command.credit_note_id, work.now, failures=command.failures)


async def forget_buyers(command: ForgetBuyers, work: UnitOfWork) -> None:
    (await work.load(KeptBuyers, command.buyers_id)).forget(work.now)


HANDLERS: dict[type[Command], Handler] = {
    RequestHold: request_hold,
    ReleaseHold: release_hold,
    RetryCharge: retry_charge,
    TryChargeAgain: try_charge_again,
    CreditInvoice: credit_invoice,
    RetryRefund: retry_refund,
    RecordRefundByOtherMeans: record_refund_by_other_means,
    TryRefundAgain: try_refund_again,
    ForgetBuyers: forget_buyers,
    **CHARGE_HANDLERS,
    **PRODUCT_HANDLERS,
    **CODE_HANDLERS,
    **ANSWER_HANDLERS,
    **CONFIRMATION_HANDLERS,
    **TRANSFER_HANDLERS,
    **MANDATE_HANDLERS,
    **BATCH_HANDLERS,
    **DEBIT_HANDLERS,
}
