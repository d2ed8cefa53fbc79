"""What the payment provider answered: which command says it, and what follows for payment and invoice."""

from uuid import UUID

from domain.billing.invoice import Invoice
from domain.billing.payer import clear_arrears, note_arrears
from domain.billing.payment import Payment
from domain.billing.refunding import clear_refund
from domain.kernel.ids import PaymentId
from domain.kernel.messages import Command
from domain.kernel.money import Money
from domain.kernel.policy import AskPaymentProvider
from domain.unit_of_work import Handler, UnitOfWork


class PaymentAccepted(Command):
    """Base of the provider's yes to an operation."""

    payment_id: PaymentId
    amount: Money
    reference: str


class PaymentRefused(Command):
    """Base of the provider's no to an operation."""

    payment_id: PaymentId
    amount: Money
    reference: str
    decline_code: str


class RecordHold(PaymentAccepted):
    """The money is held."""

    NAME = "billing.record_hold"


class RecordDecline(PaymentRefused):
    """The money could not be held."""

    NAME = "billing.record_decline"


class RecordCapture(PaymentAccepted):
    """The money has been taken."""

    NAME = "billing.record_capture"


class RecordCaptureFailure(PaymentRefused):
    """The money could not be taken."""

    NAME = "billing.record_capture_failure"


class RecordRelease(PaymentAccepted):
    """A hold has been given back."""

    NAME = "billing.record_release"


class RecordReleaseFailure(PaymentRefused):
    """A hold could not be given back."""

    NAME = "billing.record_release_failure"


class RecordRefund(PaymentAccepted):
    """Money has been given back."""

    NAME = "billing.record_refund"

    credit_note_id: UUID


class RecordRefundFailure(PaymentRefused):
    """Money could not be given back."""

    NAME = "billing.record_refund_failure"

    credit_note_id: UUID


ANSWERS: dict[str, tuple[type[PaymentAccepted], type[PaymentRefused]]] = {
    "hold": (RecordHold, RecordDecline),
    "capture": (RecordCapture, RecordCaptureFailure),
    "release": (RecordRelease, RecordReleaseFailure),
    "refund": (RecordRefund, RecordRefundFailure),
}
"""The provider's yes and no to each operation."""


def payment_answer(request: AskPaymentProvider, accepted: bool, reference: str, decline_code: str | None) -> Command:
    """The command that records what the provider answered to a request."""
    yes, no = ANSWERS[request.operation]
    said: dict[str, object] = {"payment_id": request.payment_id, "amount": request.amount, "reference": reference}
    if request.credit_note_id is not None:
        said["credit_note_id"] = request.credit_note_id
    return (
        yes.model_validate(said) if accepted else no.model_validate(said | {"decline_code": decline_code or "unknown"})
    )


async def record_hold(command: RecordHold, work: UnitOfWork) -> None:
    """The money is held."""
    (await work.load(Payment, command.payment_id)).record_hold(command.reference, work.now)


async def record_decline(command: RecordDecline, work: UnitOfWork) -> None:
    """The money could not be held; an invoice that waits for it stays open."""
    payment = await work.load(Payment, command.payment_id)
    payment.record_decline(command.decline_code, work.now)
    await _tell_invoice_of_failure(payment, command, work)


async def record_capture(command: RecordCapture, work: UnitOfWork) -> None:
    """The money has been taken: the invoice is paid in the same append."""
    payment = await work.load(Payment, command.payment_id)
    payment.record_capture(command.amount, command.reference, work.now)
    if payment.invoice_id is not None:
        invoice = await work.load(Invoice, payment.invoice_id)
        waits = work.rulebook.billing.retry_charge_after
        invoice.receive(command.payment_id, command.amount, waits, work.now)
        await clear_arrears(invoice, work)


async def record_capture_failure(command: RecordCaptureFailure, work: UnitOfWork) -> None:
    """The money could not be taken: the invoice stays open, and the payer is in arrears, in the same append."""
    payment = await work.load(Payment, command.payment_id)
    payment.record_capture_failure(command.amount, command.decline_code, work.now)
    await _tell_invoice_of_failure(payment, command, work)


async def _tell_invoice_of_failure(payment: Payment, command: PaymentRefused, work: UnitOfWork) -> None:
    await fail_invoice(payment, command.amount, command.decline_code, work)


async def fail_invoice(payment: Payment, amount: Money, decline_code: str, work: UnitOfWork) -> None:
    """An invoice that waits for this payment stays open, and its payer is in arrears."""
    if payment.invoice_id is not None:
        invoice = await work.load(Invoice, payment.invoice_id)
        waits = work.rulebook.billing.retry_charge_after
        invoice.record_payment_failure(PaymentId(payment.id), amount, decline_code, waits, work.now)
        await note_arrears(invoice, work)


async def record_release(command: RecordRelease, work: UnitOfWork) -> None:
    """A hold has been given back."""
    (await work.load(Payment, command.payment_id)).record_release(command.amount, command.reference, work.now)


async def record_release_failure(command: RecordReleaseFailure, work: UnitOfWork) -> None:
    """A hold could not be given back."""
    (await work.load(Payment, command.payment_id)).record_release_failure(
        command.amount, command.decline_code, work.now
    )


async def record_refund(command: RecordRefund, work: UnitOfWork) -> None:
    """Money has been given back."""
    payment = await work.load(Payment, command.payment_id)
    payment.record_refund(command.credit_note_id, command.reference, work.now)
    if payment.invoice_id is not None:
        await clear_refund(await work.load(Invoice, payment.invoice_id), command.credit_note_id, work)


async def record_refund_failure(command: RecordRefundFailure, work: UnitOfWork) -> None:
    """Money could not be given back; it is asked for again after a while."""
    payment, waits = await work.load(Payment, command.payment_id), work.rulebook.billing.retry_refund_after
    payment.record_refund_failure(command.credit_note_id, command.decline_code, waits, work.now)


ANSWER_HANDLERS: dict[type[Command], Handler] = {
    RecordHold: record_hold,
    RecordDecline: record_decline,
    RecordCapture: record_capture,
    RecordCaptureFailure: record_capture_failure,
    RecordRelease: record_release,
    RecordReleaseFailure: record_release_failure,
    RecordRefund: record_refund,
    RecordRefundFailure: record_refund_failure,
}
