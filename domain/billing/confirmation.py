"""What a payer has to confirm before money is held, such as by 3-D Secure, and holds that end by themselves."""

from domain.billing.payment import CONFIRMATION_TIMED_OUT, Payment
from domain.billing.provider_answers import fail_invoice
from domain.kernel.ids import PaymentId
from domain.kernel.messages import Command
from domain.kernel.personal import Told
from domain.unit_of_work import Handler, UnitOfWork


class RequireConfirmation(Command):
    """The provider waits for the payer. What it has said of the payment already counts more."""

    NAME = "billing.require_confirmation"

    payment_id: PaymentId
    confirm_link: Told[str]


class ExpireConfirmation(Command):
    """The payer's time is up. What was confirmed or declined meanwhile is left as it is."""

    NAME = "billing.expire_confirmation"

    payment_id: PaymentId


class RecordLostHold(Command):
    """A hold ended at the provider without a word of ours. One that is captured or given back is left as it is."""

    NAME = "billing.record_lost_hold"

    payment_id: PaymentId
    why: str
    """In the provider's words."""


async def require_confirmation(command: RequireConfirmation, work: UnitOfWork) -> None:
    """Until the time of the rulebook is up."""
    payment = await work.load(Payment, command.payment_id)
    until = work.now + work.rulebook.billing.confirmation_timeout
    payment.require_confirmation(command.confirm_link, until, work.now)


async def expire_confirmation(command: ExpireConfirmation, work: UnitOfWork) -> None:
    """As if the provider had declined."""
    payment = await work.load(Payment, command.payment_id)
    if payment.expire_confirmation(work.now):
        await fail_invoice(payment, payment.amount, CONFIRMATION_TIMED_OUT, work)


async def record_lost_hold(command: RecordLostHold, work: UnitOfWork) -> None:
    """Its money is taken by a new payment when there is something to pay. One that never was, is declined."""
    payment = await work.load(Payment, command.payment_id)
    if payment.hold_answered:
        payment.lose_hold(work.now)
    else:
        payment.record_decline(command.why, work.now)
        await fail_invoice(payment, payment.amount, command.why, work)


CONFIRMATION_HANDLERS: dict[type[Command], Handler] = {
    RequireConfirmation: require_confirmation,
    ExpireConfirmation: expire_confirmation,
    RecordLostHold: record_lost_hold,
}
