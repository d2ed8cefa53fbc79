"""A log of bells that ring in two services, and webhooks that tell of them."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from adapters.postgres.event_store.appender import AppendEntry
from adapters.postgres.event_store.group_commit import GroupCommit
from adapters.postgres.event_store.mapper import StoredState
from adapters.postgres.event_store.store import PostgresEventStore
from adapters.postgres.webhooks.claims import WebhookClaims
from adapters.postgres.webhooks.subscriptions import PostgresWebhooks
from adapters.webhooks.deliverer import WebhookDeliverer
from adapters.webhooks.delivery import Outlet, ToBody
from adapters.webhooks.sender import Sender
from api.cloudevents import MEDIA_TYPE, to_body
from domain.kernel.aggregate import Aggregate, Created
from domain.kernel.ids import CommandId
from domain.kernel.messages import Actor, Metadata, Role
from domain.webhooks.commands import Resume, Subscribe, WebhookChange
from domain.webhooks.subscription import EventFilter, Webhook
from tests.support.waiting import until

SERVICE = "drivenow-europe"
BY = Actor(role=Role.PARTNER, id="acme")
STATE = b'{"timestamp": "2026-01-01T00:00:00Z", "originator_topic": "test.gong", "note": %d}'
DAMAGED = b'{"damaged": true}'


class Gong(Aggregate):
    """Something that rings once."""

    TOPIC = "test.gong"
    note: int

    class Struck(Created):
        """It rang."""

        TOPIC = "test.gong.struck"
        note: int


@dataclass
class Figures:
    """Counts."""

    results: list[str] = field(default_factory=list)

    def attempted(self, result: str, seconds: float) -> None:
        assert seconds >= 0
        self.results.append(result)


@dataclass
class Outlets:
    """What a test does with webhooks."""

    pool: asyncpg.Pool
    store: PostgresEventStore
    figures: Figures = field(default_factory=Figures)
    to_body: ToBody = to_body

    @property
    def webhooks(self) -> PostgresWebhooks:
        return PostgresWebhooks(self.pool, self.store)

    async def strike(self, count: int, *, service: str = SERVICE, state: bytes = STATE) -> int:
        """Ring bells; returns the position of the last."""
        rows = [StoredState(uuid4(), 1, "test.gong.struck", state.replace(b"%d", b"%d" % n)) for n in range(count)]
        metadata = self.metadata(service=service).model_dump_json()
        return (await GroupCommit(self.pool).write(AppendEntry(uuid4(), "f", None, metadata, rows))).position

    def metadata(self, *, service: str = SERVICE, by: Actor = BY, key: UUID | None = None) -> Metadata:
        id = CommandId(key or uuid4())
        return Metadata(command_id=id, command="test", actor=by, service=service, correlation_id=id)

    async def subscribe(self, url: str, types: tuple[str, ...] = ("csbe.test.",), **more: Any) -> tuple[UUID, str]:
        """A webhook's id and secret."""
        id = uuid4()
        command = Subscribe(webhook_id=id, url=url, filter=EventFilter(types=types, **more))
        secret = (await self.webhooks.subscribe(command, self.metadata())).secret
        assert secret
        return id, secret

    async def change(self, command: WebhookChange) -> str | None:
        return (await self.webhooks.change(command, self.metadata())).secret

    async def resume(self, id: UUID) -> None:
        await self.change(Resume(webhook_id=id))

    async def state(self, id: UUID) -> Webhook:
        [found] = [webhook for webhook in await self.webhooks.find() if webhook.id == id]
        return found

    async def hurry(self) -> None:
        """Let all pauses be over."""
        await self.pool.execute("update csbe.webhooks set due_at = now()")

    @asynccontextmanager
    async def delivering(self, *, park_after_s: float = 3600, patience_s: float = 5) -> AsyncIterator[None]:
        """One process delivers during the block."""
        async with Sender(private=True, seconds=patience_s) as sender:
            claims = WebhookClaims(self.pool)
            fail_after = timedelta(seconds=park_after_s)
            outlet = Outlet(self.store, claims, sender, self.to_body, MEDIA_TYPE, self.figures, fail_after)
            stop = asyncio.Event()
            running = asyncio.create_task(WebhookDeliverer(outlet).run(stop))
            try:
                yield
            finally:
                stop.set()
                await running


async def reached(outlets: Outlets, *positions: int) -> None:
    """Until all webhooks stand there."""

    async def stand() -> bool:
        return [webhook.position for webhook in await outlets.webhooks.find()] == list(positions)

    await until(stand)
