"""Cars that publish, and an ingest whose dispatcher writes down what it is reported."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import aiomqtt

from adapters.mqtt.batches import BatchWriter
from adapters.mqtt.client import client_options
from adapters.mqtt.ingest import Ingest, IngestOptions
from adapters.mqtt.lookups import KnownVehicle
from domain.dispatcher import CommandResult
from domain.kernel.ids import VehicleId, ZoneId, derived_id
from domain.kernel.messages import Command, Metadata
from domain.kernel.units import Position
from tests.support.clocks import SystemClock
from tests.support.packets import packet

SERVICE = "test-service"


@dataclass
class LastReported:
    """A dispatcher that carries out each command id once, and can be made to fail."""

    commands: list[tuple[Command, Metadata]] = field(default_factory=list)
    failure: Exception | None = None
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    async def dispatch(self, command: Command, metadata: Metadata) -> CommandResult:
        self.changed.set()
        if self.failure is not None:
            raise self.failure
        known = any(m.command_id == metadata.command_id for _, m in self.commands)
        if not known:
            self.commands.append((command, metadata))
        return CommandResult(None, len(self.commands), repeated=known)

    @property
    def names(self) -> list[str]:
        return [command.NAME for command, _ in self.commands]


class Vehicles:
    """Knows every car whose VIN begins as those of the tests do."""

    async def find(self, vins: set[str], /) -> dict[str, KnownVehicle]:
        return {vin: KnownVehicle(VehicleId(derived_id(vin)), SERVICE) for vin in vins if vin.startswith("TST")}

    async def find_anew(self, vins: set[str], /) -> dict[str, KnownVehicle]:
        return await self.find(vins)


@dataclass
class Car:
    """Publishes as a car does."""

    client: aiomqtt.Client
    vin: str
    started: datetime = field(default_factory=lambda: datetime.now(UTC) - timedelta(seconds=60))

    def topic(self, channel: str) -> str:
        return f"csbe/v1/{SERVICE}/vehicles/{self.vin}/{channel}"

    async def report(self, seq: int, **signals: object) -> None:
        ts = self.started + timedelta(seconds=seq * 0.1)
        names = {"locked": "Vehicle.Cabin.Door.Row1.DriverSide.IsLocked", "speed": "Vehicle.Speed"}
        body = {"ts": ts.isoformat(), "seq": seq, "signals": {names[name]: value for name, value in signals.items()}}
        await self.publish("telemetry", json.dumps(body))

    async def publish(self, channel: str, payload: str | bytes) -> None:
        await self.client.publish(self.topic(channel), payload, qos=1)


def nowhere(service: str, position: Position) -> frozenset[ZoneId]:
    """No zones at all."""
    del service, position
    return frozenset()


@asynccontextmanager
async def running(url: str, writer: BatchWriter, client_id: str, *, share: str | None = None) -> AsyncIterator[Ingest]:
    """An ingest at work; stopped in good order at the end."""
    options = IngestOptions(client_id=client_id, share=share)
    ingest, stop = Ingest(url, writer, clock=SystemClock(), options=options), asyncio.Event()
    work = asyncio.create_task(ingest.run(stop))
    await asyncio.wait_for(ingest.subscribed.wait(), 10)
    try:
        yield ingest
    finally:
        stop.set()
        await asyncio.wait_for(work, 10)


async def forget_retained(client: aiomqtt.Client, *topics: str) -> None:
    """A broker that is shared would give it to whoever subscribes next."""
    for topic in topics:
        await client.publish(topic, b"", qos=1, retain=True)


async def forget_session(url: str, client_id: str) -> None:
    """A clean session under the same id ends the kept one."""
    async with aiomqtt.Client(**client_options(url), identifier=client_id, clean_session=True):
        pass


async def vanish_with_will(url: str, topic: str) -> None:
    """Connect with "offline" as last will, then cut the line without a goodbye."""
    options = client_options(url)
    _, writer = await asyncio.open_connection(options["hostname"], options["port"])
    fields = [b"MQTT", f"doomed-{uuid4()}".encode(), topic.encode(), b"offline"]
    name, client_id, will_topic, will = (len(f).to_bytes(2, "big") + f for f in fields)
    body = name + bytes([4, 0b00101110, 0, 30]) + client_id + will_topic + will  # retained will at QoS 1, clean session
    writer.write(packet(0x10, body))
    await writer.drain()
    writer.close()


async def until(condition: Callable[[], object], timeout_s: float = 10.0) -> None:
    """Wait until something is so; polling, since what is waited for lies in another process."""
    async with asyncio.timeout(timeout_s):
        while True:
            found = condition()
            if await found if asyncio.iscoroutine(found) else found:
                return
            await asyncio.sleep(0.01)
