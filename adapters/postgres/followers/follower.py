"""The one way to follow the log: a position, a batch, a transaction."""

import asyncio
import logging
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg

from adapters import tracing
from adapters.postgres.database import TRANSIENT_ERRORS, Connection, UnencodableError
from adapters.postgres.errors import FollowerStoppedError
from adapters.postgres.event_store.reader import Filter, Shard
from adapters.postgres.event_store.store import PostgresEventStore
from adapters.postgres.followers.shards import hold
from adapters.waiting import is_set_within
from domain.kernel.messages import RecordedEvent

log = logging.getLogger(__name__)

Consume = Callable[[Sequence[RecordedEvent], Connection], Awaitable[None]]
"""Does its work on the connection given, in the transaction that also moves the position: exactly once."""

POLL_SECONDS = 0.5

_BEGIN = """
insert into csbe.followers (name)
select $1 where not exists (select from csbe.generations where follower = $1)
on conflict do nothing
"""
"""A generation's row is made and removed with it."""
_TAKE = """
select position, failed_position, error,
    least(position + $2, $3::bigint, coalesce((select max(notification_id) from csbe.events), 0)) as until
from csbe.followers where name = $1 and shards is null for update skip locked
"""
_MOVE = "update csbe.followers set position = $2, updated_at = now() where name = $1"
_STOP = """
update csbe.followers set failed_position = $2, error = $3, updated_at = now() where name = $1 and position < $2
"""
_RETRY = """
update csbe.followers set failed_position = null, error = null, updated_at = now()
where name = $1 and failed_position = coalesce($2, failed_position) returning true
"""
_SKIP = """
with stopped as (
    select name, failed_position, error from csbe.followers where name = $1 and failed_position = $2 for update
), recorded as (
    insert into csbe.skipped_events (follower, position, error, skipped_by, reason)
    select name, failed_position, error, $3, $4 from stopped
)
update csbe.followers follower
set position = stopped.failed_position, failed_position = null, error = null, updated_at = now()
from stopped where follower.name = stopped.name returning true
"""
_STATUS = """
select coalesce(position, 0) as position, failed_position, error,
    coalesce((select max(notification_id) from csbe.events), 0) - coalesce(position, 0) as lag,
    coalesce((
        select extract(epoch from now() - recorded_at) from csbe.events
        where notification_id > coalesce(position, 0) order by notification_id limit 1
    ), 0)::float8 as behind_s
from (select) one left join csbe.followers on name = $1
"""
_POSITION = "select position from csbe.followers where name = $1"
_LAG = """
select coalesce((select max(notification_id) from csbe.events), 0)
    - coalesce((select position from csbe.followers where name = $1), 0)
"""


@dataclass(frozen=True)
class FollowerStatus:
    """Where a follower stands; stopped when there is a position that it failed at."""

    name: str
    position: int
    lag: int
    failed_position: int | None
    error: str | None
    behind_s: float = 0
    """How long ago the first event was recorded that it has not dealt with."""

    @property
    def state(self) -> str:
        """In a word."""
        return "running" if self.failed_position is None else "stopped"


_TOO_MUCH = (asyncpg.QueryCanceledError, asyncpg.OutOfMemoryError, asyncpg.ConfigurationLimitExceededError)
"""Trouble that a smaller batch may not have."""


@dataclass
class _PoisonError(Exception):
    """A batch of so many positions, whose first event is this, could not be dealt with."""

    first: int
    size: int
    cause: Exception


class Follower:
    """Reads the log in order for one reader, in one process at a time however many run it.

    `topics` are the events that `consume` gets; the position moves past the others. `reads` are the fields that
    they come with, all when none. An event that cannot be dealt with stops the follower, on record in `csbe.followers`,
    until `retry` or `skip`.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        store: PostgresEventStore,
        name: str,
        consume: Consume,
        *,
        topics: Sequence[str] | None = None,
        reads: frozenset[str] | None = None,
        batch: int = 500,
        shard: Shard | None = None,  # which aggregates it follows, where not all
    ) -> None:
        self.name = shard.named(name) if shard else name
        self._pool = pool
        self._store = store
        self._consume = consume
        self._topics = topics
        self._reads = reads
        self._batch = batch
        self._shard = shard

    async def catch_up(self, *, once: bool = False, until: int | None = None) -> int:
        """Deal with everything up to the end of the log, or with one batch; returns how many positions were passed.

        `until` is a position to stop at. Returns early when another process is at it. Raises `FollowerStoppedError`.
        """
        passed, size = 0, self._batch
        while True:
            try:
                count = await self._step(size, until)
            except _PoisonError as poison:
                if poison.size == 1:
                    await self._stop_unless_trouble(poison)
                size = max(1, min(size, poison.size) // 2)  # closes in on the event to blame
                continue
            if count is None:
                if await self._is_first():
                    continue
                return passed
            passed += count
            if once or count < size:
                return passed
            size = min(self._batch, size * 2)

    async def run(self, stop: asyncio.Event) -> None:
        """Follow until told to stop: woken by news, else every half second. Outlives whatever fails, and logs it."""
        reported: int | None = None
        while not stop.is_set():
            seen = self._store.listener.events.count
            try:
                await self.catch_up()
                reported = None
            except FollowerStoppedError as stopped:
                if reported != stopped.position:
                    log.error("%s", stopped)  # noqa: TRY400 (the cause was logged when it happened)
                reported = stopped.position
                await is_set_within(stop, POLL_SECONDS)
                continue
            except TRANSIENT_ERRORS:
                log.warning("%s has trouble with the database; trying again", self.name, exc_info=True)
                await is_set_within(stop, POLL_SECONDS)
                continue
            except Exception:  # nobody waits for who follows: it must be seen, and the others need this one
                log.exception("%s cannot follow; trying again", self.name)
                await is_set_within(stop, POLL_SECONDS)
                continue
            await self._wait(stop, seen)

    async def lag(self) -> int:
        """How many positions the follower is behind the end of the log."""
        behind: int = await self._pool.fetchval(_LAG, self.name)
        return behind

    async def position(self) -> int:
        """The last position dealt with."""
        return await position_of(self._pool, self.name)

    async def status(self) -> FollowerStatus:
        """Where it stands, and what it stumbled over."""
        [row] = await self._pool.fetch(_STATUS, self.name)
        return FollowerStatus(self.name, **dict(row))

    @asynccontextmanager
    async def held(self) -> AsyncIterator[Connection]:
        """A transaction during which no process follows under this name, nor for a part of it."""
        async with self._pool.acquire() as connection, connection.transaction():
            await hold(connection, self.name)
            yield connection

    async def go_on(self, until: int, connection: Connection) -> None:
        """Deal with everything up to a position, in a transaction that holds it already."""
        position = await connection.fetchval(_POSITION, self.name)
        if until > position:
            await self._deal_with(position, until, connection)
            await connection.execute(_MOVE, self.name, until)

    async def _is_first(self) -> bool:
        """Whether there never was a follower of this name: now there is. A shard is there until it is joined."""
        return self._shard is None and await self._pool.execute(_BEGIN, self.name) == "INSERT 0 1"

    async def _step(self, size: int, limit: int | None) -> int | None:
        """Deal with the next `size` positions, or those that there are; returns how many, or none while it is held."""
        async with self._pool.acquire() as connection, connection.transaction():
            state = await connection.fetchrow(_TAKE, self.name, size, limit)
            if state is None:
                return None
            if state["failed_position"] is not None:
                raise FollowerStoppedError(self.name, state["failed_position"], state["error"])
            position, until = state["position"], state["until"]
            if until > position:
                await self._deal_with(position, until, connection)
                await connection.execute(_MOVE, self.name, until)
            return max(0, int(until - position))

    async def _deal_with(self, after: int, until: int, connection: Connection) -> None:
        """Give the events between two positions to the consumer; of others, not even the rows are read."""
        chosen = Filter(until, self._topics, shard=self._shard)
        rows = await self._store.reader.rows(after, until - after, chosen, connection)
        if not rows:
            return
        try:
            recorded = await self._store.reader.recorded(rows, self._reads)
            with tracing.following(self.name, recorded):
                await self._consume(recorded, connection)
        except Exception as error:  # whatever a consumer raises, it must stop here and be seen
            if connection.is_closed() or (_is_trouble(error) and not isinstance(error, _TOO_MUCH)):
                raise
            raise _PoisonError(rows[0]["notification_id"], until - after, error) from error

    async def _stop_unless_trouble(self, poison: _PoisonError) -> None:
        if _is_trouble(poison.cause):
            raise poison.cause
        text = f"{type(poison.cause).__name__}: {_message_of(poison.cause)}"
        where = "".join(traceback.format_tb(poison.cause.__traceback__))
        log.error("%s cannot deal with position %d: %s\n%s", self.name, poison.first, text, where)
        await self._pool.execute(_STOP, self.name, poison.first, text)
        raise FollowerStoppedError(self.name, poison.first, text) from poison.cause

    async def _wait(self, stop: asyncio.Event, seen: int) -> None:
        news = asyncio.create_task(self._store.listener.events.wait(seen, POLL_SECONDS))
        stopping = asyncio.create_task(stop.wait())
        try:
            await asyncio.wait((news, stopping), return_when=asyncio.FIRST_COMPLETED)
        finally:
            news.cancel()
            stopping.cancel()


async def retry(connection: asyncpg.Pool | Connection, name: str, position: int | None = None) -> bool:
    """Let a follower try the event again that it could not deal with, in the caller's transaction, if there is one.

    False when it is not stopped, or not at the position, if one is given.
    """
    return bool(await connection.fetchval(_RETRY, name, position))


async def skip(connection: asyncpg.Pool | Connection, name: str, position: int, *, by: str, reason: str) -> bool:
    """Let a follower go on after the event that it could not deal with, on record in `csbe.skipped_events`.

    In the caller's transaction, if there is one. False when it is not stopped at this position.
    """
    return bool(await connection.fetchval(_SKIP, name, position, by, reason))


async def position_of(pool: asyncpg.Pool, name: str) -> int:
    """The last position that a follower has dealt with, 0 when it has never run."""
    return await pool.fetchval(_POSITION, name) or 0


async def wait_for(pool: asyncpg.Pool, name: str, position: int, timeout: float = 5.0) -> bool:  # noqa: ASYNC109
    """Until a follower has reached a position; false when it has not after `timeout` seconds."""
    deadline, pause = time.monotonic() + timeout, 0.002
    while await position_of(pool, name) < position:
        if time.monotonic() + pause > deadline:
            return False
        await asyncio.sleep(pause)
        pause = min(pause * 2, 0.05)
    return True


def _is_trouble(error: Exception) -> bool:
    """Whether this is about the database and not about the event."""
    return isinstance(error, TRANSIENT_ERRORS) and not isinstance(error, UnencodableError)


def _message_of(error: Exception) -> object:
    """Without the details that PostgreSQL adds, which quote the row."""
    return error.args[0] if isinstance(error, asyncpg.PostgresError) and error.args else error
