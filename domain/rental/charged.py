"""What was charged for a trip so far, whatever was credited out of goodwill."""

from typing import NamedTuple
from uuid import UUID

from domain.billing.charge import Charge
from domain.billing.charging import is_free, price_of, priced
from domain.billing.estimate import Estimate
from domain.billing.fee import FEE
from domain.billing.invoice import Invoice
from domain.billing.pricing import TripFacts
from domain.kernel.errors import RefusedError, Violation, refuse_if
from domain.kernel.money import Money
from domain.rental.trip import Trip
from domain.rental.trip_event_bases import Difference
from domain.unit_of_work import UnitOfWork


class Standing(NamedTuple):
    """Where a charge stands."""

    invoice: Invoice
    charge_id: UUID


class Charged(NamedTuple):
    """By which facts, how much, and where that stands, the newest first."""

    facts: TripFacts
    total: Difference
    standing: list[Standing]


async def charged_for(trip: Trip, work: UnitOfWork) -> Charged:
    """Raises `RefusedError` before the trip has ended, and while it is not decided what it costs.

    What was charged after a correction, and then waived, counts for nothing.
    """
    facts, total, standing = await _at_first(trip, work)
    for made in trip.corrections:
        more = await work.find(Charge, Charge.id_of(FEE, made.correction_id))
        if more is None:
            total = plus(total, made.difference)
        elif more.state != "waived":
            standing.insert(0, await _standing(more, work))
            total = plus(total, total_of(more.fee.estimate(work.rulebook.city(trip.city_id))))
    return Charged(trip.facts if trip.corrections and trip.facts else facts, total, standing)


async def _at_first(trip: Trip, work: UnitOfWork) -> Charged:
    """Before any correction; a review may have found other facts than the trip was ended on."""
    if trip.facts is None:
        raise RefusedError(_not_ended(trip))
    charge = await work.find(Charge, Charge.id_of(Trip.TOPIC, trip.id))
    if charge is None:
        price = priced(trip.quote, trip.facts, work)
        refuse_if([None if is_free(price) or trip.corrections else _undecided(trip, "not raised")])
        return Charged(trip.facts, _nothing(price), [])
    facts = charge.facts if isinstance(charge.facts, TripFacts) else trip.facts
    standing = [await _standing(charge, work)]
    return Charged(facts, total_of(price_of(charge, facts, work.rulebook, work.tariff)), standing)


async def _standing(charge: Charge, work: UnitOfWork) -> Standing:
    if charge.invoice_id is None:
        raise RefusedError(_undecided(charge, charge.state))
    return Standing(await work.load(Invoice, charge.invoice_id), charge.id)


def total_of(price: Estimate) -> Difference:
    """All that a price asks for."""
    lines = Money.total((line.amount for line in price.lines), price.gross.currency)
    return Difference(amount=lines, gross=price.gross)


def plus(one: Difference, other: Difference) -> Difference:
    """Both together."""
    return Difference(amount=one.amount + other.amount, gross=one.gross + other.gross)


def minus(one: Difference, other: Difference) -> Difference:
    """What the one asks for more than the other."""
    return Difference(amount=one.amount - other.amount, gross=one.gross - other.gross)


def _nothing(price: Estimate) -> Difference:
    zero = Money.zero(price.gross.currency)
    return Difference(amount=zero, gross=zero)


def _not_ended(trip: Trip) -> Violation:
    detail = "wait until the trip has ended, or end it for the member"
    return Violation(code="trip.not_ended", detail=detail, values={"state": trip.state.value})


def _undecided(about: Trip | Charge, state: str) -> Violation:
    detail = f"the charge is {state}: wait until it is billed, or decide what is in review; what is waived stays so"
    return Violation(code="trip.charge_undecided", detail=detail, values={"id": str(about.id), "state": state})
