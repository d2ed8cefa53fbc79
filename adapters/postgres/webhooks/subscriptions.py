"""The table `csbe.webhooks`: how the delivery of each webhook goes. Implements the port `Webhooks`."""

from base64 import b64encode
from collections.abc import Sequence
from typing import NamedTuple
from uuid import UUID

import asyncpg

from adapters.postgres.database import retrying
from adapters.postgres.event_store.store import PostgresEventStore
from adapters.postgres.webhooks.changes import WebhookChanges
from domain.kernel.messages import Actor, Role
from domain.webhooks.subscription import EventFilter, WebhookState, WebhookStatus

SECRET_PREFIX = "whsec_"  # noqa: S105 (Standard Webhooks' name for it, not a secret)

_MADE_FOR = "select secret from csbe.webhooks where id = $1 and secret_position = $2"
_FIND = """
select webhook.*, follower.position, follower.failed_position, follower.error,
    coalesce((select max(notification_id) from csbe.events), 0) - follower.position as lag
from csbe.webhooks webhook join csbe.followers follower on follower.name = webhook.follower
where ($1::uuid is null or id = $1) and ($2::text is null or service = $2)
    and ($3::text is null or (owner_role, owner_id) = ($3, $4))
order by webhook.created_at, webhook.id
"""
_BY_STATE = """
select state, count(*) as number, max((select coalesce(max(notification_id), 0) from csbe.events) - position) as lag
from csbe.webhooks webhook join csbe.followers follower on follower.name = webhook.follower
group by state
"""


class InState(NamedTuple):
    """Webhooks in one state: how many, and how many positions the last of them is behind the end of the log."""

    number: int = 0
    lag: int = 0


class PostgresWebhooks:
    """Has changes taken up at once, and tells how things stand."""

    def __init__(self, pool: asyncpg.Pool, store: PostgresEventStore) -> None:
        self._pool = pool
        self._keys = store.keys
        self._changes = WebhookChanges(store)

    async def take_up(self, webhook_id: UUID) -> None:
        """See the port."""
        await retrying(lambda: self._take_up(webhook_id))

    async def secret_of(self, webhook_id: UUID, position: int) -> str | None:
        """See the port."""
        stored = await retrying(lambda: self._pool.fetchval(_MADE_FOR, webhook_id, position))
        return stored and SECRET_PREFIX + b64encode(self._keys.unwrap(webhook_id, stored)).decode()

    async def find(
        self, *, id: UUID | None = None, service: str | None = None, owner: Actor | None = None
    ) -> Sequence[WebhookStatus]:
        """See the port."""
        rows = await self._pool.fetch(_FIND, id, service, owner and owner.role, owner and owner.id)
        return [_status(row) for row in rows]

    async def by_state(self) -> dict[WebhookState, InState]:
        """How many are in each state, those without any included."""
        found = {row["state"]: InState(row["number"], row["lag"]) for row in await self._pool.fetch(_BY_STATE)}
        return {state: found.get(state, InState()) for state in WebhookState}

    async def _take_up(self, webhook_id: UUID) -> None:
        async with self._pool.acquire() as connection, connection.transaction():
            await self._changes.take_up(webhook_id, connection)


def _status(row: asyncpg.Record) -> WebhookStatus:
    same = ("id", "service", "url", "personal_data", "version", "created_at", "position", "lag", "attempts")
    more = ("failing_since", "last_status", "failed_position", "subscribed_position")
    return WebhookStatus(
        **{name: row[name] for name in (*same, *more)},
        owner=Actor(role=Role(row["owner_role"]), id=row["owner_id"]),
        filter=EventFilter(types=tuple(row["types"]), subject=row["subject"]),
        state=WebhookState(row["state"]),
        next_attempt_at=row["due_at"],
        last_error=row["error"] or row["last_error"],
    )
