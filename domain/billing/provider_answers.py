"""What the payment provider answered: which command says it, and what follows for payment and invoice."""

from domain.billing.commands import (
    PaymentAccepted,
    PaymentRefused,
    RecordCapture,
    RecordCaptureFailure,
    RecordDecline,
    RecordHold,
    RecordRefund,
    RecordRefundFailure,
    RecordRelease,
    RecordReleaseFailure,
)
from domain.billing.invoice import Invoice
from domain.billing.payment import Payment
from domain.kernel.messages import Command
from domain.kernel.policy import AskPaymentProvider
from domain.unit_of_work import Handler, UnitOfWork

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
    if accepted:
        return yes(payment_id=request.payment_id, amount=request.amount, reference=reference)
    code = decline_code or "unknown"
    return no(payment_id=request.payment_id, amount=request.amount, reference=reference, decline_code=code)


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
        (await work.load(Invoice, payment.invoice_id)).receive(command.payment_id, command.amount, work.now)


async def record_capture_failure(command: RecordCaptureFailure, work: UnitOfWork) -> None:
    """The money could not be taken: the invoice stays open, in the same append."""
    payment = await work.load(Payment, command.payment_id)
    payment.record_capture_failure(command.amount, command.decline_code, work.now)
    await _tell_invoice_of_failure(payment, command, work)


async def _tell_invoice_of_failure(payment: Payment, command: PaymentRefused, work: UnitOfWork) -> None:
    if payment.invoice_id is not None:
        invoice = await work.load(Invoice, payment.invoice_id)
        invoice.record_payment_failure(command.payment_id, command.amount, command.decline_code, work.now)


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
    (await work.load(Payment, command.payment_id)).record_refund(command.amount, command.reference, work.now)


async def record_refund_failure(command: RecordRefundFailure, work: UnitOfWork) -> None:
    """Money could not be given back."""
    (await work.load(Payment, command.payment_id)).record_refund_failure(command.amount, command.decline_code, work.now)


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
