"""Asking a car for something."""

from uuid import UUID

from domain.fleet.conversation import Order
from domain.fleet.vehicle import Vehicle
from domain.unit_of_work import UnitOfWork


def order(vehicle: Vehicle, what: Order, request_id: UUID, work: UnitOfWork) -> None:
    """Have the car told; it has until the time-out of the rulebook to answer."""
    limits = work.rulebook.trip
    patience = limits.unlock_timeout if what == "unlock" else limits.lock_timeout
    correlation_id = work.metadata.correlation_id
    vehicle.request_command(request_id, what, work.now, expires_at=work.now + patience, correlation_id=correlation_id)
