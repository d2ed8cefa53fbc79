"""What was decided about a webhook, taken up in `csbe.webhooks`: each event once and in order, whoever is faster."""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from adapters.postgres.database import Connection
from adapters.postgres.event_store.reader import Filter
from adapters.postgres.event_store.store import PostgresEventStore
from adapters.postgres.followers.follower import retry, skip
from adapters.postgres.listener import EVENTS
from adapters.postgres.locks import Lock, alone
from domain.kernel.aggregate import event_classes
from domain.kernel.messages import RecordedEvent
from domain.webhooks.webhook import Webhook

KEY_BYTES = 32
"""Of a secret: within the 24 to 64 that Standard Webhooks asks for."""
PAGE = 500

_VERSION = "select version from csbe.webhooks where id = $1 for update"
_SUBSCRIBE = """
with follower as (insert into csbe.followers (name, position) values ($9, $10))
insert into csbe.webhooks
    (id, service, owner_role, owner_id, url, types, subject, secret, secret_position, subscribed_position, created_at,
    version)
values ($1, $2, $3, $4, $5, $6, $7, $8, $10, $10, $11, 1)
"""
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
update csbe.webhooks set previous_secret = secret, previous_until = $4, secret = $2, secret_position = $3 where id = $1
"""
_ALLOW = "update csbe.webhooks set personal_data = $2 where id = $1"
_END = """
with webhook as (delete from csbe.webhooks where id = $1 returning follower)
delete from csbe.followers follower using webhook where follower.name = webhook.follower
"""
_TAKEN_UP = "update csbe.webhooks set version = $2 where id = $1"


class WebhookChanges:
    """Makes of a webhook's events what its delivery goes by. Secrets are made here, and wrapped as keys of persons are.

    One that has ended is in no table: taken up again, its history ends the same way.
    """

    TOPICS = tuple(event.TOPIC for event in event_classes(Webhook))

    def __init__(self, store: PostgresEventStore) -> None:
        self._store = store

    async def __call__(self, events: Sequence[RecordedEvent], connection: Connection) -> None:
        """Follow the log: whatever was not taken up when it was decided is so now."""
        for id in dict.fromkeys(recorded.event.originator_id for recorded in events):
            await self.take_up(id, connection)

    async def take_up(self, id: UUID, connection: Connection) -> None:
        """Take up the events of a webhook that its row does not know, in the caller's transaction."""
        await alone(connection, Lock.WEBHOOK, str(id))
        known = version = await connection.fetchval(_VERSION, id) or 0
        while news := await self._after(version, id, connection):
            for recorded in news:
                await self._take_up(recorded, connection)
            version = news[-1].event.originator_version
        if version > known:
            await connection.execute(_TAKEN_UP, id, version)
            await connection.execute("select pg_notify($1, '')", EVENTS)

    async def _after(self, version: int, id: UUID, connection: Connection) -> list[RecordedEvent]:
        chosen = Filter(aggregate_id=id, after_version=version)
        return await self._store.reader.recorded(await self._store.reader.rows(0, PAGE, chosen, connection))

    async def _take_up(self, recorded: RecordedEvent, connection: Connection) -> None:
        event, id = recorded.event, recorded.event.originator_id
        match event:
            case Webhook.Subscribed():
                await self._subscribe(event, recorded, connection)
            case Webhook.Paused():
                await connection.execute(_PAUSE, id)
            case Webhook.Resumed():
                await retry(connection, follower_of(id))
                await connection.execute(_RESUME, id)
            case Webhook.ReplayOrdered():
                await connection.execute(_REPLAY, id, event.from_position)
            case Webhook.SkipOrdered():
                by = recorded.metadata.actor.id
                await skip(connection, follower_of(id), event.position, by=by, reason=event.reason)
                await connection.execute(_RESUME, id)
            case Webhook.SecretRotated():
                until = recorded.recorded_at + timedelta(hours=event.overlap_h)
                await connection.execute(_ROTATE, id, self._new_secret(id), recorded.position, until)
            case Webhook.PersonalDataAllowed() | Webhook.PersonalDataWithdrawn():
                await connection.execute(_ALLOW, id, isinstance(event, Webhook.PersonalDataAllowed))
            case Webhook.Unsubscribed():
                await connection.execute(_END, id)
            case _:
                raise TypeError(event)

    async def _subscribe(self, event: Webhook.Subscribed, recorded: RecordedEvent, connection: Connection) -> None:
        id = event.originator_id
        whose = (id, recorded.metadata.service, event.owner.role, event.owner.id)
        what = (event.url, list(event.filter.types), event.filter.subject)
        begins = (follower_of(id), recorded.position, recorded.recorded_at)
        await connection.execute(_SUBSCRIBE, *whose, *what, self._new_secret(id), *begins)

    def _new_secret(self, id: UUID) -> bytes:
        return self._store.keys.wrap(id, secrets.token_bytes(KEY_BYTES))


def follower_of(id: UUID) -> str:
    """Under which the position of a webhook is kept."""
    return f"webhook/{id}"
