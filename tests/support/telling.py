"""Cars that tell of themselves as over MQTT: what is newest is kept beside the log, and fleet is told of it."""

from collections.abc import Mapping
from datetime import datetime

from domain.fleet.commands import ObserveVehicle
from domain.fleet.state import Observation, VehicleReadings
from domain.fleet.vehicle import Vehicle
from domain.kernel.ids import VehicleId
from tests.support.people_and_cars import ALEXANDERPLATZ, HOME
from tests.support.world import World

DRIVING: Mapping[str, object] = {"locked": False, "ignition_on": True, "speed_kmh": 40.0}
STOPPED: Mapping[str, object] = {"locked": False, "ignition_on": False, "speed_kmh": 0.0}
LOCKED: Mapping[str, object] = {"locked": True, "ignition_on": False, "speed_kmh": 0.0}
_USUAL: Mapping[str, object] = {"position": ALEXANDERPLATZ, "doors_closed": True, "zones": (HOME,)}


async def tells(world: World, which: VehicleId, *states: Mapping[str, object], at: datetime | None = None) -> None:
    """All that a car has to say of itself, as it was `at` a time; told now."""
    said = {"observed_at": at or world.now(), **_USUAL}
    for state in states:
        said |= state
    await sends(world, which, Observation.model_validate(said))


async def sends(world: World, which: VehicleId, said: Observation) -> None:
    """A message of a car, with whatever it says."""
    world.last_said[which] = said
    vin = (await world.store.load(Vehicle, which)).vin
    known = world.beside.readings.get(vin, VehicleReadings())
    news = {name: value for name, value in said if name != "observed_at"}
    world.beside.readings[vin] = known.with_values(said.observed_at, **news)
    await world.do(ObserveVehicle(vehicle_id=which, observation=said))
