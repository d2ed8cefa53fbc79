"""Whenever somebody has something in advance: what follows in time, and what they are told."""

from collections.abc import Iterable
from datetime import timedelta

from domain.billing.balance import Balance
from domain.billing.charge_policies import told
from domain.billing.product_commands import RemindOfProduct, RenewOrEndProduct
from domain.kernel.messages import RecordedEvent
from domain.kernel.policy import Policies, Scheduled, SendMessage

Got = Balance.Bought | Balance.Given | Balance.Redeemed | Balance.Renewed


def when_period_begins_then_end_it_in_time(recorded: RecordedEvent, event: Got) -> Iterable[Scheduled]:
    """It is bought anew or ends, and who would lose something is reminded before."""
    entry, reminder_s = event.entry, event.entry.terms.reminder_s
    if entry.ends_at is None:
        return
    about = {"payer_id": event.payer_id, "entry_id": entry.entry_id, "period": entry.period}
    yield Scheduled(due_at=entry.ends_at, command=RenewOrEndProduct.model_validate(about))
    if reminder_s is not None:
        due_at = entry.ends_at - timedelta(seconds=reminder_s)
        yield Scheduled(due_at=due_at, command=RemindOfProduct.model_validate(about))


def when_product_given_then_tell_member(
    recorded: RecordedEvent, event: Balance.Given | Balance.Redeemed
) -> Iterable[SendMessage]:
    """What, and until when."""
    yield told(event.payer_id, template="product_given", values=_what(event))


def when_product_ends_soon_then_tell_member(recorded: RecordedEvent, event: Balance.Reminded) -> Iterable[SendMessage]:
    """Whether it is bought anew or lost."""
    renews = event.entry.terms.renews and event.entry.renews_until is None
    template = "product_renews_soon" if renews else "product_ends_soon"
    yield told(event.payer_id, template=template, values=_what(event))


def when_product_cancelled_then_tell_member(recorded: RecordedEvent, event: Balance.Cancelled) -> Iterable[SendMessage]:
    """Until when it is there."""
    until = f"{event.entry.renews_until:%Y-%m-%d %H:%M} UTC"
    yield told(event.payer_id, template="product_cancelled", values={"what": event.entry.terms.name, "until": until})


def when_product_ended_unpaid_then_tell_member(recorded: RecordedEvent, event: Balance.Ended) -> Iterable[SendMessage]:
    """Of all other ends, whoever has it knows."""
    if event.why == "unpaid":
        yield told(event.payer_id, template="product_ended_unpaid", values={"what": event.entry.terms.name})


def _what(event: Balance.Given | Balance.Redeemed | Balance.Reminded) -> dict[str, str]:
    entry = event.entry
    until = "for good" if entry.ends_at is None else f"until {entry.ends_at:%Y-%m-%d %H:%M} UTC"
    return {"what": entry.terms.name, "until": until}


PRODUCT_POLICIES: Policies = {
    Balance.Bought: (when_period_begins_then_end_it_in_time,),
    Balance.Given: (when_period_begins_then_end_it_in_time, when_product_given_then_tell_member),
    Balance.Redeemed: (when_period_begins_then_end_it_in_time, when_product_given_then_tell_member),
    Balance.Renewed: (when_period_begins_then_end_it_in_time,),
    Balance.Reminded: (when_product_ends_soon_then_tell_member,),
    Balance.Cancelled: (when_product_cancelled_then_tell_member,),
    Balance.Ended: (when_product_ended_unpaid_then_tell_member,),
}
