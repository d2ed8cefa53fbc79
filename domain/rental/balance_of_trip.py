"""What the payer of a trip had for it, put right as the trip is corrected."""

from domain.billing.balance_use import put_balance_right, with_balance_again
from domain.billing.charge import Charge
from domain.billing.estimate import Estimate
from domain.billing.pricing import TripFacts
from domain.rental.trip import Trip
from domain.unit_of_work import UnitOfWork


async def with_balance_of(trip: Trip, facts: TripFacts, work: UnitOfWork) -> TripFacts:
    """Corrected facts with what the payer has now, and had for this trip; as they are where it cost nothing."""
    charge = await work.find(Charge, Charge.id_of(Trip.TOPIC, trip.id))
    if charge is None:
        return facts
    found = await with_balance_again(charge, facts, work)
    return found if isinstance(found, TripFacts) else facts


async def put_balance_of_trip_right(trip: Trip, price: Estimate, work: UnitOfWork) -> None:
    """What the true facts use is used, and nothing else."""
    charge = await work.find(Charge, Charge.id_of(Trip.TOPIC, trip.id))
    if charge is not None:
        await put_balance_right(charge, "correct", price, work)
