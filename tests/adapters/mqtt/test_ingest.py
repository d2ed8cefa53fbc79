"""From the broker into the database and to fleet: nothing lost, nothing twice, nothing dropped silently."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import uuid4

import aiomqtt
import asyncpg
import pytest

from adapters.embedded.broker import embedded_broker, free_port
from adapters.mqtt.batches import BatchWriter
from adapters.mqtt.client import AcknowledgingClient, client_options
from adapters.mqtt.findings import Received
from adapters.mqtt.topics import subscriptions
from adapters.postgres.database import TRANSIENT_ERRORS
from domain.fleet.commands import NoteContact
from domain.kernel.errors import RefusedError, VersionConflictError, Violation
from tests.adapters.mqtt.cars import Car, LastReported, forget_session, running, until, vanish_with_will
from tests.support.clocks import SystemClock

real_broker = pytest.mark.skipif(
    "CSBE_TEST_MQTT_URL" not in os.environ, reason="the embedded broker does not speak MQTT 5"
)

CUT_ALL_OTHERS = """
select pg_terminate_backend(pid) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
"""

Count = Callable[[], Awaitable[int]]


@pytest.fixture
async def client_id(mqtt_url: str) -> AsyncIterator[str]:
    name = f"test-{uuid4()}"
    yield name
    await forget_session(mqtt_url, name)


@pytest.fixture
def rows(pool: asyncpg.Pool, vin: str) -> Count:
    return lambda: pool.fetchval("select count(*) from csbe.telemetry where vin = $1", vin)


async def reason_for(pool: asyncpg.Pool, topic: str) -> str | None:
    reason: str | None = await pool.fetchval(
        "select reason from csbe.dead_letters where topic = $1 order by id desc limit 1", topic
    )
    return reason


async def test_every_message_is_stored_and_only_changes_are_told(
    mqtt_url: str, writer: BatchWriter, client_id: str, car: Car, reported: LastReported, rows: Count
) -> None:
    async with running(mqtt_url, writer, client_id):
        for seq in range(50):
            await car.report(seq, locked=seq < 25)
        await until(lambda: _is(rows, 50))
    assert reported.names == ["fleet.observe_vehicle"] * 2


async def test_a_message_that_comes_twice_is_stored_as_a_duplicate_and_told_once(
    mqtt_url: str,
    writer: BatchWriter,
    client_id: str,
    car: Car,
    reported: LastReported,
    rows: Count,
    pool: asyncpg.Pool,
) -> None:
    async with running(mqtt_url, writer, client_id):
        await car.report(1, locked=True)
        await car.report(1, locked=True)
        await until(lambda: _is(rows, 2))
    anomalies = await pool.fetch(
        "select anomalies from csbe.telemetry where vin = $1 order by cardinality(anomalies)", car.vin
    )
    assert [list(row[0]) for row in anomalies] == [[], ["duplicate"]]
    assert len(reported.commands) == 1


async def test_what_was_not_acknowledged_comes_again_after_a_crash(
    mqtt_url: str, writer: BatchWriter, client_id: str, car: Car, reported: LastReported, rows: Count
) -> None:
    async with AcknowledgingClient(mqtt_url, identifier=client_id, now=SystemClock().now) as crashing:
        await crashing.subscribe([(topic, 1) for topic in subscriptions()])
        await car.report(1, locked=True)
        await asyncio.wait_for(crashing.arrival(), 10)
        assert [arrival.topic for arrival in crashing.take(1)] == [car.topic("telemetry")]
    await car.report(2, locked=True)
    async with running(mqtt_url, writer, client_id):
        await until(lambda: _at_least(rows, 1))
        await until(lambda: reported.commands)
        await until(lambda: _at_least(rows, 2))
    assert len(reported.commands) == 1


async def test_a_crash_between_telling_and_storing_tells_nothing_twice(
    writer: BatchWriter, car: Car, reported: LastReported, vin: str
) -> None:
    ts = car.started.isoformat()
    message = Received(
        car.topic("telemetry"),
        json.dumps({"ts": ts, "seq": 1, "signals": {"Vehicle.Cabin.Door.Row1.DriverSide.IsLocked": True}}).encode(),
        SystemClock().now(),
    )
    other = f"TST{'0' * 14}" if vin != f"TST{'0' * 14}" else f"TST{'1' * 14}"
    failing = Received(message.topic.replace(vin, other), message.payload, message.received_at)
    await writer.write([message])
    first = list(reported.commands)
    reported.failure = VersionConflictError(uuid4(), 1)
    with pytest.raises(VersionConflictError):
        await writer.write([failing])
    reported.failure = None
    await writer.write([message])
    assert reported.commands == first


async def test_a_database_outage_holds_the_batch_until_it_is_over(
    mqtt_url: str, writer: BatchWriter, client_id: str, car: Car, reported: LastReported, rows: Count
) -> None:
    reported.failure = ConnectionRefusedError("the database is away")
    async with running(mqtt_url, writer, client_id):
        await car.report(1, locked=True)
        await asyncio.wait_for(reported.changed.wait(), 10)
        assert await rows() == 0
        reported.failure = None
        await until(lambda: _is(rows, 1))
    assert len(reported.commands) == 1


async def test_a_broker_that_restarts_is_found_again(
    writer: BatchWriter, client_id: str, vin: str, reported: LastReported
) -> None:
    port = free_port()
    async with embedded_broker(port) as url, asyncio.timeout(30):
        stack = running(url, writer, client_id)
        ingest = await stack.__aenter__()
    await until(lambda: not ingest.subscribed.is_set())
    async with embedded_broker(port) as url, asyncio.timeout(30):
        await asyncio.wait_for(ingest.subscribed.wait(), 20)
        async with aiomqtt.Client(**client_options(url)) as client:
            await Car(client, vin).report(1, locked=True)
            await until(lambda: reported.commands)
        await stack.__aexit__(None, None, None)


@pytest.mark.parametrize(
    ("payload", "reason"),
    [(b"\xff\x00garbage", "Invalid JSON"), (b'{"seq": 1}', "ts: Field required"), (b"[" * 5000, "payload")],
)
async def test_a_malformed_message_is_a_dead_letter_and_the_next_one_goes_through(
    mqtt_url: str,
    writer: BatchWriter,
    client_id: str,
    car: Car,
    rows: Count,
    pool: asyncpg.Pool,
    payload: bytes,
    reason: str,
) -> None:
    async with running(mqtt_url, writer, client_id):
        await car.publish("telemetry", payload)
        await car.report(1, locked=True)
        await until(lambda: _is(rows, 1))
    assert reason in str(await reason_for(pool, car.topic("telemetry")))


async def test_an_unknown_car_is_a_dead_letter(
    mqtt_url: str, writer: BatchWriter, client_id: str, car: Car, pool: asyncpg.Pool
) -> None:
    stranger = Car(car.client, car.vin.replace("TST", "ZZZ"))
    async with running(mqtt_url, writer, client_id):
        await stranger.report(1, locked=True)
        await until(lambda: reason_for(pool, stranger.topic("telemetry")))
    assert await reason_for(pool, stranger.topic("telemetry")) == "no vehicle has this VIN"


async def test_a_car_on_the_topic_of_another_service_is_a_dead_letter(
    writer: BatchWriter, vin: str, pool: asyncpg.Pool
) -> None:
    topic = f"csbe/v1/elsewhere/vehicles/{vin}/status"
    await writer.write([Received(topic, b"online", SystemClock().now())])
    assert await reason_for(pool, topic) == "this vehicle belongs to service test-service"


async def test_a_refused_answer_is_a_dead_letter_with_the_rule(
    writer: BatchWriter, car: Car, reported: LastReported, pool: asyncpg.Pool
) -> None:
    reported.failure = RefusedError(Violation(code="vehicle.no_such_command", detail="nobody asked for it"))
    body = {"id": str(uuid4()), "status": "done", "ts": car.started.isoformat()}
    await writer.write([Received(car.topic("responses"), json.dumps(body).encode(), SystemClock().now())])
    assert "vehicle.no_such_command" in str(await reason_for(pool, car.topic("responses")))


async def test_an_answer_confirms_or_fails_its_command(writer: BatchWriter, car: Car, reported: LastReported) -> None:
    bodies = [{"id": str(uuid4()), "status": status, "ts": car.started.isoformat()} for status in ("done", "failed")]
    await writer.write([Received(car.topic("responses"), json.dumps(b).encode(), SystemClock().now()) for b in bodies])
    assert reported.names == ["fleet.confirm_vehicle_command", "fleet.fail_vehicle_command"]


async def test_a_lost_contact_is_told_once_and_so_is_its_return(
    writer: BatchWriter, car: Car, reported: LastReported
) -> None:
    for status in (b"online", b"online", b"offline", b"offline", b"online"):
        await writer.write([Received(car.topic("status"), status, SystemClock().now())])
    assert len(reported.commands) == 3


async def test_the_last_will_of_a_car_tells_that_contact_is_lost(
    mqtt_url: str, writer: BatchWriter, client_id: str, car: Car, reported: LastReported
) -> None:
    async with running(mqtt_url, writer, client_id):
        await car.publish("status", b"online")
        await until(lambda: len(reported.commands) == 1)
        await vanish_with_will(mqtt_url, car.topic("status"))
        await until(lambda: len(reported.commands) == 2)
    assert [c.online for c, _ in reported.commands if isinstance(c, NoteContact)] == [True, False]


async def test_cut_database_connections_are_replaced_and_nothing_is_lost(
    mqtt_url: str,
    writer: BatchWriter,
    client_id: str,
    car: Car,
    rows: Count,
    pool: asyncpg.Pool,
    owner: asyncpg.Connection,
) -> None:
    async with running(mqtt_url, writer, client_id):
        for seq in range(60):
            await car.report(seq, locked=True)
            if seq % 20 == 10:
                await owner.execute(CUT_ALL_OTHERS)
        await until(lambda: _is_after_cuts(rows, 60))
    seqs = await pool.fetch("select seq from csbe.telemetry where vin = $1 and anomalies = '{}'", car.vin)
    assert sorted(row[0] for row in seqs) == list(range(60))


@real_broker
async def test_two_processes_share_the_load_over_mqtt_5(
    mqtt_url: str, writer: BatchWriter, client_id: str, car: Car, reported: LastReported, rows: Count
) -> None:
    url, share = f"{mqtt_url}?version=5", f"share-{uuid4().hex}"
    names = [f"{client_id}-{number}" for number in range(2)]
    async with running(url, writer, names[0], share=share), running(url, writer, names[1], share=share):
        for seq in range(40):
            await car.report(seq, locked=True)
        await until(lambda: _is(rows, 40))
    assert len(reported.commands) == 1
    for name in names:
        await forget_session(mqtt_url, name)


@real_broker
async def test_a_session_of_mqtt_5_keeps_what_was_not_acknowledged(
    mqtt_url: str, writer: BatchWriter, client_id: str, car: Car, rows: Count
) -> None:
    url = f"{mqtt_url}?version=5"
    async with AcknowledgingClient(url, identifier=client_id, now=SystemClock().now) as crashing:
        await crashing.subscribe([(topic, 1) for topic in subscriptions()])
        await car.report(1, locked=True)
        await asyncio.wait_for(crashing.arrival(), 10)
    async with running(url, writer, client_id):
        await until(lambda: _is(rows, 1))


async def _is_after_cuts(count: Count, expected: int) -> bool:
    try:
        return await count() >= expected
    except TRANSIENT_ERRORS:
        return False


async def _is(count: Count, expected: int) -> bool:
    return await count() == expected


async def _at_least(count: Count, expected: int) -> bool:
    return await count() >= expected
