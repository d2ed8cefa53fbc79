"""What is known of a car now: what its events say, joined with what it has sent since."""

from typing import Protocol

from domain.fleet.state import VehicleReadings
from domain.fleet.vehicle import Vehicle
from domain.kernel.ports import NewestValues


class HasNewestValues(Protocol):
    """A unit of work, or whoever shows what one would see."""

    @property
    def beside(self) -> NewestValues: ...


async def newest_readings(vehicle: Vehicle, at: HasNewestValues) -> VehicleReadings:
    """Of each kind the newest: decisions look at these, since most of what a car sends leads to no event."""
    sent = await at.beside.newest(VehicleReadings, vehicle.vin)
    return vehicle.readings if sent is None else vehicle.readings.joined_with(sent)
