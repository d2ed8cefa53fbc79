"""A composed system: what it consists of, and the loops that keep it going."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID

import asyncpg
import structlog

from adapters.mqtt.roll_call import RollCall
from adapters.mqtt.sharing import SharedIngest
from adapters.postgres.clock import DatabaseClock
from adapters.postgres.database import TRANSIENT_ERRORS
from adapters.postgres.dead_letters import DeadLetters
from adapters.postgres.demand import PostgresDemand
from adapters.postgres.event_store.master_keys import MasterKeys
from adapters.postgres.event_store.store import PostgresEventStore
from adapters.postgres.followers.follower import Follower
from adapters.postgres.installation import installation_id
from adapters.postgres.jobs.queue import JobQueue
from adapters.postgres.jobs.worker import JobWorker
from adapters.postgres.personal_reads import PersonalReads
from adapters.postgres.read_models.projection import Projection
from adapters.postgres.retention import Retention
from adapters.postgres.rulebooks import PublishedRulebooks
from adapters.postgres.telemetry import TelemetryStore
from adapters.postgres.watch import DatabaseWatch
from adapters.waiting import is_set_within
from adapters.webhooks.deliverer import WebhookDeliverer
from api.composition.logins import Logins
from api.composition.operators import Operators
from api.composition.parts import Parts
from api.readiness import VITAL
from api.system import System

log = structlog.get_logger(__name__)

ZONES_REFRESH_S = 5.0
LOOK_S = 5.0
"""How often a process looks at its parts by itself."""


class Component(StrEnum):
    """The roles that a process can have: `csbe serve --only`."""

    API = "api"
    INGEST = "ingest"
    PROJECTIONS = "projections"
    POLICIES = "policies"
    WEBHOOKS = "webhooks"


_NEEDS = {
    Component.INGEST: "ingest",
    Component.PROJECTIONS: "projections",
    Component.POLICIES: "policies",
    Component.WEBHOOKS: "webhooks",
}


def needed_by(components: Collection[Component]) -> frozenset[str]:
    """The parts without which a process of these components cannot do its work.

    One with the API serves for as long as it can read and write, whatever else has failed: a balancer that took it out
    would make all of it fail.
    """
    own = () if Component.API in components else (_NEEDS[component] for component in components)
    return VITAL | frozenset(own)


@dataclass(frozen=True)
class Running:
    """A composed system and the loops that keep it going."""

    system: System
    pool: asyncpg.Pool
    store: PostgresEventStore
    dsn: str = field(repr=False)
    master_keys: MasterKeys
    mqtt_url: str
    rulebooks: PublishedRulebooks
    followers: tuple[Projection, ...]
    """Of the projections."""
    policies: Follower
    jobs: JobQueue
    logins: Logins
    worker: JobWorker
    webhooks: WebhookDeliverer
    webhook_changes: Follower
    """Takes up what was decided and not taken up at once."""
    telemetry: TelemetryStore
    dead_letters: DeadLetters
    operators: Operators
    ingest: SharedIngest
    roll_call: RollCall
    parts: Parts
    demand: PostgresDemand
    reads: PersonalReads
    retention: Retention
    watch: DatabaseWatch
    refresh_zones: Callable[[], Awaitable[None]]

    async def installation_id(self) -> UUID:
        """Which installation the database belongs to, itself or a backup of it."""
        return await installation_id(self.pool)

    async def run(self, parts: Collection[Component], stop: asyncio.Event) -> None:
        """Run the loops of these parts until `stop` is set; each finishes what it has in hand."""
        self.system.readiness.needed = needed_by(parts)
        loops = {
            "readiness": self._keep_looking,
            "rulebooks": self.rulebooks.run,
            "revocations": self.logins.revocations.run,
            "database watch": self.watch.run,
        }
        if Component.API in parts:
            loops |= {"demand": self.demand.run}
        if {Component.API, Component.WEBHOOKS} & {*parts}:
            loops |= {"reads": self.reads.run}
        if {Component.API, Component.INGEST} & {*parts}:
            loops |= {"zones": self._keep_zones}
        if isinstance(self.system.clock, DatabaseClock):
            loops |= {"clock": self.system.clock.run}
        if Component.PROJECTIONS in parts:
            loops |= {follower.name: follower.run for follower in self.followers}
        if Component.POLICIES in parts:
            loops |= {"policies": self.policies.run, "jobs": self.worker.run}
            loops |= {"logins": self.logins.sweep, "retention": self.retention.run}
        if Component.WEBHOOKS in parts:
            loops |= {"webhook changes": self.webhook_changes.run, "webhooks": self.webhooks.run}
        if Component.INGEST in parts:
            loops |= {"ingest": self.ingest.run, "roll call": self.roll_call.run}
            loops |= {"telemetry days": self.telemetry.days.run}
        await asyncio.gather(*(self.parts.keep(name, loop, stop) for name, loop in loops.items()))

    @asynccontextmanager
    async def going(self, parts: Collection[Component]) -> AsyncIterator[None]:
        """Run the loops of these parts during the block."""
        stop = asyncio.Event()
        loops = asyncio.create_task(self.run(parts, stop))
        try:
            yield
        finally:
            stop.set()
            await loops

    async def is_idle(self) -> bool:
        """Whether policies and projections have dealt with all that happened, and nothing is due."""
        names = [(await follower.live()).follower for follower in self.followers] + [self.policies.name]
        return await self.jobs.is_idle(self.system.clock.now(), names)

    async def _keep_looking(self, stop: asyncio.Event) -> None:
        """So that readiness knows since when, and metrics tell, though nobody has asked."""
        while not stop.is_set():
            await self.system.readiness.look()
            await is_set_within(stop, LOOK_S)

    async def _keep_zones(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            try:
                await self.refresh_zones()
            except TRANSIENT_ERRORS as error:
                log.warning("zones could not be read; the old ones stand", error=str(error))
            await is_set_within(stop, ZONES_REFRESH_S)
