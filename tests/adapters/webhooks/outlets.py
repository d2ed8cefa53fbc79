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
from adapters.postgres.webhooks.claims import Claimed, WebhookClaims
from adapters.webhooks.deliverer import WebhookDeliverer
from adapters.webhooks.delivery import Outlet, ToBody
from adapters.webhooks.sender import Sender
from api.cloudevents import MEDIA_TYPE, to_body
from domain.kernel.aggregate import Aggregate, Created
from domain.kernel.ids import CommandId
from domain.kernel.messages import Metadata, RecordedEvent
from domain.webhooks.commands import Resume, Subscribe
from domain.webhooks.subscription import EventFilter, WebhookStatus
from tests.support.waiting import until
from tests.support.webhooks import ACME, SERVICE, Desk

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
class Outlets(Desk):
    """What a test does with webhooks."""

    figures: Figures = field(default_factory=Figures)
    to_body: ToBody = to_body
    struck: list[int] = field(default_factory=list)
    """The positions of all bells that rang."""

    @property
    def pool(self) -> asyncpg.Pool:
        return self.store.pool

    async def strike(self, count: int, *, service: str = SERVICE, state: bytes = STATE) -> int:
        """Ring bells; returns the position of the last."""
        rows = [StoredState(uuid4(), 1, "test.gong.struck", state.replace(b"%d", b"%d" % n)) for n in range(count)]
        id = CommandId(uuid4())
        metadata = Metadata(command_id=id, command="test", actor=ACME, service=service, correlation_id=id)
        entry = AppendEntry(uuid4(), "f", None, metadata.model_dump_json(), rows)
        last = (await GroupCommit(self.pool).write(entry)).position
        self.struck += range(last - count + 1, last + 1)
        return last

    async def subscribe(self, url: str, types: tuple[str, ...] = ("csbe.test.",), **more: Any) -> tuple[UUID, str]:
        """A webhook's id and secret."""
        command = Subscribe(webhook_id=uuid4(), url=url, filter=EventFilter(types=types, **more))
        secret = await self.change(command)
        assert secret
        return command.webhook_id, secret

    async def resume(self, id: UUID) -> None:
        await self.change(Resume(webhook_id=id))

    async def state(self, id: UUID) -> WebhookStatus:
        [found] = await self.webhooks.find(id=id)
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
            outlet = Outlet(self.store, claims, sender, self.to_body, MEDIA_TYPE, _unnoted, self.figures, fail_after)
            stop = asyncio.Event()
            running = asyncio.create_task(WebhookDeliverer(outlet).run(stop))
            try:
                yield
            finally:
                stop.set()
                await running


async def _unnoted(webhook: Claimed, recorded: RecordedEvent, body: bytes) -> None:
    """Bells tell of nobody."""


async def reached(outlets: Outlets, *positions: int) -> None:
    """Until all webhooks stand there."""

    async def stand() -> bool:
        return [webhook.position for webhook in await outlets.webhooks.find()] == list(positions)

    await until(stand)
