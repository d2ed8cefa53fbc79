"""Whenever something becomes of a charge, its payer is told; what is announced is collected in time."""

from collections.abc import Iterable

from domain.billing.charge import Charge
from domain.billing.commands import CollectCharge
from domain.billing.fee import FEE
from domain.kernel.ids import ChargeId, MemberId, PayerId
from domain.kernel.messages import RecordedEvent
from domain.kernel.policy import Policies, Scheduled, SendMessage


def when_review_required_then_tell_member(
    recorded: RecordedEvent, event: Charge.ReviewRequired
) -> Iterable[SendMessage]:
    """Without an amount: none is final yet. Once: what ended in doubt was told as that.

    Of a fee that two persons have yet to agree on, nobody is told: it is announced, if at all.
    """
    if not event.payer_told and event.subject_kind != FEE:
        yield told(event.payer_id, template="charge_in_review", values=_what(event))


def when_review_ended_then_tell_member(
    recorded: RecordedEvent, event: Charge.Approved | Charge.Corrected | Charge.Waived
) -> Iterable[SendMessage]:
    """The invoice, if there is one, is told by itself; who knew of nothing is told of nothing."""
    if not event.payer_told:
        return
    template = "charge_" + type(event).TOPIC.rpartition(".")[2]
    yield told(event.payer_id, template=template, values=_what(event))


def when_charge_announced_then_tell_member(recorded: RecordedEvent, event: Charge.Announced) -> Iterable[SendMessage]:
    """What, how much, and until when they may object."""
    until = f"{event.collected_from:%Y-%m-%d %H:%M} UTC"
    values = {"what": event.what, "gross": str(event.price.gross), "until": until}
    yield told(event.payer_id, template="charge_announced", values=values)


def when_charge_announced_then_collect_it_later(
    recorded: RecordedEvent, event: Charge.Announced
) -> Iterable[Scheduled]:
    """Once nobody may object any more."""
    yield Scheduled(due_at=event.collected_from, command=CollectCharge(charge_id=ChargeId(event.originator_id)))


def when_payer_objects_then_tell_member(recorded: RecordedEvent, event: Charge.ObjectedTo) -> Iterable[SendMessage]:
    """That it was heard, and that nothing is taken."""
    yield told(event.payer_id, template="charge_objected_to", values={"what": event.what})


def _what(event: Charge.ReviewRequired | Charge.Approved | Charge.Corrected | Charge.Waived) -> dict[str, str]:
    """`rental.trip` is a trip."""
    return {"what": event.subject_kind.rpartition(".")[2].replace("_", " ")}


def told(payer_id: PayerId, template: str, values: dict[str, str]) -> SendMessage:
    """A payer has the address of the member who it is."""
    return SendMessage(member_id=MemberId(payer_id), template=template, values=values)


CHARGE_POLICIES: Policies = {
    Charge.Announced: (when_charge_announced_then_tell_member, when_charge_announced_then_collect_it_later),
    Charge.ObjectedTo: (when_payer_objects_then_tell_member,),
    Charge.ReviewRequired: (when_review_required_then_tell_member,),
    **dict.fromkeys((Charge.Approved, Charge.Corrected, Charge.Waived), (when_review_ended_then_tell_member,)),
}
