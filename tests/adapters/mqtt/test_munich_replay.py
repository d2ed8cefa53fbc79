"""A real drive, sent by a car over the broker into the real event store."""

import csv
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import aiomqtt
import asyncpg
import pytest

from adapters.mqtt.batches import BatchWriter
from adapters.mqtt.client import client_options
from adapters.mqtt.lookups import KnownVehicle
from adapters.postgres.event_store.store import PostgresEventStore
from adapters.postgres.telemetry import TelemetryStore
from domain.contexts import HANDLERS
from domain.dispatcher import Dispatcher
from domain.fleet.commands import CommissionVehicle
from domain.fleet.vehicle import Vehicle
from domain.kernel.ids import CommandId, VehicleId
from domain.kernel.messages import Actor, Metadata, Role
from tests.adapters.mqtt.cars import forget_session, nowhere, running, until
from tests.support.clocks import SystemClock
from tests.support.services import GivenRulebooks

DRIVE = Path(__file__).parents[2] / "data" / "munich_drive" / "munich_1s.csv"
SERVICE = "drivenow-europe"
STATED_ERROR = 0.015
SWITCHES = {Vehicle.Locked, Vehicle.Unlocked, Vehicle.IgnitionOn, Vehicle.IgnitionOff}
ODD = """
select to_char(measured_at at time zone 'UTC', 'HH24:MI:SS') from csbe.telemetry where vin = $1 and $2 = any(anomalies)
"""


class OneVehicle:
    """A directory with one entry."""

    def __init__(self, vin: str, vehicle_id: VehicleId) -> None:
        self._vehicles = {vin: KnownVehicle(vehicle_id, SERVICE)}

    async def find(self, _vins: set[str], /) -> dict[str, KnownVehicle]:
        return self._vehicles

    async def find_anew(self, vins: set[str], /) -> dict[str, KnownVehicle]:
        return await self.find(vins)


@pytest.fixture
def dispatcher(store: PostgresEventStore) -> Dispatcher:
    return Dispatcher(store, SystemClock(), GivenRulebooks(), HANDLERS)


@pytest.fixture
async def vehicle_id(dispatcher: Dispatcher, vin: str) -> VehicleId:
    command = CommissionVehicle(
        vehicle_id=VehicleId(uuid4()),
        vin=vin,
        plate="M-X 1",
        make="BMW",
        model="i3",
        propulsion="electric",
        city_id="berlin",
    )
    metadata = Metadata(
        command_id=CommandId(uuid4()), command=command.NAME, service=SERVICE, correlation_id=uuid4(),
        actor=Actor(role=Role.OPERATOR, id="test"),
    )  # fmt: skip
    await dispatcher.dispatch(command, metadata)
    return command.vehicle_id


def messages() -> list[str]:
    """The drive as telemetry of the last day: unlocked and with ignition on all the way, off at the end."""
    with DRIVE.open(newline="") as file:
        rows = list(csv.DictReader(file))
    driven_on = datetime.fromisoformat(rows[-1]["ts_utc"])
    since = timedelta(days=(datetime.now(UTC) - driven_on).days)
    return [
        json.dumps(
            {
                "ts": (datetime.fromisoformat(row["ts_utc"]) + since).isoformat(),
                "seq": seq,
                "signals": {
                    "Vehicle.CurrentLocation.Latitude": float(row["lat"]),
                    "Vehicle.CurrentLocation.Longitude": float(row["lon"]),
                    "Vehicle.Cabin.Door.Row1.DriverSide.IsLocked": False,
                    "Vehicle.LowVoltageSystemState": "ON" if seq < len(rows) - 1 else "OFF",
                },
            }
        )
        for seq, row in enumerate(rows)
    ]


async def test_the_munich_drive_replays_through_ingest(
    mqtt_url: str,
    pool: asyncpg.Pool,
    dispatcher: Dispatcher,
    store: PostgresEventStore,
    vin: str,
    vehicle_id: VehicleId,
) -> None:
    writer = BatchWriter(dispatcher, TelemetryStore(pool), OneVehicle(vin, vehicle_id), zones=nowhere)
    topic, client_id, sent = f"csbe/v1/{SERVICE}/vehicles/{vin}/telemetry", f"test-{uuid4()}", messages()

    async def all_stored() -> bool:
        stored: int = await pool.fetchval("select count(*) from csbe.telemetry where vin = $1", vin)
        return stored >= len(sent)

    async with running(mqtt_url, writer, client_id), aiomqtt.Client(**client_options(mqtt_url)) as car:
        for message in sent:
            await car.publish(topic, message, qos=1)
        await until(all_stored, 30)
    await forget_session(mqtt_url, client_id)

    jumps = {row[0] for row in await pool.fetch(ODD, vin, "jump")}
    frozen = {row[0] for row in await pool.fetch(ODD, vin, "frozen")}
    distance = await pool.fetchval(
        "select (twin->'track'->>'distance_m')::float from csbe.vehicle_twins where vin = $1", vin
    )
    assert {"05:03:01", "05:04:27", "05:05:33"} <= jumps
    assert {f"05:04:{second:02}" for second in range(27)} <= frozen
    assert len(jumps) <= 5  # of 1,194 fixes: nearly all are believed
    assert len([second for second in frozen if not "05:03:54" <= second <= "05:04:26"]) <= 6
    assert distance == pytest.approx(13_510, rel=STATED_ERROR)
    events = [type(r.event) async for r in store.read(aggregate_id=vehicle_id)]
    assert [e for e in events if e in SWITCHES] == [Vehicle.Unlocked, Vehicle.IgnitionOn, Vehicle.IgnitionOff]
    assert len(events) < 6
