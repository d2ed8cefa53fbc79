"""A composed system: what it consists of, and the loops that keep it going."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum

import asyncpg
import structlog

from adapters.mqtt.sharing import SharedIngest
from adapters.postgres.database import TRANSIENT_ERRORS
from adapters.postgres.event_store.store import PostgresEventStore
from adapters.postgres.followers.follower import Follower
from adapters.postgres.jobs.queue import JobQueue
from adapters.postgres.jobs.worker import JobWorker
from adapters.postgres.listener import is_set_within
from adapters.postgres.read_models.projection import Projection
from adapters.postgres.rulebooks import PublishedRulebooks
from adapters.postgres.telemetry import TelemetryStore
from adapters.webhooks.deliverer import WebhookDeliverer
from api.composition.operators import Operators
from api.system import System

log = structlog.get_logger(__name__)

ZONES_REFRESH_S = 5.0


class Component(StrEnum):
    """The roles that a process can have: `csbe serve --only`."""

    API = "api"
    INGEST = "ingest"
    PROJECTIONS = "projections"
    POLICIES = "policies"
    WEBHOOKS = "webhooks"


@dataclass(frozen=True)
class Running:
    """A composed system and the loops that keep it going."""

    system: System
    pool: asyncpg.Pool
    store: PostgresEventStore
    dsn: str = field(repr=False)
    mqtt_url: str
    rulebooks: PublishedRulebooks
    followers: tuple[Projection, ...]
    """Of the projections."""
    policies: Follower
    jobs: JobQueue
    worker: JobWorker
    webhooks: WebhookDeliverer
    webhook_changes: Follower
    """Takes up what was decided and not taken up at once."""
    telemetry: TelemetryStore
    operators: Operators
    ingest: SharedIngest
    refresh_zones: Callable[[], Awaitable[None]]

    async def run(self, parts: Collection[Component], stop: asyncio.Event) -> None:
        """Run the loops of these parts until `stop` is set; each finishes what it has in hand."""
        async with asyncio.TaskGroup() as loops:
            loops.create_task(self.rulebooks.run(stop))
            if Component.PROJECTIONS in parts:
                for follower in self.followers:
                    loops.create_task(follower.run(stop))
            if Component.POLICIES in parts:
                loops.create_task(self.policies.run(stop))
                loops.create_task(self.worker.run(stop))
            if Component.WEBHOOKS in parts:
                loops.create_task(self.webhook_changes.run(stop))
                loops.create_task(self.webhooks.run(stop))
            if Component.INGEST in parts:
                loops.create_task(self.ingest.run(stop))
                loops.create_task(self._keep_zones(stop))

    @asynccontextmanager
    async def going(self, parts: Collection[Component]) -> AsyncIterator[asyncio.Task[None]]:
        """Run the loops of these parts during the block; yields the task, which ends early only by a fault of ours."""
        stop = asyncio.Event()
        loops = asyncio.create_task(self.run(parts, stop))
        try:
            yield loops
        finally:
            stop.set()
            await loops

    async def is_idle(self) -> bool:
        """Whether policies and projections have dealt with all that happened, and nothing is due."""
        names = [(await follower.live()).follower for follower in self.followers] + [self.policies.name]
        return await self.jobs.is_idle(self.system.clock.now(), names)

    async def _keep_zones(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await self.refresh_zones()
            except TRANSIENT_ERRORS as error:
                log.warning("zones could not be read; the old ones stand", error=str(error))
            await is_set_within(stop, ZONES_REFRESH_S)
