"""What the database refuses of a batch is found, and is a dead letter by itself."""

import json
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import asyncpg
import pytest

from adapters.mqtt.batches import BatchWriter
from adapters.mqtt.findings import Received
from adapters.mqtt.metrics import NoMetrics
from adapters.postgres.telemetry import TelemetryStore
from domain.fleet.commands import ConfirmVehicleCommand, FailVehicleCommand, ObserveVehicle
from domain.kernel.ids import derived_id
from tests.adapters.mqtt.cars import SERVICE, LastReported, Vehicles, nowhere

NOW = datetime.now(UTC)
REFUSED_SEQ = 4_000_000_013


def telemetry(vin: str, seq: int, ts: str | None = None, **more: object) -> Received:
    body = {
        "ts": ts or (NOW - timedelta(seconds=60 - seq % 60)).isoformat(),
        "seq": seq,
        "signals": {"Vehicle.Speed": 10.0, **more},
    }
    return Received(f"csbe/v1/{SERVICE}/vehicles/{vin}/telemetry", json.dumps(body).encode(), NOW)


@pytest.fixture
async def strict(pool: asyncpg.Pool) -> AsyncIterator[None]:
    """A database that refuses one message for a reason of its own."""
    await pool.execute(
        f"alter table csbe.telemetry add constraint telemetry_refuses check (seq <> {REFUSED_SEQ}) not valid"
    )
    yield
    await pool.execute("alter table csbe.telemetry drop constraint telemetry_refuses")


async def stored(pool: asyncpg.Pool, vin: str) -> list[int]:
    return [row[0] for row in await pool.fetch("select seq from csbe.telemetry where vin = $1 order by seq", vin)]


async def buried(pool: asyncpg.Pool, vin: str) -> list[str]:
    rows = await pool.fetch("select reason from csbe.dead_letters where topic like $1", f"%/{vin}/%")
    return [row[0] for row in rows]


class Counted(NoMetrics):
    def __init__(self) -> None:
        self.results: Counter[str] = Counter()

    def messages(self, channel: str, result: str, count: int) -> None:
        del channel
        self.results[result] += count


@pytest.mark.usefixtures("strict")
async def test_a_message_counts_once_however_often_its_batch_is_halved(
    pool: asyncpg.Pool, reported: LastReported, vin: str
) -> None:
    counted = Counted()
    writer = BatchWriter(reported, TelemetryStore(pool), Vehicles(), zones=nowhere, metrics=counted)

    await writer.write([telemetry(vin, seq) for seq in range(8)] + [telemetry(vin, REFUSED_SEQ)])

    assert counted.results.pop("dead_letter") == 1
    assert sum(counted.results[result] for result in ("stored", "reported")) == 8


@pytest.mark.usefixtures("strict")
async def test_of_a_batch_that_the_database_refuses_the_message_to_blame_alone_is_a_dead_letter(
    pool: asyncpg.Pool, writer: BatchWriter, vin: str
) -> None:
    others = [f"TST{n:014d}" for n in range(10)]
    batch = [telemetry(other, seq) for seq in range(3) for other in others]
    batch[17:17] = [telemetry(vin, 1), telemetry(vin, REFUSED_SEQ), telemetry(vin, REFUSED_SEQ + 1)]

    await writer.write(batch)

    assert await stored(pool, vin) == [1, REFUSED_SEQ + 1]
    assert await buried(pool, vin) == ["internal error: CheckViolationError"]
    assert [await stored(pool, other) for other in others] == [[0, 1, 2]] * 10


async def test_a_partition_that_is_gone_is_made_again(pool: asyncpg.Pool, writer: BatchWriter, vin: str) -> None:
    await writer.write([telemetry(vin, 1)])
    await pool.execute(f"drop table telemetry_days.telemetry_{NOW:%Y%m%d}")

    await writer.write([telemetry(vin, 2), telemetry(vin, 3)])

    assert await stored(pool, vin) == [2, 3]
    assert not await buried(pool, vin)


async def test_a_partition_that_is_gone_is_made_again_for_a_message_that_comes_alone(
    pool: asyncpg.Pool, writer: BatchWriter, vin: str
) -> None:
    await writer.write([telemetry(vin, 1)])
    await pool.execute(f"drop table telemetry_days.telemetry_{NOW:%Y%m%d}")

    await writer.write([telemetry(vin, 2)])

    assert await stored(pool, vin) == [2]
    assert not await buried(pool, vin)


async def test_a_dead_letter_tells_its_reason_whatever_is_in_it(
    pool: asyncpg.Pool, writer: BatchWriter, vin: str
) -> None:
    body = json.dumps({"ts": NOW.isoformat(), "seq": 1, "signals": {}, "\0": 1}).encode()
    await writer.write([Received(f"csbe/v1/{SERVICE}/vehicles/{vin}/telemetry", body, NOW)])

    [reason] = await buried(pool, vin)
    assert "internal error" not in reason


@pytest.mark.parametrize("ts", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-12:00", "yesterday"])
async def test_a_time_that_no_clock_can_show_is_a_dead_letter(
    pool: asyncpg.Pool, writer: BatchWriter, vin: str, ts: str
) -> None:
    await writer.write([telemetry(vin, 1, ts), telemetry(vin, 2)])

    assert await stored(pool, vin) == [2]
    [reason] = await buried(pool, vin)
    assert reason.startswith("ts: ")


async def test_a_cleared_status_says_nothing(pool: asyncpg.Pool, writer: BatchWriter, vin: str) -> None:
    await writer.write([Received(f"csbe/v1/{SERVICE}/vehicles/{vin}/status", b"", NOW)])

    assert not await buried(pool, vin)


async def test_telemetry_after_a_late_last_will_is_reported_since_who_speaks_is_online(
    writer: BatchWriter, reported: LastReported, vin: str
) -> None:
    will = Received(f"csbe/v1/{SERVICE}/vehicles/{vin}/status", b"offline", NOW)
    await writer.write([telemetry(vin, 1), will])

    await writer.write([telemetry(vin, seq) for seq in (2, 3, 4)])

    assert reported.names == ["fleet.observe_vehicle", "fleet.note_contact", "fleet.observe_vehicle"]


async def test_the_answer_of_another_car_does_not_take_the_place_of_the_one_that_was_asked(
    writer: BatchWriter, reported: LastReported, vin: str
) -> None:
    asked = {"id": str(uuid4()), "status": "done", "ts": NOW.isoformat()}
    stranger = "TST00000000000099"

    for who in (stranger, vin, vin):
        topic = f"csbe/v1/{SERVICE}/vehicles/{who}/responses"
        await writer.write([Received(topic, json.dumps(asked).encode(), NOW)])

    answered = [command for command, _ in reported.commands if isinstance(command, ConfirmVehicleCommand)]
    assert [command.vehicle_id for command in answered] == [derived_id(stranger), derived_id(vin)]


async def test_a_car_that_answers_again_with_something_else_is_heard(
    writer: BatchWriter, reported: LastReported, vin: str
) -> None:
    request = str(uuid4())
    failed = {"id": request, "status": "failed", "ts": NOW.isoformat()}
    opened = {**failed, "status": "done", "signals": {"Vehicle.Cabin.Door.Row1.DriverSide.IsLocked": False}}
    shut = {**opened, "ts": (NOW + timedelta(seconds=1)).isoformat()}

    for answer in (failed, opened, opened, shut):
        topic = f"csbe/v1/{SERVICE}/vehicles/{vin}/responses"
        await writer.write([Received(topic, json.dumps(answer).encode(), NOW)])

    assert reported.names == ["fleet.fail_vehicle_command", *["fleet.confirm_vehicle_command"] * 2]


async def test_a_car_that_tells_its_locks_one_by_one_is_not_reported_open_for_the_door_that_it_has_yet_to_tell(
    writer: BatchWriter, reported: LastReported, vin: str
) -> None:
    driver, passenger = (f"Vehicle.Cabin.Door.Row1.{side}.IsLocked" for side in ("DriverSide", "PassengerSide"))
    locked = {"id": str(uuid4()), "status": "done", "ts": NOW.isoformat()}

    await writer.write([telemetry(vin, 1, None, **{driver: False, passenger: False})])
    await writer.write([Received(f"csbe/v1/{SERVICE}/vehicles/{vin}/responses", json.dumps(locked).encode(), NOW)])
    await writer.write([telemetry(vin, 61, NOW.isoformat(), **{driver: True})])
    before_the_last = len(reported.commands)
    await writer.write([telemetry(vin, 62, NOW.isoformat(), **{passenger: True})])

    told = [command.observation.locked for command, _ in reported.commands if isinstance(command, ObserveVehicle)]
    assert told == [False, True]
    assert len(reported.commands) == before_the_last + 1


async def test_the_reason_of_a_dead_letter_can_be_stored_whatever_a_car_calls_its_fields(
    pool: asyncpg.Pool, writer: BatchWriter, vin: str
) -> None:
    topic = f"csbe/v1/{SERVICE}/vehicles/{vin}/telemetry"
    await writer.write([Received(topic, json.dumps({"\0": 1, "\r\n": 2, "x" * 9_000: 3}).encode(), NOW)])

    [reason] = await buried(pool, vin)
    assert reason.startswith("ts: Field required")
    assert r"\x00: Extra inputs are not permitted; \r\n: Extra inputs" in reason


@pytest.mark.parametrize(("reason", "taken"), [("door_open", "door_open"), ("no_answer", "failed"), ("", "failed")])
async def test_a_car_that_answers_has_answered_whatever_it_gives_as_its_reason(
    writer: BatchWriter, reported: LastReported, vin: str, reason: str, taken: str
) -> None:
    failed = {"id": str(uuid4()), "status": "failed", "ts": NOW.isoformat(), "reason": reason}

    await writer.write([Received(f"csbe/v1/{SERVICE}/vehicles/{vin}/responses", json.dumps(failed).encode(), NOW)])

    [(command, _)] = reported.commands
    assert isinstance(command, FailVehicleCommand)
    assert command.reason == taken
