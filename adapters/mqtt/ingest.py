"""Takes what the cars say from the broker, makes it durable in batches, and only then acknowledges it."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import monotonic

import structlog

from adapters.mqtt import topics
from adapters.mqtt.batches import BatchWriter
from adapters.mqtt.client import AcknowledgingClient, Arrival, MqttError, RefusedByBrokerError, TlsFiles, end_session
from adapters.mqtt.findings import Received
from adapters.mqtt.metrics import IngestMetrics, NoMetrics
from adapters.postgres.database import TRANSIENT_ERRORS
from adapters.waiting import Backoff
from domain.kernel.errors import VersionConflictError
from domain.kernel.ports import Clock

UNSETTLED_S = 30.0
LOSSES = 3
"""An ingest that has lost its connection so often within so many seconds is not settled."""

_WAIT_AND_RETRY: tuple[type[Exception], ...] = (VersionConflictError, *TRANSIENT_ERRORS)

Check = Callable[[], Awaitable[None]]

log = structlog.get_logger(__name__)


async def always() -> None:
    """There is nothing to ask."""


@dataclass(frozen=True)
class IngestOptions:
    """How ingest connects and batches. Processes that share the load have one `share` and each its own `client_id`."""

    client_id: str = "csbe-ingest"
    share: str | None = None
    """Over MQTT 5, where the broker has shared subscriptions."""
    first: bool = True
    """Whether this session has what is not shared, too."""
    max_batch: int = 1000
    linger_s: float = 0.02
    """How long a batch waits for more messages after its first, at most."""
    pause_s: float = 0.002
    """It waits no longer once nothing has come for so long: many brokers send 20 messages, then wait for their
    acknowledgement."""


class NotSharedError(Exception):
    """The broker has no shared subscriptions, so that there is one session only."""


class Ingest:
    """Reads telemetry, responses and status of all cars until told to stop, in one session at the broker.

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
        tls: TlsFiles | None = None,
    ) -> None:
        self._url = url
        self._tls = tls
        self._writer = writer
        self._clock = clock
        self._options = options or IngestOptions()
        self._metrics = metrics or NoMetrics()
        self.subscribed = asyncio.Event()
        """Set while connected, and everything that is listened to is granted."""
        self.trouble: str | None = "it is not connected yet"
        """Why it does not hear the cars; none while it does."""
        self._losses: deque[float] = deque(maxlen=LOSSES)

    @property
    def is_unsettled(self) -> bool:
        """Whether the broker ends its connections again and again, as it does when two clients have one id."""
        return len(self._losses) == LOSSES and monotonic() - self._losses[0] < UNSETTLED_S

    @property
    def client_id(self) -> str:
        """Under which the broker knows the session."""
        return self._options.client_id

    async def run(self, stop: asyncio.Event, may_connect: Check = always) -> None:
        """Work until `stop` is set; reconnect for as long as it takes. The batch in hand is finished first.

        Raises what `may_connect` raises, which is asked before each connection, and `NotSharedError`.
        """
        backoff = Backoff()
        while not stop.is_set():
            try:
                await may_connect()
                async with self._connection() as client:
                    await self._subscribe(client)
                    backoff.reset()
                    with self._subscribed():
                        await self._consume(client, stop)
            except (MqttError, RefusedByBrokerError) as error:
                self._complain(error)
                await backoff.wait(stop)

    async def empty(self, stop: asyncio.Event) -> bool:
        """Take what is left in the session of a process that is gone, and end it; false when that could not be done."""
        last = topics.end_of_session(self._options.client_id)
        try:
            async with self._connection() as client:
                client.leave([*self._filters(shared=True), *self._filters(shared=False)])
                await client.listen([last])
                await client.publish(last, b"", qos=1)
                if not await self._consume(client, stop, last):
                    return False
            await end_session(self._url, self._options.client_id, self._tls)
        except (MqttError, RefusedByBrokerError) as error:
            self._complain(error)
            return False
        return True

    def _connection(self) -> AcknowledgingClient:
        identifier, now = self._options.client_id, self._clock.now
        return AcknowledgingClient(self._url, identifier=identifier, now=now, tls=self._tls)

    async def _subscribe(self, client: AcknowledgingClient) -> None:
        """Also end what the session has listened to, had the broker shared subscriptions then, or none."""
        shared = self._options.share is not None and client.has_shared_subscriptions
        if not (shared or self._options.first):
            raise NotSharedError
        wanted = self._filters(shared=shared)
        await client.listen(wanted)
        if outdated := [f for f in self._filters(shared=not shared) if f not in wanted]:
            client.leave(outdated)

    def _filters(self, *, shared: bool) -> list[str]:
        share = self._options.share
        if shared and share is None:
            return []
        return topics.subscriptions(share if shared else None, first=self._options.first)

    @contextmanager
    def _subscribed(self) -> Iterator[None]:
        self.subscribed.set()
        self.trouble = None
        self._metrics.connected(up=True)
        try:
            yield
        except MqttError:
            self._losses.append(monotonic())
            raise
        finally:
            self.subscribed.clear()
            self._metrics.connected(up=False)

    def _complain(self, error: MqttError | RefusedByBrokerError) -> None:
        if isinstance(error, MqttError):
            self.trouble = f"there is no connection to the broker: {error}"
            log.warning("ingest_disconnected", error=str(error))
            return
        self.trouble = f"the broker refuses what it listens to: {error}"
        log.error("ingest_refused_by_broker", error=str(error))
        self._metrics.refused("subscription")

    async def _consume(self, client: AcknowledgingClient, stop: asyncio.Event, last: str | None = None) -> bool:
        """Until told to stop, or a message on the topic `last` has come; whether it has."""
        stopping = asyncio.create_task(stop.wait())
        try:
            while not stop.is_set():
                batch = await self._next_batch(client, stopping)
                began = monotonic()
                ended = bool(batch) and batch[-1].topic == last
                if batch and await self._make_durable(batch[:-1] if ended else batch, stop):
                    client.acknowledge(batch)
                    now = monotonic()
                    self._metrics.batch(
                        messages=len(batch) - ended, seconds=now - began, lag_s=now - batch[0].arrived_s
                    )
                    if ended:
                        return True
                if lost := client.let_go():
                    log.warning("ingest_let_messages_go", messages=lost)
                    self._metrics.let_go(lost)
                client.check()
        finally:
            stopping.cancel()
            await asyncio.gather(stopping, return_exceptions=True)
        return False

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
