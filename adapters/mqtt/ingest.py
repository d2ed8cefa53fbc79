"""Takes what the cars say from the broker, makes it durable in batches, and only then acknowledges it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from typing import Any, NamedTuple

import structlog

from adapters.mqtt import topics
from adapters.mqtt.backoff import Backoff
from adapters.mqtt.batches import BatchWriter, Received
from adapters.mqtt.client import AcknowledgingClient, Message, MqttError, traceparent_of
from adapters.mqtt.metrics import IngestMetrics, NoMetrics
from adapters.postgres.database import TRY_AGAIN
from domain.kernel.errors import VersionConflictError
from domain.kernel.ports import Clock

_WAIT_AND_TRY_AGAIN: tuple[type[Exception], ...] = (VersionConflictError, *TRY_AGAIN)

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class IngestOptions:
    """How ingest connects and batches. Processes that share the load have one `share` and each its own `client_id`."""

    client_id: str = "csbe-ingest"
    share: str | None = None
    max_batch: int = 1000
    linger_s: float = 0.02
    """How long a batch waits for more messages after its first, at most."""
    pause_s: float = 0.002
    """It waits no longer once nothing has come for so long: many brokers send 20 messages, then wait for their
    acknowledgement."""


class _Arrival(NamedTuple):
    message: Message
    received_at: datetime
    arrived_s: float


class Ingest:
    """Reads telemetry, responses and status of all cars until told to stop.

    The broker keeps each message until it is acknowledged, which happens after its batch is committed. After a crash, a
    lost connection or a restart of the broker, messages come again and are recognised by their sequence number.
    """

    def __init__(
        self,
        url: str,
        writer: BatchWriter,
        *,
        clock: Clock,
        options: IngestOptions | None = None,
        metrics: IngestMetrics | None = None,
    ) -> None:
        self._url = url
        self._writer = writer
        self._clock = clock
        self._options = options or IngestOptions()
        self._metrics = metrics or NoMetrics()
        self.subscribed = asyncio.Event()
        """Set while connected and subscribed."""

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; reconnect for as long as it takes. The batch in hand is finished first."""
        backoff = Backoff()
        while not stop.is_set():
            try:
                async with self._connection() as client:
                    backoff.reset()
                    await self._consume(client, stop)
            except MqttError as error:
                log.warning("ingest_disconnected", error=str(error))
                await backoff.wait(stop)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[AcknowledgingClient]:
        async with AcknowledgingClient(self._url, identifier=self._options.client_id) as client:
            await client.subscribe([(topic, 1) for topic in topics.subscriptions(self._options.share)])
            self.subscribed.set()
            self._metrics.connected(up=True)
            try:
                yield client
            finally:
                self.subscribed.clear()
                self._metrics.connected(up=False)

    async def _consume(self, client: AcknowledgingClient, stop: asyncio.Event) -> None:
        arrivals: asyncio.Queue[_Arrival] = asyncio.Queue()
        pump = asyncio.create_task(self._pump(client, arrivals))
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                batch = await self._next_batch(arrivals, pump, stopping)
                if batch and await self._make_durable(batch, stop):
                    for arrival in batch:
                        client.acknowledge(arrival.message)
                if pump.done():
                    pump.result()
        finally:
            pump.cancel()
            stopping.cancel()
            await asyncio.gather(pump, stopping, return_exceptions=True)

    async def _pump(self, client: AcknowledgingClient, arrivals: asyncio.Queue[_Arrival]) -> None:
        async for message in client.messages:
            arrivals.put_nowait(_Arrival(message, self._clock.now(), monotonic()))

    async def _next_batch(
        self, arrivals: asyncio.Queue[_Arrival], pump: asyncio.Task[None], stopping: asyncio.Task[bool]
    ) -> list[_Arrival]:
        """The next messages in order of arrival; empty when the connection ended or somebody asks to stop."""
        if arrivals.empty():
            first = asyncio.create_task(arrivals.get())
            await asyncio.wait({first, pump, stopping}, return_when=asyncio.FIRST_COMPLETED)
            if not first.done():
                first.cancel()
                return []
            batch = [first.result()]
        else:
            batch = [arrivals.get_nowait()]
        await self._linger(arrivals, {pump, stopping})
        while len(batch) < self._options.max_batch and not arrivals.empty():
            batch.append(arrivals.get_nowait())
        return batch

    async def _linger(self, arrivals: asyncio.Queue[_Arrival], endings: set[asyncio.Task[Any]]) -> None:
        """Until there is enough for a batch, or nothing more comes, or one of these has ended."""
        until, before = monotonic() + self._options.linger_s, -1
        while before < arrivals.qsize() < self._options.max_batch and monotonic() < until:
            before = arrivals.qsize()
            ended, _ = await asyncio.wait(endings, timeout=self._options.pause_s, return_when=asyncio.FIRST_COMPLETED)
            if ended:
                return

    async def _make_durable(self, batch: list[_Arrival], stop: asyncio.Event) -> bool:
        """Write the batch, again and again while the database is away; false when told to stop before that."""
        received = [
            Received(str(a.message.topic), bytes_of(a.message), a.received_at, traceparent_of(a.message)) for a in batch
        ]
        backoff, began = Backoff(most_s=5.0), monotonic()
        while True:
            try:
                await self._writer.write(received)
            except _WAIT_AND_TRY_AGAIN as error:
                log.warning("ingest_waits_for_database", error=type(error).__name__, messages=len(batch))
                self._metrics.outage(type(error).__name__)
                if stop.is_set():
                    return False
                await backoff.wait(stop)
            else:
                self._metrics.batch(
                    messages=len(batch), seconds=monotonic() - began, lag_s=monotonic() - batch[0].arrived_s
                )
                return True


def bytes_of(message: Message) -> bytes:
    """The payload as it came; MQTT carries bytes."""
    return message.payload if isinstance(message.payload, bytes) else str(message.payload).encode()
