"""Whose work is whose: a number for each worker, by a lock that ends with its connection, so that a death is noticed.

A claim alone says it only when it runs out, which must be later than the slowest piece of work.
"""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from time import monotonic
from uuid import UUID

import asyncpg

from adapters.postgres.locks import SessionLock, give_back, take

LOOK_S = 2.0
"""How often at most a worker looks for what others have left who are gone."""


@dataclass(frozen=True)
class Work:
    """What workers claim."""

    lock: SessionLock
    claimed: str
    """The numbers of all others who have something in hand; `$1` is one's own."""
    free: str
    """Frees what a number has in hand (`$1`) but for these ids (`$2`)."""


class Desk:
    """Where a worker works for as long as its connection lasts."""

    def __init__(self, work: Work, connection: asyncpg.pool.PoolConnectionProxy, number: int) -> None:
        self._work = work
        self._connection = connection
        self.number = number
        self._looked_at = -LOOK_S

    async def clear_others(self, *given: datetime) -> int:
        """Free what workers had in hand who are gone; how many were, none if it was looked just now.

        Raises the database's connection errors. What is `given` are further parameters of the query for what others
        have in hand.
        """
        if monotonic() - self._looked_at < LOOK_S:
            return 0
        self._looked_at = monotonic()
        lock, gone = self._work.lock, 0
        for (number,) in await self._connection.fetch(self._work.claimed, self.number, *given):
            if await take(self._connection, lock, str(number)):
                await self._connection.execute(self._work.free, number, [])
                await give_back(self._connection, lock, str(number))
                gone += 1
        return gone


@asynccontextmanager
async def desk(pool: asyncpg.Pool, work: Work, in_hand: Collection[UUID] = ()) -> AsyncIterator[Desk]:
    """The first desk that nobody has; what somebody has left there is freed, but for what is `in_hand`."""
    async with pool.acquire() as connection:
        try:
            number = await _taken(connection, work.lock)
            await connection.execute(work.free, number, list(in_hand))
            yield Desk(work, connection, number)
        finally:
            connection.terminate()  # and with it the lock


async def _taken(connection: asyncpg.pool.PoolConnectionProxy, lock: SessionLock) -> int:
    for number in count(1):
        if await take(connection, lock, str(number)):
            return number
    raise AssertionError
