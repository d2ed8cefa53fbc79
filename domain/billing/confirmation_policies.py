"""Whenever a payer has to confirm a payment: they are told where, and their time runs."""

from collections.abc import Iterable

from domain.billing.charge_policies import told
from domain.billing.confirmation import ExpireConfirmation
from domain.billing.payment import Payment
from domain.kernel.ids import PaymentId
from domain.kernel.messages import RecordedEvent
from domain.kernel.policy import Policies, Scheduled, SendMessage


def when_confirmation_required_then_tell_member(
    recorded: RecordedEvent, event: Payment.ConfirmationRequired
) -> Iterable[SendMessage]:
    """The address is looked up when the message is sent."""
    values = {"payment_id": str(event.originator_id), "amount": str(event.amount)}
    yield told(event.payer_id, template="payment_to_confirm", values=values)


def when_confirmation_required_then_wait_no_longer_than_that(
    recorded: RecordedEvent, event: Payment.ConfirmationRequired
) -> Iterable[Scheduled]:
    """As the rulebook says."""
    expire = ExpireConfirmation(payment_id=PaymentId(event.originator_id))
    yield Scheduled(due_at=event.confirm_until, command=expire)


CONFIRMATION_POLICIES: Policies = {
    Payment.ConfirmationRequired: (
        when_confirmation_required_then_tell_member,
        when_confirmation_required_then_wait_no_longer_than_that,
    ),
}
