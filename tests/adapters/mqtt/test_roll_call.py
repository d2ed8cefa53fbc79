"""Cars that fall silent count as lost, and after our own absence each is asked how it is."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from adapters.mqtt.batches import BatchWriter
from adapters.mqtt.findings import Received
from adapters.mqtt.roll_call import RollCall
from adapters.mqtt.twins import Twins
from adapters.postgres.telemetry import SILENT, TelemetryStore
from domain.fleet.commands import NoteContact
from domain.fleet.state import VehicleReadings
from domain.kernel.errors import CommandIdReusedError
from domain.kernel.policy import TellVehicle
from domain.rulebook.model import FleetLimits
from tests.adapters.mqtt.cars import SERVICE, LastReported, Vehicles

SILENT_AFTER = FleetLimits().silent_after
MINUTE = timedelta(minutes=1)


@dataclass
class Yard:
    """Listens, or not, at a time that the test sets, and writes down whom it asks."""

    telemetry: TelemetryStore
    reported: LastReported
    time: datetime = field(default_factory=lambda: datetime.now(UTC) + timedelta(days=3))
    listening: bool = True
    asked: list[TellVehicle] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.roll_call = RollCall(
            self.telemetry, Vehicles(), self.reported, self, self,
            listens=lambda: self.listening, rules=lambda _service: FleetLimits(),
        )  # fmt: skip

    def now(self) -> datetime:
        return self.time

    async def send(self, request: TellVehicle) -> None:
        self.asked.append(request)

    async def look(self, *, after: timedelta) -> None:
        self.time += after
        await self.roll_call.look()

    @property
    def lost(self) -> list[bool]:
        return [command.online for command, _ in self.reported.commands if isinstance(command, NoteContact)]


@pytest.fixture
async def yard(pool: asyncpg.Pool, reported: LastReported) -> Yard:
    await pool.execute("delete from csbe.vehicle_twins")
    return Yard(TelemetryStore(pool), reported)


async def speaks(writer: BatchWriter, yard: Yard, vin: str, seq: int) -> None:
    body = {"ts": yard.time.isoformat(), "seq": seq, "signals": {"Vehicle.Speed": 0.0}}
    topic = f"csbe/v1/{SERVICE}/vehicles/{vin}/telemetry"
    await writer.write([Received(topic, json.dumps(body).encode(), yard.time)])


async def test_a_car_that_falls_silent_is_lost_once_and_back_when_it_speaks(
    writer: BatchWriter, yard: Yard, vin: str
) -> None:
    await yard.look(after=MINUTE)
    await speaks(writer, yard, vin, 1)

    await yard.look(after=SILENT_AFTER - MINUTE)
    assert yard.lost == []
    for _ in range(3):
        await yard.look(after=MINUTE)
    assert yard.lost == [False]

    await speaks(writer, yard, vin, 2)
    assert yard.reported.names[-1] == "fleet.observe_vehicle"
    await yard.look(after=SILENT_AFTER)
    assert yard.lost == [False, False]


async def test_a_silence_that_was_noted_before_a_crash_is_known_and_ends_when_the_car_speaks(
    writer: BatchWriter, yard: Yard, vin: str
) -> None:
    await yard.look(after=MINUTE)
    await speaks(writer, yard, vin, 1)
    yard.reported.failure = CommandIdReusedError("noted before")
    await yard.look(after=SILENT_AFTER)
    yard.reported.failure = None

    await speaks(writer, yard, vin, 2)

    assert yard.reported.names == ["fleet.observe_vehicle", "fleet.observe_vehicle"]


async def test_nobody_is_silent_while_we_do_not_listen(writer: BatchWriter, yard: Yard, vin: str) -> None:
    await yard.look(after=MINUTE)
    await speaks(writer, yard, vin, 1)

    yard.listening = False
    await yard.look(after=2 * SILENT_AFTER)
    yard.listening = True
    await yard.look(after=MINUTE)
    await yard.look(after=SILENT_AFTER - MINUTE)
    assert yard.lost == []

    await yard.look(after=MINUTE)
    assert yard.lost == [False]


async def test_after_our_own_absence_each_car_is_asked_and_marked_until_it_is_heard_of(
    writer: BatchWriter, yard: Yard, vin: str
) -> None:
    twins, other = Twins(yard.telemetry), "TST00000000000098"
    await speaks(writer, yard, vin, 1)
    await speaks(writer, yard, other, 1)

    await yard.look(after=timedelta(minutes=10))

    assert {(asked.vin, asked.type) for asked in yard.asked} == {(vin, "locate"), (other, "locate")}
    await speaks(writer, yard, vin, 2)
    heard, awaited = [await twins.newest(VehicleReadings, which) for which in (vin, other)]
    assert heard is not None
    assert awaited is not None
    assert (heard.asked_at, awaited.asked_at) == (None, yard.time)


async def test_who_has_fallen_silent_is_found_without_a_look_at_those_that_speak(
    pool: asyncpg.Pool, owner: asyncpg.Connection, yard: Yard
) -> None:
    await pool.execute(
        """
        insert into csbe.vehicle_twins (vin, online, heard_at)
        select 'TST' || n, n % 7 <> 0, $1::timestamptz - interval '5 minutes'
            from generate_series(1, 21) n
        union all select 'TST' || n, true, $1 from generate_series(22, 14000) n
        """,
        yard.time,
    )
    await owner.execute("analyze csbe.vehicle_twins")

    explained = await pool.fetchval(f"explain (analyze, format json) {SILENT}", yard.time - MINUTE)

    found = explained[0]["Plan"]
    assert found["Node Type"] == "Index Scan"
    assert found["Index Name"] == "vehicle_twins_by_silence"
    assert (found["Actual Rows"], found.get("Rows Removed by Filter", 0)) == (18, 0)
    await pool.execute("delete from csbe.vehicle_twins")


async def test_a_short_absence_asks_nobody(writer: BatchWriter, yard: Yard, vin: str) -> None:
    await speaks(writer, yard, vin, 1)

    await yard.look(after=timedelta(seconds=30))

    assert yard.asked == []
