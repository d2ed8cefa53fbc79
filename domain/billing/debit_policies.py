"""Whenever something becomes of a debit, its payer is told; where the money may come later, it is asked for again."""

from collections.abc import Iterable

from domain.billing.charge_policies import told
from domain.billing.commands import TryChargeAgain
from domain.billing.debit import Debit
from domain.billing.invoice import Invoice
from domain.billing.mandate import Mandate
from domain.kernel.messages import RecordedEvent
from domain.kernel.policy import Policies, Scheduled, SendMessage


def when_mandate_signed_then_tell_member(recorded: RecordedEvent, event: Mandate.Signed) -> Iterable[SendMessage]:
    """By which reference and creditor, as they will stand on the account."""
    values = {"mandate": event.reference, "creditor": event.creditor_id}
    yield told(event.payer_id, template="mandate_signed", values=values)


def when_mandate_ended_then_tell_member(recorded: RecordedEvent, event: Mandate.Ended) -> Iterable[SendMessage]:
    """That nothing is collected by it any more."""
    yield told(event.payer_id, template="mandate_ended", values={"reason": event.reason})


def when_debit_requested_then_tell_member(recorded: RecordedEvent, event: Debit.Requested) -> Iterable[SendMessage]:
    """The pre-notification: what, from when on, by which mandate, and for which creditor."""
    values = {"number": event.number, "amount": str(event.amount), "on": event.announced_for.isoformat()}
    by = {"mandate": event.mandate_reference, "creditor": event.creditor_id}
    yield told(event.payer_id, template="debit_announced", values=values | by)


def when_debit_failed_then_tell_member(recorded: RecordedEvent, event: Invoice.DebitEnded) -> Iterable[SendMessage]:
    """The invoice is still open."""
    if event.reason is not None:
        yield told(event.payer_id, template="debit_failed", values={"number": event.number, "reason": event.reason})


def when_nothing_to_collect_from_then_tell_member(
    recorded: RecordedEvent, event: Invoice.NothingToCollectFrom
) -> Iterable[SendMessage]:
    """They can add a method, or pay by transfer."""
    yield told(event.payer_id, template="nothing_to_collect_from", values={"number": event.number})


def when_debit_failed_then_try_again_later(
    recorded: RecordedEvent, event: Debit.Rejected | Debit.Returned
) -> Iterable[Scheduled]:
    """As the rulebook says, where there may be money later; by then it may be another method."""
    if event.retry_at is not None:
        yield Scheduled(due_at=event.retry_at, command=TryChargeAgain(invoice_id=event.invoice_id, tries=event.tries))


DEBIT_POLICIES: Policies = {
    Mandate.Signed: (when_mandate_signed_then_tell_member,),
    Mandate.Ended: (when_mandate_ended_then_tell_member,),
    Debit.Requested: (when_debit_requested_then_tell_member,),
    Invoice.DebitEnded: (when_debit_failed_then_tell_member,),
    Invoice.NothingToCollectFrom: (when_nothing_to_collect_from_then_tell_member,),
    Debit.Rejected: (when_debit_failed_then_try_again_later,),
    Debit.Returned: (when_debit_failed_then_try_again_later,),
}
