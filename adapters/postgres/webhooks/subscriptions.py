"""The table `csbe.webhooks`: who is sent which events. Implements the kernel's port `Webhooks`."""

import secrets
from base64 import b64encode
from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple
from uuid import UUID

import asyncpg

from adapters.postgres.database import Connection, retrying
from adapters.postgres.event_store.store import PostgresEventStore
from adapters.postgres.followers.follower import retry, skip
from adapters.postgres.listener import EVENTS
from domain.kernel.errors import CommandIdReusedError, NotFoundError, StaleVersionError, refuse_if
from domain.kernel.messages import Actor, Metadata, Role
from domain.webhooks import commands as asked
from domain.webhooks.ports import Changed
from domain.webhooks.rules import beyond_the_log, not_stopped_there
from domain.webhooks.subscription import EventFilter, Webhook, WebhookState

KEY_BYTES = 32
"""Of a secret: within the 24 to 64 that Standard Webhooks asks for."""
SECRET_PREFIX = "whsec_"  # noqa: S105 (Standard Webhooks' name for it, not a secret)

_RECORD = """
insert into csbe.webhook_changes
    (command_id, webhook_id, command, fingerprint, asked, changed_by_role, changed_by_id, position)
values ($1, $2, $3, $4, $5, $6, $7, (select coalesce(max(notification_id), 0) from csbe.events))
on conflict do nothing returning position
"""
_KNOWN = "select fingerprint, position, webhook_id from csbe.webhook_changes where command_id = $1"
_SUBSCRIBE = """
with follower as (insert into csbe.followers (name, position) values ($9, $10))
insert into csbe.webhooks (id, service, owner_role, owner_id, url, types, subject, secret)
values ($1, $2, $3, $4, $5, $6, $7, $8)
"""
_LOCK = """
select webhook.version, follower.failed_position
from csbe.webhooks webhook join csbe.followers follower on follower.name = webhook.follower
where webhook.id = $1 and service = $2 and ($3::text is null or (owner_role, owner_id) = ($3, $4))
for update of webhook
"""
_TOUCH = "update csbe.webhooks set version = version + 1 where id = $1"
_PAUSE = "update csbe.webhooks set state = 'paused' where id = $1"
_RESUME = """
update csbe.webhooks
set state = 'active', attempts = 0, failing_since = null, last_error = null, due_at = now() where id = $1
"""
_REPLAY = """
with webhook as (
    update csbe.webhooks set attempts = 0, failing_since = null, due_at = now() where id = $1 returning follower
)
update csbe.followers follower set position = $2 - 1, failed_position = null, error = null, updated_at = now()
from webhook where follower.name = webhook.follower
"""
_ROTATE = """
update csbe.webhooks set previous_secret = secret, previous_until = now() + $3::interval, secret = $2 where id = $1
"""
_ALLOW = "update csbe.webhooks set personal_data = $2 where id = $1"
_END = """
with webhook as (delete from csbe.webhooks where id = $1 returning follower)
delete from csbe.followers follower using webhook where follower.name = webhook.follower
"""
_FIND = """
select webhook.*, follower.position, follower.failed_position, follower.error,
    coalesce((select max(notification_id) from csbe.events), 0) - follower.position as lag
from csbe.webhooks webhook join csbe.followers follower on follower.name = webhook.follower
where ($1::text is null or service = $1) and ($2::text is null or (owner_role, owner_id) = ($2, $3))
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
    """Keeps subscriptions, their secrets wrapped as keys of persons are, and every change on record."""

    def __init__(self, pool: asyncpg.Pool, store: PostgresEventStore) -> None:
        self._pool = pool
        self._store = store

    async def subscribe(self, command: asked.Subscribe, metadata: Metadata) -> Changed:
        """See the port."""
        return await retrying(lambda: self._subscribe(command, metadata))

    async def change(self, command: asked.WebhookChange, metadata: Metadata, *, version: int | None = None) -> Changed:
        """See the port."""
        return await retrying(lambda: self._change(command, metadata, version))

    async def find(self, *, service: str | None = None, owner: Actor | None = None) -> Sequence[Webhook]:
        """See the port."""
        rows = await self._pool.fetch(_FIND, service, owner and owner.role, owner and owner.id)
        return [_webhook(row) for row in rows]

    async def by_state(self) -> dict[WebhookState, InState]:
        """How many are in each state, those without any included."""
        found = {row["state"]: InState(row["number"], row["lag"]) for row in await self._pool.fetch(_BY_STATE)}
        return {state: found.get(state, InState()) for state in WebhookState}

    async def _subscribe(self, command: asked.Subscribe, metadata: Metadata) -> Changed:
        async with self._pool.acquire() as connection, connection.transaction():
            changed = await _recorded(command, metadata, connection)
            if changed.repeated:
                return changed
            key, name = secrets.token_bytes(KEY_BYTES), _follower(command.webhook_id)
            what = (command.url, list(command.filter.types), command.filter.subject)
            wrapped = self._store.keys.wrap(command.webhook_id, key)
            whose = (command.webhook_id, metadata.service, metadata.actor.role, metadata.actor.id)
            await connection.execute(_SUBSCRIBE, *whose, *what, wrapped, name, changed.position)
            return changed.model_copy(update={"secret": _told(key)})

    async def _change(self, command: asked.WebhookChange, metadata: Metadata, version: int | None) -> Changed:
        async with self._pool.acquire() as connection, connection.transaction():
            changed = await _recorded(command, metadata, connection)
            if changed.repeated:
                return changed
            owner = metadata.actor if metadata.actor.role is Role.PARTNER else None
            whose = (command.webhook_id, metadata.service, owner and owner.role, owner and owner.id)
            found = await connection.fetchrow(_LOCK, *whose)
            if found is None:
                raise NotFoundError("webhook", command.webhook_id)
            if version not in {None, found["version"]}:
                raise StaleVersionError(command.webhook_id, version or 0, found["version"])
            key = await self._carry_out(command, metadata, changed.position, found["failed_position"], connection)
            await connection.execute(_TOUCH, command.webhook_id)
            await connection.execute("select pg_notify($1, '')", EVENTS)
            return changed.model_copy(update={"secret": key and _told(key)})

    async def _carry_out(
        self, command: asked.WebhookChange, metadata: Metadata, end: int, failed: int | None, connection: Connection
    ) -> bytes | None:
        """Do it; returns a new key if there is one."""
        id = command.webhook_id
        match command:
            case asked.Pause():
                await connection.execute(_PAUSE, id)
            case asked.Resume():
                await retry(connection, _follower(id))
                await connection.execute(_RESUME, id)
            case asked.SkipEvent():
                refuse_if([not_stopped_there(command, failed)])
                await skip(connection, _follower(id), command.position, by=metadata.actor.id, reason=command.reason)
                await connection.execute(_RESUME, id)
            case asked.Replay():
                refuse_if([beyond_the_log(command, end)])
                await connection.execute(_REPLAY, id, command.from_position)
            case asked.AllowPersonalData():
                await connection.execute(_ALLOW, id, command.allowed)
            case asked.RotateSecret():
                key = secrets.token_bytes(KEY_BYTES)
                overlap = timedelta(hours=command.overlap_h)
                await connection.execute(_ROTATE, id, self._store.keys.wrap(id, key), overlap)
                return key
            case asked.Unsubscribe():
                await connection.execute(_END, id)
        return None


def _follower(id: UUID) -> str:
    """Under which its position is kept."""
    return f"webhook/{id}"


async def _recorded(command: asked.AboutWebhook, metadata: Metadata, connection: Connection) -> Changed:
    """Put on record what is asked; when it is there already, nothing is to be done again."""
    asked_by = (metadata.actor.role, metadata.actor.id)
    what = (command.NAME, command.fingerprint, command.model_dump(mode="json"))
    position = await connection.fetchval(_RECORD, metadata.command_id, command.webhook_id, *what, *asked_by)
    if position is not None:
        return Changed(webhook_id=command.webhook_id, position=position)
    [known] = await connection.fetch(_KNOWN, metadata.command_id)
    if known["fingerprint"] != command.fingerprint:
        msg = "the command id belongs to a different command"
        raise CommandIdReusedError(msg)
    return Changed(webhook_id=known["webhook_id"], position=known["position"], repeated=True)


def _told(key: bytes) -> str:
    return SECRET_PREFIX + b64encode(key).decode()


def _webhook(row: asyncpg.Record) -> Webhook:
    same = ("id", "service", "url", "personal_data", "version", "created_at", "position", "lag", "attempts")
    return Webhook(
        **{name: row[name] for name in (*same, "failing_since", "last_status", "failed_position")},
        owner=Actor(role=Role(row["owner_role"]), id=row["owner_id"]),
        filter=EventFilter(types=tuple(row["types"]), subject=row["subject"]),
        state=WebhookState(row["state"]),
        next_attempt_at=row["due_at"],
        last_error=row["error"] or row["last_error"],
    )
