"""Asking the car of a trip for something."""

from uuid import UUID

from domain.fleet.vehicle import Vehicle
from domain.rental.steps import Order
from domain.rental.trip import Trip
from domain.unit_of_work import UnitOfWork


async def order(trip: Trip, what: Order, request_id: UUID, work: UnitOfWork) -> None:
    """Have the car told; it has until the time-out of the rulebook to answer."""
    vehicle = await work.load(Vehicle, trip.vehicle_id)
    limits = work.rulebook.trip
    patience = {"unlock": limits.unlock_timeout, "lock": limits.lock_timeout}[what]
    correlation_id = work.metadata.correlation_id
    vehicle.request_command(request_id, what, work.now, expires_at=work.now + patience, correlation_id=correlation_id)
