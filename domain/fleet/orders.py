"""Asking a car for something."""

from uuid import UUID

from domain.fleet.conversation import Order
from domain.fleet.vehicle import Vehicle
from domain.unit_of_work import UnitOfWork


def order(vehicle: Vehicle, what: Order, request_id: UUID, work: UnitOfWork) -> None:
    """Have the car told; it has until the time-out of the rulebook to answer."""
    limits = work.rulebook.trip
    patience = {"unlock": limits.unlock_timeout, "lock": limits.lock_timeout}[what]
    correlation_id = work.metadata.correlation_id
    vehicle.request_command(request_id, what, work.now, expires_at=work.now + patience, correlation_id=correlation_id)
