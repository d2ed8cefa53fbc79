"""How billing is asked to charge for what rental knows."""

from uuid import UUID

from domain.billing.commands import BillCharge
from domain.kernel.ids import PayerId, PaymentId, derived_id
from domain.rental.reservation_event_bases import ReservationCharged
from domain.rental.trip import Trip


def payment_id_of(subject_kind: str, subject_id: UUID) -> PaymentId:
    """The one hold, or else the first payment, of what is charged for."""
    return PaymentId(derived_id("billing.payment", subject_kind, subject_id))


def bill(
    kind: str, event: Trip.Ended | ReservationCharged, method_id: str | None = None, facts_by: str | None = None
) -> BillCharge:
    """Who had it pays for it."""
    return BillCharge(
        subject_kind=kind,
        subject_id=event.originator_id,
        member_id=event.member_id,
        payer_id=PayerId(event.member_id),
        seller_id=event.seller_id,
        payment_id=payment_id_of(kind, event.originator_id),
        quote=event.quote,
        facts=event.facts,
        method_id=method_id,
        doubts=(doubts := event.doubts if isinstance(event, Trip.Ended) else ()),
        payer_told=bool(doubts),
        facts_by=facts_by,
    )
