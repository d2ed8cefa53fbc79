"""What a corrected trip costs more is a fee of its own: its payer is told first, and may object."""

from domain.billing.charge import Charge
from domain.billing.fee import Evidence, FeeFacts
from domain.billing.payer import note_open_item
from domain.kernel.errors import Violation
from domain.kernel.ids import PayerId, TripId
from domain.rental.trip import Trip
from domain.rental.trip_event_bases import TripCorrection
from domain.rulebook.fee import Fee
from domain.rulebook.model import City
from domain.rulebook.tax import STANDARD
from domain.unit_of_work import UnitOfWork

FEE_ID = "trip_correction"
_USUAL = Fee(id=FEE_ID, name="Correction of a trip", description="More was driven or parked than was charged at first.")


def fee_for(city: City) -> Fee:
    """The city's own words and times for it, where its catalogue has an entry of this name."""
    return city.fee(FEE_ID) or _USUAL


def too_late(trip: Trip, city: City, work: UnitOfWork) -> Violation | None:
    """Says no to charging more for what is long ago."""
    within = fee_for(city).within
    if trip.ended_at is None or work.now <= trip.ended_at + within:
        return None
    values = {"ended_at": trip.ended_at.isoformat(), "within_days": within.days}
    detail = f"more is charged for a trip within {within.days} days after its end; less can be charged at any time"
    return Violation(code="trip.correction_too_late", detail=detail, values=values)


async def charge_more(
    trip: Trip, correction: TripCorrection, evidence: tuple[Evidence, ...], reason: str, work: UnitOfWork
) -> None:
    """Announce it: who decided the correction has decided this too."""
    city = work.rulebook.city(trip.city_id)
    fee, payer_id = fee_for(city), PayerId(trip.member_id)
    facts = FeeFacts(
        fee_id=fee.id,
        name=fee.name,
        amount=correction.difference.amount,
        tax=STANDARD,
        city_id=city.id,
        trip_id=TripId(trip.id),
        happened_at=correction.facts.ended_at,
        rulebook_version=work.rules.version if work.rules else 0,
        objection_s=int(fee.objection.total_seconds()),
    )
    price = facts.estimate(city)
    charge = Charge.begin_fee(
        facts,
        price,
        fee_id=correction.correction_id,
        member_id=trip.member_id,
        payer_id=payer_id,
        seller_id=city.legal_entity.id,
        method_id=trip.method_id,
        evidence=evidence,
        reason=reason,
        by=work.metadata.actor.id,
        at=work.now,
    )
    work.add(charge)
    await note_open_item(payer_id, charge.subject_id, "unsettled", work)
    charge.announce(price, work.now)
