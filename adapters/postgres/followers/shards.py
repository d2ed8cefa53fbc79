"""Parts of a follower that several processes share: each part gets the events of some aggregates.

The row of the follower says in how many parts it is split, and stands still meanwhile; each part has a row of its own.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from adapters.postgres.database import Connection
from adapters.postgres.errors import FollowerStoppedError
from adapters.postgres.event_store.reader import Shard
from adapters.postgres.locks import SessionLock, give_back, take

_SPLIT_IN = "select shards from csbe.followers where name = $1"
_POSITIONS = "select position from csbe.followers where name = any($1) order by name"
_HOLD = "select position from csbe.followers where name = any($1) order by name for update"
_ROW = "select position, shards, failed_position, error from csbe.followers where name = $1 for update"
_MARK = "update csbe.followers set shards = $2, updated_at = now() where name = $1"
_ADD = "insert into csbe.followers (name, position) select name, $2 from unnest($1::text[]) as part (name)"
_JOIN = "update csbe.followers set position = $2, shards = null, updated_at = now() where name = $1"
_REMOVE = "delete from csbe.followers where name = any($1)"


async def shards_of(connection: asyncpg.Pool | Connection, follower: str) -> list[Shard]:
    """The parts of a follower; none while it is not split."""
    return _shards(await connection.fetchval(_SPLIT_IN, follower))


async def names_of(connection: asyncpg.Pool | Connection, follower: str) -> list[str]:
    """Under which its positions are kept: its own name, and those of its shards."""
    return [follower, *(shard.named(follower) for shard in await shards_of(connection, follower))]


async def positions_of(connection: asyncpg.Pool | Connection, follower: str) -> list[int]:
    """How far each part has come, or the whole while it is not split; nothing once the follower is gone."""
    _, *shards = await names_of(connection, follower)
    return [row[0] for row in await connection.fetch(_POSITIONS, shards or [follower])]


async def hold(connection: Connection, follower: str) -> None:
    """Keep everybody from following under its name, or for a shard, until the transaction ends."""
    row = await connection.fetchrow(_ROW, follower)
    shards = _shards(row["shards"] if row else None)
    await connection.execute(_HOLD, [shard.named(follower) for shard in shards])


async def split(connection: Connection, follower: str, count: int) -> list[Shard]:
    """Split a follower in the transaction; one that is split already stays so. Raises `FollowerStoppedError`."""
    row = await connection.fetchrow(_ROW, follower)
    if row is None or row["shards"]:
        return _shards(row["shards"] if row else None)
    if row["failed_position"] is not None:
        raise FollowerStoppedError(follower, row["failed_position"], row["error"])
    shards = _shards(count)
    await connection.execute(_MARK, follower, count)
    await connection.execute(_ADD, [shard.named(follower) for shard in shards], row["position"])
    return shards


async def join(connection: Connection, follower: str) -> None:
    """Let the follower go on from where its parts are, in the transaction; not as long as one is behind another."""
    row = await connection.fetchrow(_ROW, follower)
    names = [shard.named(follower) for shard in _shards(row["shards"] if row else None)]
    positions = {row["position"] for row in await connection.fetch(_HOLD, names)}
    if len(positions) == 1:
        await connection.execute(_JOIN, follower, positions.pop())
        await connection.execute(_REMOVE, names)


async def remove(connection: Connection, follower: str) -> None:
    """Forget a follower and its shards. Whoever follows for one finds out."""
    await connection.execute(_REMOVE, await names_of(connection, follower))


@asynccontextmanager
async def alone(pool: asyncpg.Pool, follower: str) -> AsyncIterator[bool]:
    """Whether nobody else conducts the parts of this follower, for as long as the block lasts.

    A courtesy: should the lock be lost with its connection, two at once are slower, and the rows are still right.
    """
    async with pool.acquire() as connection:
        locked = await take(connection, SessionLock.PARALLEL_BUILD, follower)
        try:
            yield locked
        finally:
            if locked and not connection.is_closed():
                await give_back(connection, SessionLock.PARALLEL_BUILD, follower)


def _shards(count: int | None) -> list[Shard]:
    return [Shard(number, count) for number in range(1, count + 1)] if count else []
