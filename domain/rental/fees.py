"""What came of a trip and is charged later: a fine, a tow, a cleaning."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from domain.billing.charge import Charge
from domain.billing.charging import announce_or_review
from domain.billing.estimate import Estimate
from domain.billing.fee import FEE, FeeFacts
from domain.kernel.errors import RefusedError, Violation, refuse_if
from domain.kernel.ids import PayerId
from domain.kernel.money import Currency, Money
from domain.rental.commands import ChargeFee
from domain.rental.trip import Trip
from domain.rulebook.fee import Fee
from domain.rulebook.model import City
from domain.unit_of_work import UnitOfWork


async def charge_fee(command: ChargeFee, work: UnitOfWork) -> UUID:
    """Raise the charge once per id, and announce it to whoever drove."""
    charge_id = Charge.id_of(FEE, command.fee_id)
    if await work.find(Charge, charge_id) is not None:
        return charge_id
    trip = await work.load(Trip, command.trip_id)
    city = work.rulebook.city(trip.city_id)
    fee = city.fee(command.fee)
    if fee is None:
        raise RefusedError(_unknown(command.fee, city))
    charge, price = fee_charge(command, trip, fee, work)
    work.add(charge)
    await announce_or_review(charge, price, work)
    return charge_id


def fee_charge(
    command: ChargeFee, trip: Trip, fee: Fee, work: UnitOfWork, damage_id: UUID | None = None
) -> tuple[Charge, Estimate]:
    """A charge for what came of a trip, and its price. Raises `RefusedError` with all that speaks against it."""
    city = work.rulebook.city(trip.city_id)
    unfit = [*_unfit(command, fee, city.currency), *_untimely(command.happened_at, trip, fee, work.now)]
    refuse_if([_not_ended(trip), *unfit])
    facts = FeeFacts(
        fee_id=fee.id,
        name=fee.name,
        amount=fee.amount or command.amount or Money.zero(city.currency),
        tax=fee.tax,
        city_id=city.id,
        trip_id=command.trip_id,
        happened_at=command.happened_at,
        rulebook_version=work.rules.version if work.rules else 0,
        objection_s=int(fee.objection.total_seconds()),
        damage_id=damage_id,
    )
    price = facts.estimate(city)
    charge = Charge.begin_fee(
        facts,
        price,
        fee_id=command.fee_id,
        member_id=trip.member_id,
        payer_id=PayerId(trip.member_id),
        seller_id=(fee.seller or city.legal_entity).id,
        method_id=trip.method_id,
        evidence=command.evidence,
        reason=command.reason,
        by=work.metadata.actor.id,
        at=work.now,
    )
    return charge, price


def _unknown(fee_id: str, city: City) -> Violation:
    known = [fee.id for fee in city.fees]
    detail = "the catalogue of the city has no such fee: take one of those it has, or publish it"
    return Violation(code="fee.unknown", detail=detail, values={"fee": fee_id, "fees": known})


def _not_ended(trip: Trip) -> Violation | None:
    if trip.ended_at is not None:
        return None
    detail = "wait until the trip has ended; one that never started has nothing to charge for"
    return Violation(code="fee.trip_not_ended", detail=detail, values={"state": trip.state.value})


def _unfit(command: ChargeFee, fee: Fee, currency: Currency) -> Iterator[Violation]:
    """What is wrong with what is said of a fee."""
    if not command.evidence:
        yield Violation(code="fee.without_evidence", detail="say what shows it: a letter, a photo, a receipt, a record")
    if not command.reason.strip():
        yield Violation(code="fee.without_reason", detail="say why it is due")
    if fee.amount is not None and command.amount is not None:
        detail = f"leave the amount out: this fee is {fee.amount}"
        yield Violation(code="fee.amount_not_wanted", detail=detail, values={"amount": str(command.amount)})
    if fee.amount is None:
        yield from _unfit_amount(command.amount, fee, currency)


def _unfit_amount(amount: Money | None, fee: Fee, currency: Currency) -> Iterator[Violation]:
    if amount is None:
        yield Violation(code="fee.amount_missing", detail="say what it cost, as the evidence says")
    elif amount.currency is not currency or amount.amount_minor <= 0:
        detail = f"give more than nothing, in {currency.value}"
        yield Violation(code="fee.amount_unfit", detail=detail, values={"amount": str(amount)})
    elif fee.maximum is not None and amount > fee.maximum:
        values = {"amount": str(amount), "maximum": str(fee.maximum)}
        yield Violation(code="fee.amount_too_high", detail=f"this fee is {fee.maximum} at most", values=values)


def _untimely(happened_at: datetime, trip: Trip, fee: Fee, now: datetime) -> Iterator[Violation]:
    """What came of a trip did not come before it, nor is it charged for ever."""
    values = {"happened_at": happened_at.isoformat(), "began_at": trip.created_on.isoformat(), "now": now.isoformat()}
    if not trip.created_on <= happened_at <= now:
        detail = "choose a time after the trip began that has passed"
        yield Violation(code="fee.not_of_this_trip", detail=detail, values=values)
    if trip.ended_at is not None and now > trip.ended_at + fee.within:
        late = {"ended_at": trip.ended_at.isoformat(), "within_days": fee.within.days}
        detail = f"this fee is charged within {fee.within.days} days after a trip"
        yield Violation(code="fee.too_late", detail=detail, values=late)
