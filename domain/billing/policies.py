"""Whenever billing decides about money, the payment provider is asked; whenever a member should know, they are told."""

from collections.abc import Iterable

from domain.billing.credit_note import CreditNote
from domain.billing.invoice import Invoice
from domain.billing.payment import Payment
from domain.billing.provider_answers import payment_answer
from domain.kernel.aggregate import DomainEvent
from domain.kernel.ids import MemberId, PayerId, PaymentId
from domain.kernel.messages import RecordedEvent
from domain.kernel.policy import AskPaymentProvider, Operation, Policies, SendMessage

__all__ = ["POLICIES", "payment_answer"]


Requested = Payment.HoldRequested | Payment.CaptureRequested | Payment.ReleaseRequested | Payment.RefundRequested
"""What a payment wants of its provider."""

_OPERATIONS: dict[type[DomainEvent], Operation] = {
    Payment.HoldRequested: "hold",
    Payment.CaptureRequested: "capture",
    Payment.ReleaseRequested: "release",
    Payment.RefundRequested: "refund",
}


def when_requested_then_ask_provider(recorded: RecordedEvent, event: Requested) -> Iterable[AskPaymentProvider]:
    """Hold the money, take it, or give it back."""
    yield AskPaymentProvider(
        payment_id=PaymentId(event.originator_id),
        operation=_OPERATIONS[type(event)],
        amount=event.amount,
        method_token=event.method_token,
    )


def when_hold_declined_then_tell_member(recorded: RecordedEvent, event: Payment.HoldDeclined) -> Iterable[SendMessage]:
    """A hold for an invoice is told as the invoice's failed payment."""
    if event.invoice_id is None:
        values = {"decline_code": event.decline_code}
        yield _told(event.payer_id, template="hold_declined", values=values)


def when_invoice_issued_then_tell_member(recorded: RecordedEvent, event: Invoice.Issued) -> Iterable[SendMessage]:
    """Number and amount."""
    values = {"number": event.number, "gross": str(event.gross)}
    yield _told(event.payer_id, template="invoice_issued", values=values)


def when_invoice_review_required_then_tell_member(
    recorded: RecordedEvent, event: Invoice.ReviewRequired
) -> Iterable[SendMessage]:
    """Nothing is taken yet."""
    yield _told(event.payer_id, template="charge_in_review", values={"number": event.number})


def when_payment_failed_then_tell_member(
    recorded: RecordedEvent, event: Invoice.PaymentFailed
) -> Iterable[SendMessage]:
    """The invoice is still open."""
    values = {"number": event.number, "amount": str(event.amount)}
    yield _told(event.payer_id, template="payment_failed", values=values)


def when_credit_note_issued_then_tell_member(
    recorded: RecordedEvent, event: CreditNote.Issued
) -> Iterable[SendMessage]:
    """What was taken back."""
    values = {"number": event.number, "invoice": event.invoice_number, "gross": str(event.gross)}
    yield _told(event.payer_id, template="credit_note_issued", values=values)


def _told(payer_id: PayerId, template: str, values: dict[str, str]) -> SendMessage:
    """A payer has the address of the member who it is."""
    return SendMessage(member_id=MemberId(payer_id), template=template, values=values)


POLICIES: Policies = {
    **dict.fromkeys(_OPERATIONS, (when_requested_then_ask_provider,)),
    Payment.HoldDeclined: (when_hold_declined_then_tell_member,),
    Invoice.Issued: (when_invoice_issued_then_tell_member,),
    Invoice.ReviewRequired: (when_invoice_review_required_then_tell_member,),
    Invoice.PaymentFailed: (when_payment_failed_then_tell_member,),
    CreditNote.Issued: (when_credit_note_issued_then_tell_member,),
}
