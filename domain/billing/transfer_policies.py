"""Whenever something becomes of a member's bank transfer, they are told."""

from collections.abc import Iterable

from domain.billing.charge_policies import told
from domain.billing.transfer import Transfer
from domain.kernel.messages import RecordedEvent
from domain.kernel.policy import Policies, SendMessage


def when_transfer_received_then_tell_member(recorded: RecordedEvent, event: Transfer.Received) -> Iterable[SendMessage]:
    """All that came; what was too much is told when it is given back. A debit was announced to them."""
    if event.by_debit:
        return
    values = {"number": event.number, "amount": str(event.amount)}
    yield told(event.payer_id, template="transfer_received", values=values)


def when_transfer_taken_back_then_tell_member(
    recorded: RecordedEvent, event: Transfer.TakenBack
) -> Iterable[SendMessage]:
    """The invoice is open again."""
    values = {"number": event.number, "amount": str(event.amount)}
    template = "debit_returned" if event.by_debit else "transfer_taken_back"
    yield told(event.payer_id, template=template, values=values)


def when_transfer_paid_back_then_tell_member(
    recorded: RecordedEvent, event: Transfer.RefundPaidByOtherMeans
) -> Iterable[SendMessage]:
    """With the reference, by which the member finds it."""
    template = "transfer_paid_back" if event.credit_note_id is None else "refund_paid_by_other_means"
    values = {"number": event.number, "amount": str(event.amount), "reference": event.reference}
    yield told(event.payer_id, template=template, values=values)


TRANSFER_POLICIES: Policies = {
    Transfer.Received: (when_transfer_received_then_tell_member,),
    Transfer.TakenBack: (when_transfer_taken_back_then_tell_member,),
    Transfer.RefundPaidByOtherMeans: (when_transfer_paid_back_then_tell_member,),
}
