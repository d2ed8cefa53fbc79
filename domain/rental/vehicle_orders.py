"""Asking the car of a trip for something."""

from uuid import UUID

from domain.fleet import orders
from domain.fleet.conversation import Order
from domain.fleet.vehicle import Vehicle
from domain.rental.trip import Trip
from domain.unit_of_work import UnitOfWork


async def order(trip: Trip, what: Order, request_id: UUID, work: UnitOfWork) -> None:
    """As fleet asks a car."""
    orders.order(await work.load(Vehicle, trip.vehicle_id), what, request_id, work)
