"""Whenever billing decides about money, the payment provider is asked; whenever a member should know, they are told."""

from collections.abc import Iterable

from domain.billing.credit_note import CreditNote
from domain.billing.invoice import Invoice
from domain.billing.payment import Payment
from domain.billing.provider_answers import payment_answer
from domain.kernel.aggregate import DomainEvent
from domain.kernel.ids import PaymentId
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


def when_requested_ask_provider(recorded: RecordedEvent) -> Iterable[AskPaymentProvider]:
    """Hold the money, take it, or give it back."""
    event = recorded.event
    if isinstance(event, Requested):
        yield AskPaymentProvider(
            payment_id=PaymentId(event.originator_id),
            operation=_OPERATIONS[type(event)],
            amount=event.amount,
            method_token=event.method_token,
        )


def when_hold_declined_tell_member(recorded: RecordedEvent) -> Iterable[SendMessage]:
    """A hold for an invoice is told as the invoice's failed payment."""
    event = recorded.event
    if isinstance(event, Payment.HoldDeclined) and event.invoice_id is None:
        values = {"decline_code": event.decline_code}
        yield SendMessage(member_id=event.member_id, template="hold_declined", values=values)


def when_invoice_issued_tell_member(recorded: RecordedEvent) -> Iterable[SendMessage]:
    """Number and amount."""
    event = recorded.event
    if isinstance(event, Invoice.Issued):
        values = {"number": event.number, "gross": str(event.gross)}
        yield SendMessage(member_id=event.member_id, template="invoice_issued", values=values)


def when_review_required_tell_member(recorded: RecordedEvent) -> Iterable[SendMessage]:
    """Nothing is taken yet."""
    event = recorded.event
    if isinstance(event, Invoice.ReviewRequired):
        yield SendMessage(member_id=event.member_id, template="charge_in_review", values={"number": event.number})


def when_payment_failed_tell_member(recorded: RecordedEvent) -> Iterable[SendMessage]:
    """The invoice is still open."""
    event = recorded.event
    if isinstance(event, Invoice.PaymentFailed):
        values = {"number": event.number, "amount": str(event.amount)}
        yield SendMessage(member_id=event.member_id, template="payment_failed", values=values)


def when_credit_note_issued_tell_member(recorded: RecordedEvent) -> Iterable[SendMessage]:
    """What was taken back."""
    event = recorded.event
    if isinstance(event, CreditNote.Issued):
        values = {"number": event.number, "invoice": event.invoice_number, "gross": str(event.gross)}
        yield SendMessage(member_id=event.member_id, template="credit_note_issued", values=values)


POLICIES: Policies = {
    **dict.fromkeys(_OPERATIONS, (when_requested_ask_provider,)),
    Payment.HoldDeclined: (when_hold_declined_tell_member,),
    Invoice.Issued: (when_invoice_issued_tell_member,),
    Invoice.ReviewRequired: (when_review_required_tell_member,),
    Invoice.PaymentFailed: (when_payment_failed_tell_member,),
    CreditNote.Issued: (when_credit_note_issued_tell_member,),
}
