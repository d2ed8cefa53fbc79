"""The demo's city: its zones and its 640 cars, from real data."""

import asyncio
import csv
import json
from pathlib import Path
from random import Random

from adapters.postgres.followers.follower import wait_for
from adapters.simulator.car import Car
from adapters.simulator.vehicles import Faults
from api.composition import Running
from domain.fleet.commands import CommissionVehicle, DefineZone, PutIntoService
from domain.kernel.ids import VehicleId, ZoneId, derived_id
from domain.kernel.messages import Actor, Command, Metadata, Role
from domain.kernel.units import Position

DATA = Path(__file__).parent / "data"
SERVICE = "drivenow-europe"
CITY = "berlin"

_PROPULSIONS = {"P": "combustion", "D": "combustion_diesel", "E": "electric"}
_TRANSMISSIONS = {"A": "automatic", "M": "manual"}


async def seed(running: Running) -> None:
    """Draw the zones and commission the cars; a second time changes nothing."""
    zones = json.loads((DATA / "berlin_zones.geojson").read_text())["features"]
    for zone in zones:
        await _give(running, _zone(zone))
    await asyncio.gather(*(_commission(running, row) for row in fleet_rows()))
    end = await running.store.end()
    for projection in running.followers:
        await wait_for(running.pool, (await projection.live()).follower, end, timeout=30)
    await running.refresh_zones()


def fleet_rows() -> list[dict[str, str]]:
    """The 640 cars of the snapshot."""
    with (DATA / "drivenow_berlin" / "vehicles.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def vin_of(row: dict[str, str]) -> str:
    """A made-up VIN: the snapshot has none."""
    return f"WBAZZZ{int(row['vehicle_id'].removeprefix('dn-')):011d}"


def vehicle_id_of(row: dict[str, str]) -> VehicleId:
    """The same car, the same id."""
    return VehicleId(derived_id("demo.vehicle", row["vehicle_id"]))


def cars(seed: int, faults: Faults) -> list[Car]:
    """The fleet as simulated cars."""
    found = [
        Car(
            vehicle_id=vehicle_id_of(row),
            vin=vin_of(row),
            model=row["model"],
            fuel_type=row["fuel_type"],  # type: ignore[arg-type] # the snapshot has P, D and E
            position=Position(latitude=float(row["lat"]), longitude=float(row["lon"])),
            energy_percent=float(row["fuel_pct"] or 50),
            odometer_m=10_000_000 + 1_000 * int(row["vehicle_id"].removeprefix("dn-")),
            random=Random(f"{seed}:{row['vehicle_id']}"),  # noqa: S311 (a simulation is to be repeatable)
        )
        for row in fleet_rows()
    ]
    for car in found:
        car.faults = faults.of(car)
    return found


def _zone(feature: dict[str, dict[str, object]]) -> DefineZone:
    facts = feature["properties"]
    zone_id = ZoneId(derived_id("demo.zone", facts["name"]))
    return DefineZone.model_validate({"zone_id": zone_id, **facts, "polygons": feature["geometry"]["coordinates"]})


async def _commission(running: Running, row: dict[str, str]) -> None:
    vehicle_id = vehicle_id_of(row)
    number = int(row["vehicle_id"].removeprefix("dn-"))
    car = CommissionVehicle.model_validate(
        {
            "vehicle_id": vehicle_id,
            "vin": vin_of(row),
            "plate": f"B-DN {number}",
            "make": row["make"],
            "model": row["model"],
            "propulsion": _PROPULSIONS[row["fuel_type"]],
            "transmission": _TRANSMISSIONS.get(row["transmission"]),
            "city_id": CITY,
            "position": {"latitude": float(row["lat"]), "longitude": float(row["lon"])},
            "energy_percent": float(row["fuel_pct"] or 50),
            "odometer_m": 10_000_000 + 1_000 * number,
        }
    )
    await _give(running, car)
    await _give(running, PutIntoService(vehicle_id=vehicle_id))


async def _give(running: Running, command: Command) -> None:
    """A repeated run gives the same commands under the same ids."""
    command_id = derived_id("demo", command.model_dump_json())
    metadata = Metadata.of(command, id=command_id, actor=Actor(role=Role.OPERATOR, id="demo"), service=SERVICE)
    await running.system.dispatcher.dispatch(command, metadata)
