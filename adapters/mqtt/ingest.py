"""Takes what the cars say from the broker, makes it durable in batches, and only then acknowledges it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from time import monotonic

import structlog

from adapters.mqtt import topics
from adapters.mqtt.backoff import Backoff
from adapters.mqtt.batches import BatchWriter, Received
from adapters.mqtt.client import AcknowledgingClient, Arrival, MqttError, RefusedByBrokerError
from adapters.mqtt.metrics import IngestMetrics, NoMetrics
from adapters.postgres.database import TRANSIENT_ERRORS
from domain.kernel.errors import VersionConflictError
from domain.kernel.ports import Clock

_WAIT_AND_RETRY: tuple[type[Exception], ...] = (VersionConflictError, *TRANSIENT_ERRORS)

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
        self._told_to_work = False
        self.subscribed = asyncio.Event()
        """Set while connected, and everything that is listened to is granted."""

    @property
    def is_ready(self) -> bool:
        """Whether it hears the cars, or nobody has told it to."""
        return self.subscribed.is_set() or not self._told_to_work

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; reconnect for as long as it takes. The batch in hand is finished first."""
        self._told_to_work = True
        backoff = Backoff()
        while not stop.is_set():
            try:
                async with self._connection() as client:
                    backoff.reset()
                    await self._consume(client, stop)
            except MqttError as error:
                log.warning("ingest_disconnected", error=str(error))
                await backoff.wait(stop)
            except RefusedByBrokerError as error:
                log.error("ingest_refused_by_broker", error=str(error))  # noqa: TRY400  # tells it all
                self._metrics.refused("subscription")
                await backoff.wait(stop)

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[AcknowledgingClient]:
        async with AcknowledgingClient(self._url, identifier=self._options.client_id, now=self._clock.now) as client:
            await client.listen(topics.subscriptions(self._options.share))
            self.subscribed.set()
            self._metrics.connected(up=True)
            try:
                yield client
            finally:
                self.subscribed.clear()
                self._metrics.connected(up=False)

    async def _consume(self, client: AcknowledgingClient, stop: asyncio.Event) -> None:
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                batch = await self._next_batch(client, stopping)
                began = monotonic()
                if batch and await self._make_durable(batch, stop):
                    client.acknowledge(batch)
                    now = monotonic()
                    self._metrics.batch(messages=len(batch), seconds=now - began, lag_s=now - batch[0].arrived_s)
                client.check()
        finally:
            stopping.cancel()
            await asyncio.gather(stopping, return_exceptions=True)

    async def _next_batch(self, client: AcknowledgingClient, stopping: asyncio.Task[bool]) -> list[Arrival]:
        """The next messages in order of arrival; empty when the connection ended or somebody asks to stop."""
        if not client.waiting:
            arrival = asyncio.create_task(client.arrival())
            await asyncio.wait({arrival, stopping}, return_when=asyncio.FIRST_COMPLETED)
            arrival.cancel()
        if client.waiting:
            await self._linger(client, stopping)
        return client.take(self._options.max_batch)

    async def _linger(self, client: AcknowledgingClient, stopping: asyncio.Task[bool]) -> None:
        """Until there is enough for a batch, or nothing more comes, or somebody asks to stop."""
        until, before = monotonic() + self._options.linger_s, 0
        while before < client.waiting < self._options.max_batch and monotonic() < until:
            before = client.waiting
            if (await asyncio.wait({stopping}, timeout=self._options.pause_s))[0]:
                return

    async def _make_durable(self, batch: list[Arrival], stop: asyncio.Event) -> bool:
        """Write the batch, again and again while the database is away; false when told to stop before that."""
        received = [Received(a.topic, a.payload, a.received_at, a.traceparent) for a in batch]
        backoff = Backoff(most_s=5.0)
        while True:
            try:
                await self._writer.write(received)
            except _WAIT_AND_RETRY as error:
                log.warning("ingest_waits_for_database", error=type(error).__name__, messages=len(batch))
                self._metrics.outage(type(error).__name__)
                if stop.is_set():
                    return False
                await backoff.wait(stop)
            else:
                return True
