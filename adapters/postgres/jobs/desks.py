"""Whose jobs are whose: a number for each worker, by a lock that ends with its connection, so that a death is noticed.

A claim alone says it only when it runs out, which must be later than the slowest effect.
"""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from datetime import datetime
from itertools import count
from uuid import UUID

import asyncpg

from adapters.postgres.locks import SessionLock, give_back, take

_LEFT_BY = """
select distinct claimed_by from csbe.jobs
where failed_at is null and due_at <= $2 and claimed_until is not null and claimed_by <> $1
"""
_FREE = """
update csbe.jobs set claimed_until = null, claimed_by = null
where failed_at is null and claimed_until is not null and claimed_by = $1 and id <> all($2::uuid[])
"""


class Desk:
    """Where a worker works for as long as its connection lasts."""

    def __init__(self, connection: asyncpg.pool.PoolConnectionProxy, number: int) -> None:
        self._connection = connection
        self.number = number

    async def clear_others(self, now: datetime) -> int:
        """Free what workers had in hand who are gone; how many were. Raises the database's connection errors."""
        gone = 0
        for number in [row["claimed_by"] for row in await self._connection.fetch(_LEFT_BY, self.number, now)]:
            if await take(self._connection, SessionLock.JOB_WORKER, str(number)):
                await self._connection.execute(_FREE, number, [])
                await give_back(self._connection, SessionLock.JOB_WORKER, str(number))
                gone += 1
        return gone


@asynccontextmanager
async def desk(pool: asyncpg.Pool, in_hand: Collection[UUID] = ()) -> AsyncIterator[Desk]:
    """The first desk that nobody has; what somebody has left there is freed, but for what is `in_hand`."""
    async with pool.acquire() as connection:
        try:
            number = await _taken(connection)
            await connection.execute(_FREE, number, list(in_hand))
            yield Desk(connection, number)
        finally:
            connection.terminate()  # and with it the lock


async def _taken(connection: asyncpg.pool.PoolConnectionProxy) -> int:
    for number in count(1):
        if await take(connection, SessionLock.JOB_WORKER, str(number)):
            return number
    raise AssertionError
