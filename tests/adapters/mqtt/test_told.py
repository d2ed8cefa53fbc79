"""What fleet is told of a car again and again, and what of one that another service has now."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from adapters.mqtt.batches import BatchWriter
from adapters.mqtt.findings import Received
from adapters.mqtt.lookups import KnownVehicle
from adapters.mqtt.topics import of_vehicle
from adapters.postgres.telemetry import TelemetryStore
from adapters.simulator.car import Message
from domain.fleet.commands import ObserveVehicle
from domain.fleet.state import Observation
from domain.kernel.ids import VehicleId
from domain.kernel.units import Position
from tests.adapters.mqtt.cars import SERVICE, LastReported, nowhere

NOW = datetime.now(UTC)
HERE = Position(latitude=52.52, longitude=13.405)
FUEL, CODES = "Vehicle.Powertrain.FuelSystem.RelativeLevel", "Vehicle.Diagnostics.DTCList"
PLUGGED = "Vehicle.Powertrain.TractionBattery.Charging.ChargingPort.AnyPosition.IsChargingCableConnected"
LOCKED = "Vehicle.Cabin.Door.Row1.DriverSide.IsLocked"


@dataclass
class Register:
    """Knows one car, and remembers what it was before until it is asked anew."""

    now: dict[str, KnownVehicle]
    remembered: dict[str, KnownVehicle] = field(default_factory=dict)

    async def find(self, vins: set[str], /) -> Mapping[str, KnownVehicle]:
        return {**await self.find_anew(vins - self.remembered.keys()), **self.remembered}

    async def find_anew(self, vins: set[str], /) -> Mapping[str, KnownVehicle]:
        self.remembered.update({vin: self.now[vin] for vin in vins & self.now.keys()})
        return self.remembered


def says(vin: str, seq: int, at: datetime, signals: dict[str, Any], service: str = SERVICE) -> Received:
    body = {"ts": at.isoformat(), "seq": seq, "signals": signals}
    return Received(of_vehicle(service, vin, "telemetry"), Message("telemetry", body).payload, at)


def seen(reported: LastReported) -> list[Observation]:
    return [command.observation for command, _ in reported.commands if isinstance(command, ObserveVehicle)]


FLAPPING = [
    [{FUEL: 40}, {FUEL: 46}],
    [{FUEL: 14}, {FUEL: 26}],
    [{FUEL: 40}, {FUEL: 46}, {FUEL: 52}, {FUEL: 60}],
    [{CODES: []}, {CODES: ["P0301"]}],
    [{CODES: [f"P030{n}"]} for n in range(9)],
    [{PLUGGED: True}, {PLUGGED: False}],
]


@pytest.mark.parametrize("states", FLAPPING, ids=str)
async def test_what_comes_and_goes_with_every_message_is_told_a_few_times_an_hour(
    writer: BatchWriter, reported: LastReported, vin: str, states: list[dict[str, Any]]
) -> None:
    hour = [NOW + timedelta(seconds=10 * n) for n in range(360)]

    await writer.write([says(vin, n, at, states[n % len(states)]) for n, at in enumerate(hour)])

    assert 6 <= len(reported.commands) <= 20


@pytest.mark.parametrize("states", FLAPPING[:4], ids=str)
async def test_what_has_come_and_gone_once_is_told_at_once(
    writer: BatchWriter, reported: LastReported, vin: str, states: list[dict[str, Any]]
) -> None:
    one, other, *_ = states

    await writer.write([says(vin, n, NOW, signals) for n, signals in enumerate((one, one, other, other, one, one))])

    assert len(reported.commands) == 3


async def test_another_car_of_the_fleet_that_bears_the_vin_now_is_told_of_from_the_beginning(
    pool: asyncpg.Pool, reported: LastReported, vin: str
) -> None:
    before, after = VehicleId(uuid4()), VehicleId(uuid4())
    register = Register({vin: KnownVehicle(before, SERVICE)})
    writer = BatchWriter(reported, TelemetryStore(pool), register, zones=nowhere)
    state = {
        LOCKED: True, FUEL: 60, "Vehicle.CurrentLocation.Latitude": HERE.latitude,
        "Vehicle.CurrentLocation.Longitude": HERE.longitude,
    }  # fmt: skip
    await writer.write([says(vin, 1, NOW, state)])

    register.now[vin] = KnownVehicle(after, "another-service")
    later = NOW + timedelta(seconds=10)
    await writer.write([says(vin, 2, later, state, "another-service"), says(vin, 3, later, state)])

    assert [command.vehicle_id for command, _ in reported.commands if isinstance(command, ObserveVehicle)] == [
        before, after,
    ]  # fmt: skip
    assert [metadata.service for _, metadata in reported.commands] == [SERVICE, "another-service"]
    assert [(o.locked, o.energy_percent, o.position) for o in seen(reported)] == [(True, 60, HERE)] * 2
    (reason,) = await pool.fetch("select reason from csbe.dead_letters where topic like $1", f"%/{vin}/%")
    assert reason[0] == "this vehicle belongs to service another-service"
