"""What is known of a car now: what its events say, joined with what it has sent since."""

from domain.fleet.state import VehicleReadings
from domain.fleet.vehicle import Vehicle
from domain.unit_of_work import UnitOfWork


async def newest_readings(vehicle: Vehicle, work: UnitOfWork) -> VehicleReadings:
    """Of each kind the newest: decisions look at these, since most of what a car sends leads to no event."""
    sent = await work.beside.newest(VehicleReadings, vehicle.vin)
    return vehicle.readings if sent is None else vehicle.readings.joined_with(sent)
