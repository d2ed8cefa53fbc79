"""Damages of a car as its trips meet them: reported by who drives, and charged to who alone had the car, or by two."""

from uuid import UUID

from domain.billing.charge import Charge
from domain.billing.charging import announce_or_review
from domain.billing.fee import FEE, Evidence
from domain.billing.payer import note_open_item
from domain.fleet.damage import Damage, Seen
from domain.fleet.newest import newest_readings
from domain.fleet.readiness import DRIVEN_M
from domain.fleet.vehicle import Vehicle
from domain.kernel.errors import RefusedError, Violation, refuse_if
from domain.kernel.ids import TripId
from domain.kernel.messages import Command
from domain.kernel.money import Money
from domain.kernel.personal import Told
from domain.rental.commands import ChargeFee
from domain.rental.distance import distance
from domain.rental.fees import fee_charge
from domain.rental.trip import Trip
from domain.rental.vehicle_reading import reading
from domain.rulebook.fee import Fee
from domain.rulebook.model import City
from domain.unit_of_work import UnitOfWork

FEE_ID = "damage"


class ReportDamageInTrip(Seen, Command):
    """Whoever drives has found a damage: before they drove, it was there before them."""

    NAME = "rental.report_damage"
    CREATES = "damage_id"

    damage_id: UUID
    trip_id: TripId


class ChargeDamage(Command):
    """Charge a damage to a trip that had the car, up to the excess that its member chose.

    Unless something shows that this trip alone had the car, two persons must say so before its payer hears of it.
    """

    NAME = "rental.charge_damage"
    CREATES = "fee_id"

    fee_id: UUID
    damage_id: UUID
    trip_id: TripId
    amount: Money
    evidence: Told[tuple[Evidence, ...]]
    reason: Told[str]


async def report_damage_in_trip(command: ReportDamageInTrip, work: UnitOfWork) -> UUID:
    """Soon after the start, and before the car is driven, it counts as found when they took the car."""
    trip = await work.load(Trip, command.trip_id)
    if await work.find(Damage, command.damage_id) is not None:
        return command.damage_id
    refuse_if([_over(trip, work)])
    vehicle = await work.load(Vehicle, trip.vehicle_id)
    found_at = trip.created_on if await _is_early(trip, vehicle, work) else work.now
    work.add(Damage.report(command.damage_id, vehicle, command, "member", found_at, work.now))
    return command.damage_id


async def charge_damage(command: ChargeDamage, work: UnitOfWork) -> UUID:
    """Announced where the evidence is clear; where it is not, another person has to say that it is right."""
    charge_id = Charge.id_of(FEE, command.fee_id)
    if await work.find(Charge, charge_id) is not None:
        return charge_id
    damage, trip = await work.load(Damage, command.damage_id), await work.load(Trip, command.trip_id)
    refuse_if([damage.not_had_by(command.trip_id), await _charged_already(damage, work)])
    fee = _excess(work.rulebook.city(trip.city_id), trip)
    asked = ChargeFee(
        fee_id=command.fee_id,
        trip_id=command.trip_id,
        fee=fee.id,
        amount=command.amount,
        happened_at=damage.found_at,
        evidence=command.evidence,
        reason=command.reason,
    )
    charge, price = fee_charge(asked, trip, fee, work, command.damage_id)
    work.add(charge)
    damage.charge_to(command.trip_id, charge_id, work.now)
    if damage.attribution.custody == "alone":
        await announce_or_review(charge, price, work)
    else:
        await note_open_item(charge.payer_id, charge.subject_id, "unsettled", work)
        await note_open_item(charge.payer_id, charge.id, "charge_in_review", work)
        charge.require_review((_not_alone(damage),), price, work.now, payer_told=False)
    return charge_id


def _over(trip: Trip, work: UnitOfWork) -> Violation | None:
    """Says no before the trip runs, and once it is over for longer than one looks at a car."""
    late = trip.ended_at is not None and work.now > trip.ended_at + work.rulebook.trip.damage_margin
    if trip.phases and not late:
        return None
    detail = "report it while the trip runs or right after it; later, tell the staff"
    return Violation(code="damage.not_in_trip", detail=detail, values={"state": trip.state.value})


async def _is_early(trip: Trip, vehicle: Vehicle, work: UnitOfWork) -> bool:
    """Whoever has had no time to drive did not do it."""
    started_at = trip.phases[0].since
    if trip.ended_at is not None or work.now > started_at + work.rulebook.trip.damage_margin:
        return False
    now = await reading(await newest_readings(vehicle, work), work)
    return distance(trip.started, now, started_at, work.now).metres <= DRIVEN_M


def _excess(city: City, trip: Trip) -> Fee:
    """The least that the catalogue has for what was chosen with the trip: `damage`, or `damage_` and the option."""
    ids = (FEE_ID, *(f"{FEE_ID}_{option}" for option in trip.options))
    found = {fee.maximum: fee for id in ids if (fee := city.fee(id)) is not None and fee.maximum is not None}
    if not found:
        detail = f"the catalogue of the city has no fee {FEE_ID} with a maximum: publish what members are liable for"
        raise RefusedError(Violation(code="damage.no_excess", detail=detail, values={"fees": list(ids)}))
    return found[min(found)]


async def _charged_already(damage: Damage, work: UnitOfWork) -> Violation | None:
    """A damage is paid once; what was waived may be charged to another trip."""
    charge = await work.find(Charge, damage.charge_id) if damage.charge_id else None
    if charge is None or charge.state == "waived":
        return None
    values = {"charge_id": str(charge.id), "state": charge.state}
    return Violation(code="damage.charged_already", detail="waive that charge first, if it is wrong", values=values)


def _not_alone(damage: Damage) -> Violation:
    detail = "nothing shows that this trip alone had the car before the damage: another person decides"
    values = {"damage_id": str(damage.id), "custody": damage.attribution.custody}
    return Violation(code="damage.not_alone", detail=detail, values=values)
