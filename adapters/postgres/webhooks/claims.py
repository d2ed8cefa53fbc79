"""Which process delivers which webhook, and how far that has come. After a crash others take it up at once."""

from collections.abc import Collection, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import timedelta
from math import inf
from uuid import UUID, uuid4

import asyncpg

from adapters.postgres.database import retrying
from adapters.postgres.desks import Desk, Work, desk
from adapters.postgres.locks import SessionLock
from domain.kernel.messages import Role
from domain.webhooks.subscription import EventFilter

CLAIM = timedelta(seconds=30)
"""How long a process has a webhook to itself after its last sign of life; longer than one attempt may take.

After a crash it is free sooner (`WEBHOOKS`).
"""
WEBHOOKS = Work(
    SessionLock.WEBHOOK_SENDER,
    claimed="""
        select distinct claimed_by from csbe.webhooks where claim is not null and claimed_by <> $1
    """,
    free="""
        update csbe.webhooks set claim = null, claimed_until = null, claimed_by = null
        where claim is not null and claimed_by = $1 and id <> all($2::uuid[])
    """,
)
"""At the desks of those who send them."""

GIVE_WAY = timedelta(seconds=0.1)
"""How long a webhook waits at the end of the log: while much is recorded, it finds more at once and asks less often."""

PER_OWNER = 20
"""How many webhooks of one owner are delivered at the same time by all processes: others have their share, too."""
FAILING = 100
"""The same for all webhooks whose last attempt failed: they may keep us waiting again."""

_BUSY = """
with busy as (
    select service, owner_role, owner_id, count(*) as number from csbe.webhooks
    where claimed_until >= clock_timestamp() group by service, owner_role, owner_id
), failing as (
    select count(*) as number from csbe.webhooks where claimed_until >= clock_timestamp() and attempts > 0
)
"""
_CLAIM = f"""
{_BUSY}, log as (
    select coalesce(max(notification_id), 0) as last from csbe.events
), waiting as (
    select webhook.id,
        row_number() over (partition by service, owner_role, owner_id order by due_at)
            + coalesce(busy.number, 0) as place,
        case when attempts > 0 then row_number() over (partition by attempts > 0 order by due_at)
            + failing.number else 0 end as place_among_failing
    from csbe.webhooks webhook join csbe.followers follower on follower.name = webhook.follower
        left join busy using (service, owner_role, owner_id), failing, log
    where state = 'active' and due_at <= clock_timestamp()
        and (claimed_until is null or claimed_until < clock_timestamp()) and follower.position < log.last
), due as (
    select webhook.id, follower.position, log.last
    from waiting join csbe.webhooks webhook using (id) join csbe.followers follower on follower.name = webhook.follower,
        log
    where place <= {PER_OWNER} and place_among_failing <= {FAILING}
        and state = 'active' and due_at <= clock_timestamp()
        and (claimed_until is null or claimed_until < clock_timestamp())
        and follower.position < log.last
    order by due_at limit $3 for update of webhook, follower skip locked
)
update csbe.webhooks webhook set claim = $1, claimed_until = clock_timestamp() + $2::interval,
    claimed_by = $4
from due where webhook.id = due.id
returning webhook.id, service, owner_role, owner_id, url, types, subject, personal_data, version, attempts, claim,
    position, last as end, secret,
    case when previous_until > clock_timestamp() then previous_secret end as previous_secret
"""  # noqa: S608 (constants of ours)
"""The follower is locked too: the position could be older than the claim otherwise."""
_NEXT_DUE = f"""
{_BUSY}
select extract(epoch from min(greatest(due_at, coalesce(claimed_until, due_at))) - clock_timestamp())
from csbe.webhooks webhook join csbe.followers follower on follower.name = webhook.follower
    left join busy using (service, owner_role, owner_id), failing
where state = 'active' and follower.position < (select coalesce(max(notification_id), 0) from csbe.events)
    and coalesce(busy.number, 0) < {PER_OWNER} and (attempts = 0 or failing.number < {FAILING})
"""  # noqa: S608 (the same)
"""Those beyond their share come when one of it is done."""
_MOVE = """
with webhook as (
    update csbe.webhooks set claimed_until = clock_timestamp() + $5::interval,
        attempts = case when $6::integer is null then attempts else 0 end,
        failing_since = case when $6 is null then failing_since end,
        last_error = case when $6 is null then last_error end,
        last_status = coalesce($6, last_status)
    where id = $1 and claim = $2 returning follower, state, version
), follower as (
    update csbe.followers follower set position = $4, updated_at = now()
    from webhook where follower.name = webhook.follower and position = $3 returning position
)
select true from webhook, follower where state = 'active' and version = $7
"""
_FAIL = """
update csbe.webhooks set claim = null, claimed_until = null, claimed_by = null, attempts = attempts + 1,
    last_status = $3, last_error = $4, failing_since = coalesce(failing_since, clock_timestamp()),
    due_at = clock_timestamp() + $5::interval,
    state = case when state = 'active'
        and ($7 or clock_timestamp() - coalesce(failing_since, clock_timestamp()) >= $6::interval)
        then 'failed' else state end
where id = $1 and claim = $2 and exists (
    select from csbe.followers where name = webhooks.follower and position = $8
)
returning state = 'failed'
"""
_STOP = """
with webhook as (
    update csbe.webhooks set claim = null, claimed_until = null, claimed_by = null,
        state = case when state = 'active' then 'failed' else state end
    where id = $1 and claim = $2 returning follower
)
update csbe.followers follower set failed_position = $3, error = $4, updated_at = now()
from webhook where follower.name = webhook.follower and position < $3
"""
_RELEASE = """
update csbe.webhooks set claim = null, claimed_until = null, claimed_by = null,
    due_at = greatest(due_at, clock_timestamp() + $3::interval)
where id = $1 and claim = $2
"""


@dataclass(frozen=True)
class Claimed:
    """A webhook that this process delivers."""

    id: UUID
    claim: UUID
    service: str
    owner_role: Role
    owner_id: str
    url: str
    filter: EventFilter
    personal_data: bool
    version: int
    attempts: int
    position: int
    end: int
    """Of the log, then."""
    secrets: Sequence[bytes]
    """The keys that sign, as stored: the present one, and while both count the one before."""


@dataclass(frozen=True)
class DeliveryFailure:
    """A failed attempt: why in our own words, when to try again, and whether that has a point."""

    error: str
    status: int | None
    retry_in: timedelta
    final: bool = False


class WebhookClaims:
    """Every statement is of one moment and holds nothing open; only who has the claim changes anything."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    def desk(self, in_hand: Collection[UUID]) -> AbstractAsyncContextManager[Desk]:
        """A desk of who sends during the block; see `desks`."""
        return desk(self._pool, WEBHOOKS, in_hand)

    async def take(self, limit: int, *, by: int | None = None) -> list[Claimed]:
        """Take webhooks that are due, behind the end of the log, and nobody's, the longest waiting first.

        `by` whom says at which desk.
        """
        return [_claimed(row) for row in await self._pool.fetch(_CLAIM, uuid4(), CLAIM, limit, by)]

    async def next_due_s(self) -> float:
        """In how many seconds the next one may be taken; infinite when there is nothing to deliver."""
        seconds = await self._pool.fetchval(_NEXT_DUE)
        return inf if seconds is None else max(0.0, float(seconds))

    async def move(self, claimed: Claimed, after: int, to: int, *, status: int | None = None) -> bool:
        """From one position to another, by a delivery when there is a status; the claim lasts anew.

        False when somebody changed the webhook meanwhile: then this process must leave off.
        """
        what = (claimed.claim, after, to, CLAIM, status, claimed.version)
        return bool(await retrying(lambda: self._pool.fetchval(_MOVE, claimed.id, *what)))

    async def fail(self, claimed: Claimed, at: int, failure: DeliveryFailure, *, fail_after: timedelta) -> bool:
        """Give it back until its next attempt; whether that made it `failed`, after so long."""
        what = (failure.status, failure.error, failure.retry_in, fail_after, failure.final, at)
        return bool(await retrying(lambda: self._pool.fetchval(_FAIL, claimed.id, claimed.claim, *what)))

    async def stop(self, claimed: Claimed, at: int, error: str) -> None:
        """Mark it failed at an event that cannot be read, on record in `csbe.followers`."""
        await retrying(lambda: self._pool.execute(_STOP, claimed.id, claimed.claim, at, error))

    async def release(self, claimed: Claimed, *, more: bool) -> None:
        """Give it back; others that wait come first. Changes nothing when it was given back already.

        It may be taken again at once when there is `more` before the end of the log.
        """
        wait = timedelta() if more else GIVE_WAY
        await retrying(lambda: self._pool.execute(_RELEASE, claimed.id, claimed.claim, wait))


def _claimed(row: asyncpg.Record) -> Claimed:
    same = ("id", "claim", "service", "owner_id", "url", "personal_data", "version", "attempts", "position", "end")
    return Claimed(
        **{name: row[name] for name in same},
        owner_role=Role(row["owner_role"]),
        filter=EventFilter(types=tuple(row["types"]), subject=row["subject"]),
        secrets=[key for key in (row["secret"], row["previous_secret"]) if key is not None],
    )
