"""How fast messages of cars become durable, against a bare subscriber that acknowledges each at once.

Messages wait in two sessions of the broker, published before the time is taken; then either side connects, takes its
own, acknowledges the last and disconnects. Once in MQTT 3.1.1, which is what the project uses when its URL says
nothing else, and once in MQTT 5; each with good cars, and with cars of which each has one of the simulator's faults.
Run with `python -m tests.benchmarks.ingest [DSN]` (default `CSBE_TEST_POSTGRES_DSN`); it creates a database and drops
it. The broker is a Mosquitto of its own when there is one, else the embedded one.
"""

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median
from uuid import UUID, uuid4

import aiomqtt
import uvloop
from pydantic import SecretStr

from adapters.embedded.broker import embedded_broker, free_port
from adapters.mqtt.batches import BatchWriter
from adapters.mqtt.client import client_options, session_options
from adapters.mqtt.ingest import Ingest, IngestOptions
from adapters.mqtt.lookups import ZoneMap
from adapters.mqtt.metrics import NoMetrics
from adapters.mqtt.topics import of_vehicle, subscriptions
from adapters.simulator.car import Car, offset
from adapters.simulator.faults import FAULTS
from api.cli.terminal import begin
from api.composition import Component, Running, composed
from api.composition.queries import directory
from api.settings import Settings
from domain.kernel.ids import VehicleId
from domain.kernel.units import Position
from tests.adapters.mqtt.cars import forget_session
from tests.benchmarks.databases import fresh_database
from tests.benchmarks.reserve import at_rest, give
from tests.support.brokers import MOSQUITTO
from tests.support.keys import KEYS
from tests.support.newcomers import a_car, vin_of
from tests.support.waiting import until

CARS = 240
ROUNDS = 9
PER_ROUND = 6000
SERVICE = "drivenow-europe"
CENTRE = Position(latitude=52.5, longitude=13.4)
_MOSQUITTO = """
listener {port} 127.0.0.1
allow_anonymous true
persistence false
max_queued_messages 0
max_inflight_messages 2000
"""


def measure(server_dsn: str) -> dict[str, float]:
    """`ingest_vs_raw`, `_mqtt5`, `_faults` and `_faults_mqtt5`, with both rates of each; wants a machine of its own."""
    begin("WARNING")  # as `csbe serve` does
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_measure(server_dsn))


async def _measure(server_dsn: str) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        async with fresh_database(server_dsn) as dsn, _broker(Path(folder)) as url:
            settings = Settings(
                postgres_dsn=SecretStr(dsn), data_dir=Path(folder), master_key=SecretStr(KEYS.key.hex())
            )
            async with composed(settings, dsn, url) as running:
                return await _compare(running, url)


@asynccontextmanager
async def _broker(folder: Path) -> AsyncIterator[str]:
    """One of our own: the messages are nobody else's, and its limits are known."""
    if MOSQUITTO is None:
        async with embedded_broker() as url:
            yield url
        return
    port = free_port()
    configuration = folder / "mosquitto.conf"
    configuration.write_text(_MOSQUITTO.format(port=port))
    process = await asyncio.create_subprocess_exec(MOSQUITTO, "-c", configuration, stderr=asyncio.subprocess.DEVNULL)
    try:
        await until(lambda: _listens(port))
        yield f"mqtt://127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


async def _compare(running: Running, url: str) -> dict[str, float]:
    stop = asyncio.Event()
    loops = asyncio.create_task(running.run({Component.PROJECTIONS, Component.POLICIES}, stop))
    cars = [await _car(running, number) for number in range(2 * CARS)]
    for number, car in enumerate(cars[CARS:]):
        car.faults = [list(FAULTS.values())[number % len(FAULTS)](car.random)]
    await at_rest(running)
    figures: dict[str, float] = {}
    for suffix, some in (("", cars[:CARS]), ("_faults", cars[CARS:])):
        street = _Street(some, running.system.clock.now())
        for version, options in (("", ""), ("_mqtt5", "?version=5")):
            found = await _rounds(running, street, url + options)
            figures |= {f"{name}{suffix}{version}": figure for name, figure in found.items()}
            for side in ("raw", "ingest"):
                await forget_session(url, _client_id(side))
    stop.set()
    await loops
    return figures


def _client_id(side: str) -> str:
    return f"csbe-bench-{side}"


async def _rounds(running: Running, street: "_Street", url: str) -> dict[str, float]:
    """Both sides in turns."""
    rates: dict[str, list[float]] = {"raw": [], "ingest": []}
    for side in rates:  # leave sessions, for which the broker keeps what comes
        async with aiomqtt.Client(identifier=_client_id(side), **session_options(url)) as client:
            await client.subscribe([(topic, 1) for topic in subscriptions()])
    for _ in range(ROUNDS):
        await _publish(url, street.messages(PER_ROUND))
        rates["raw"].append(await _raw(url))
        rates["ingest"].append(await _ingest(running, street, url))
        await at_rest(running)
    raw, ours = median(rates["raw"]), median(rates["ingest"])
    return {
        "raw_messages_per_s": round(raw),
        "ingest_messages_per_s": round(ours),
        "ingest_vs_raw": round(ours / raw, 2),
    }


async def _car(running: Running, number: int) -> Car:
    random = Random(number)
    position = offset(CENTRE, 5000 * random.random(), 6 * random.random())
    vehicle_id, vin = VehicleId(uuid4()), vin_of(number)
    await give(running, *a_car(vehicle_id, number, position))
    return Car(UUID(str(vehicle_id)), vin, "BMW i3", "E", position, 80, 10_000_000, random)


class _Street:
    """Cars that report as the simulator's do: each second when driving, once a minute when standing.

    It is the clock of ingest as well, so that no message is late.
    """

    def __init__(self, cars: list[Car], now: datetime) -> None:
        self._cars = cars
        self._start = now
        self._second = 0

    def now(self) -> datetime:
        """When the last of the messages was sent."""
        return self._start + timedelta(seconds=self._second)

    def messages(self, count: int) -> list[tuple[str, bytes]]:
        """The next so many, with their topics."""
        found: list[tuple[str, bytes]] = []
        while len(found) < count:
            self._second += 1
            for place, car in enumerate(self._cars):
                self._live(car, place)
                car.advance(1.0)
                if car.moving or place % 60 == self._second % 60:
                    found += self._report(car)
        return found[:count]

    def _live(self, car: Car, place: int) -> None:
        """A third of the cars is on its way; each arrives now and then, and begins again."""
        if car.destination is None and (place + self._second) % 3 == 0 and self._second % 20 == place % 20:
            car.destination = offset(car.position, 500 + 1500 * car.random.random(), 6 * car.random.random())
            car.locked, car.ignition_on = False, True
        elif car.destination is None:
            car.locked = True

    def _report(self, car: Car) -> list[tuple[str, bytes]]:
        messages = car.through_faults(car.telemetry(self.now()), self.now())
        return [(of_vehicle(SERVICE, car.vin, message.channel), message.payload) for message in messages]


async def _publish(url: str, messages: list[tuple[str, bytes]]) -> None:
    async with aiomqtt.Client(**client_options(url)) as client:
        for start in range(0, len(messages), 100):
            await asyncio.gather(*(client.publish(t, body, qos=1) for t, body in messages[start : start + 100]))


async def _raw(url: str) -> float:
    """Messages per second of a subscriber that does nothing but acknowledge."""
    began, left = time.perf_counter(), PER_ROUND
    async with aiomqtt.Client(identifier=_client_id("raw"), **session_options(url)) as client:
        client._client.manual_ack_set(on=True)
        await client.subscribe([(topic, 1) for topic in subscriptions()])
        async for message in client.messages:
            client._client.ack(message.mid, message.qos)
            left -= 1
            if left == 0:
                break
    return PER_ROUND / (time.perf_counter() - began)


class _Count(NoMetrics):
    """Says when so many messages are durable."""

    def __init__(self) -> None:
        self.left = PER_ROUND
        self.done = asyncio.Event()

    def batch(self, *, messages: int, seconds: float, lag_s: float) -> None:
        del seconds, lag_s
        self.left -= messages
        if self.left == 0:
            self.done.set()


async def _ingest(running: Running, street: _Street, url: str) -> float:
    """Messages per second that are durable, acknowledged, and told to fleet where they mean something."""
    stop, count = asyncio.Event(), _Count()
    options = IngestOptions(client_id=_client_id("ingest"))
    writer = BatchWriter(running.system.dispatcher, running.telemetry, directory(running.pool), zones=ZoneMap())
    ingest = Ingest(url, writer, clock=street, options=options, metrics=count)
    began = time.perf_counter()
    work = asyncio.create_task(ingest.run(stop))
    await count.done.wait()
    stop.set()
    await work
    return PER_ROUND / (time.perf_counter() - began)


if __name__ == "__main__":
    where = sys.argv[1] if len(sys.argv) > 1 else os.environ["CSBE_TEST_POSTGRES_DSN"]
    sys.stdout.write(json.dumps(measure(where), indent=2) + "\n")
