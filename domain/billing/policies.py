"""Whenever billing decides about money, the payment provider is asked; whenever a member should know, they are told."""

from collections.abc import Iterable

from domain.billing.buyers import KeptBuyers
from domain.billing.charge_policies import CHARGE_POLICIES, told
from domain.billing.commands import ForgetBuyers, TryChargeAgain, TryRefundAgain
from domain.billing.confirmation_policies import CONFIRMATION_POLICIES
from domain.billing.credit_note import CreditNote
from domain.billing.debit_policies import DEBIT_POLICIES
from domain.billing.invoice import Invoice
from domain.billing.payment import CALLED_OFF, Payment
from domain.billing.product_policies import PRODUCT_POLICIES
from domain.billing.provider_answers import payment_answer
from domain.billing.transfer_policies import TRANSFER_POLICIES
from domain.kernel.aggregate import DomainEvent
from domain.kernel.ids import InvoiceId, PaymentId
from domain.kernel.messages import RecordedEvent
from domain.kernel.policy import AskPaymentProvider, DestroyKey, Operation, Policies, Scheduled, SendMessage

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
    """Hold the money, take it, or give it back. Of nothing, nobody is asked."""
    if not event.amount:
        return
    yield AskPaymentProvider(
        payment_id=PaymentId(event.originator_id),
        operation=_OPERATIONS[type(event)],
        amount=event.amount,
        payer_id=event.payer_id,
        method_id=event.method_id,
        service=recorded.metadata.service,
        asked_at=event.timestamp,
        on_session=isinstance(event, Payment.HoldRequested) and event.on_session,
        credit_note_id=event.credit_note_id if isinstance(event, Payment.RefundRequested) else None,
    )


def when_hold_declined_then_tell_member(recorded: RecordedEvent, event: Payment.HoldDeclined) -> Iterable[SendMessage]:
    """A hold for an invoice is told as the invoice's failed payment; what nobody wanted any more, not at all."""
    if event.invoice_id is None and event.decline_code != CALLED_OFF:
        values = {"decline_code": event.decline_code}
        yield told(event.payer_id, template="hold_declined", values=values)


def when_invoice_issued_then_tell_member(recorded: RecordedEvent, event: Invoice.Issued) -> Iterable[SendMessage]:
    """Number and amount."""
    values = {"number": event.number, "gross": str(event.gross)}
    yield told(event.payer_id, template="invoice_issued", values=values)


def when_payment_failed_then_tell_member(
    recorded: RecordedEvent, event: Invoice.PaymentFailed
) -> Iterable[SendMessage]:
    """The invoice is still open."""
    values = {"number": event.number, "amount": str(event.amount)}
    yield told(event.payer_id, template="payment_failed", values=values)


def when_not_all_is_paid_then_try_again_later(
    recorded: RecordedEvent, event: Invoice.PaymentFailed | Invoice.PartlyPaid
) -> Iterable[Scheduled]:
    """As the rulebook says, until its waits are used up."""
    if event.retry_at is not None:
        again = TryChargeAgain(invoice_id=InvoiceId(event.originator_id), tries=event.tries)
        yield Scheduled(due_at=event.retry_at, command=again)


def when_refund_failed_then_tell_member(recorded: RecordedEvent, event: Payment.RefundFailed) -> Iterable[SendMessage]:
    """The first time, if it is tried again; after that, when it is given up or has come through."""
    if event.failures == 1 and event.retry_at is not None:
        yield told(event.payer_id, template="refund_failed", values=_refund(event))


def when_refund_failed_then_try_again_later(
    recorded: RecordedEvent, event: Payment.RefundFailed
) -> Iterable[Scheduled]:
    """As the rulebook says, until its waits are used up."""
    if event.retry_at is not None:
        again = TryRefundAgain(
            payment_id=PaymentId(event.originator_id), credit_note_id=event.credit_note_id, failures=event.failures
        )
        yield Scheduled(due_at=event.retry_at, command=again)


def when_refund_given_up_then_tell_member(
    recorded: RecordedEvent, event: Payment.RefundGivenUp
) -> Iterable[SendMessage]:
    """Once, however often an agent asks again in vain."""
    if not event.was_given_up:
        yield told(event.payer_id, template="refund_given_up", values=_refund(event))


def when_refund_paid_by_other_means_then_tell_member(
    recorded: RecordedEvent, event: Payment.RefundPaidByOtherMeans
) -> Iterable[SendMessage]:
    """With the reference, by which the member finds it."""
    yield told(
        event.payer_id, template="refund_paid_by_other_means", values={**_refund(event), "reference": event.reference}
    )


def when_refund_came_through_then_tell_member(
    recorded: RecordedEvent, event: Payment.Refunded
) -> Iterable[SendMessage]:
    """If the member was told that it had failed."""
    if event.failures:
        yield told(event.payer_id, template="refund_paid", values=_refund(event))


def when_credit_note_issued_then_tell_member(
    recorded: RecordedEvent, event: CreditNote.Issued
) -> Iterable[SendMessage]:
    """What was taken back."""
    values = {"number": event.number, "invoice": event.invoice_number, "gross": str(event.gross)}
    yield told(event.payer_id, template="credit_note_issued", values=values)


def when_buyers_are_kept_then_forget_them_in_time(
    recorded: RecordedEvent, event: KeptBuyers.Opened
) -> Iterable[Scheduled]:
    """Law wants them until then, and nobody after it."""
    yield Scheduled(due_at=event.until, command=ForgetBuyers(buyers_id=event.originator_id))


def when_buyers_are_forgotten_then_destroy_key(
    recorded: RecordedEvent, event: KeptBuyers.Forgotten
) -> Iterable[DestroyKey]:
    """Tried again until it is done."""
    yield DestroyKey(subject=event.originator_id)


def _refund(
    event: Payment.RefundFailed | Payment.Refunded | Payment.RefundGivenUp | Payment.RefundPaidByOtherMeans,
) -> dict[str, str]:
    return {"number": event.number, "amount": str(event.amount)}


POLICIES: Policies = {
    **dict.fromkeys(_OPERATIONS, (when_requested_then_ask_provider,)),
    Payment.HoldDeclined: (when_hold_declined_then_tell_member,),
    Invoice.Issued: (when_invoice_issued_then_tell_member,),
    **CHARGE_POLICIES,
    **PRODUCT_POLICIES,
    Invoice.PaymentFailed: (when_payment_failed_then_tell_member, when_not_all_is_paid_then_try_again_later),
    Invoice.PartlyPaid: (when_not_all_is_paid_then_try_again_later,),
    Payment.RefundFailed: (when_refund_failed_then_tell_member, when_refund_failed_then_try_again_later),
    Payment.RefundGivenUp: (when_refund_given_up_then_tell_member,),
    Payment.RefundPaidByOtherMeans: (when_refund_paid_by_other_means_then_tell_member,),
    Payment.Refunded: (when_refund_came_through_then_tell_member,),
    KeptBuyers.Opened: (when_buyers_are_kept_then_forget_them_in_time,),
    KeptBuyers.Forgotten: (when_buyers_are_forgotten_then_destroy_key,),
    CreditNote.Issued: (when_credit_note_issued_then_tell_member,),
    **CONFIRMATION_POLICIES,
    **TRANSFER_POLICIES,
    **DEBIT_POLICIES,
}
