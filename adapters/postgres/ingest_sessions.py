"""Which process reads which session at the broker: claims that end with the connection to the database."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

import asyncpg

from adapters.postgres.locks import SessionLock, give_back, take

_REMEMBER = "insert into csbe.ingest_sessions (number) values ($1) on conflict do nothing"
_FORGET = "delete from csbe.ingest_sessions where number = $1"
_REMEMBERED = "select number from csbe.ingest_sessions order by number"

FIRST = 1
"""The session that always has somebody who reads it, as long as any process does."""


class Claims:
    """The sessions that this process reads. Once the connection is `lost`, others may read them."""

    def __init__(self, connection: asyncpg.pool.PoolConnectionProxy) -> None:
        self._connection = connection
        self._one_at_a_time = asyncio.Lock()
        self.held: set[int] = set()
        self.lost = asyncio.Event()

    async def take(self, number: int) -> bool:
        """Claim a session; false when somebody else has it."""
        async with self._one_at_a_time:
            if number in self.held or not await take(self._connection, SessionLock.INGEST_SESSION, str(number)):
                return False
            if number != FIRST:
                await self._connection.execute(_REMEMBER, number)
            self.held.add(number)
            return True

    async def take_lowest(self) -> int:
        """Claim the first session that nobody has."""
        for number in count(FIRST):
            if await self.take(number):
                return number
        raise AssertionError

    async def take_left_over(self) -> list[int]:
        """Claim the sessions, besides the first, of processes that are gone."""
        async with self._one_at_a_time:
            remembered = [row["number"] for row in await self._connection.fetch(_REMEMBERED)]
        return [number for number in remembered if await self.take(number)]

    async def give_back(self, number: int, *, ended: bool) -> None:
        """Let others have a session; one that has `ended` at the broker is forgotten."""
        async with self._one_at_a_time:
            if ended:
                await self._connection.execute(_FORGET, number)
            await give_back(self._connection, SessionLock.INGEST_SESSION, str(number))
            self.held.discard(number)

    async def check(self) -> None:
        """Raises the database's connection errors when the claims are lost."""
        async with self._one_at_a_time:
            await self._connection.fetchval("select true", timeout=5)


class IngestSessions:
    """Hands out claims."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    @asynccontextmanager
    async def claims(self) -> AsyncIterator[Claims]:
        """Claims that last for the block, or until the connection is lost."""
        async with self._pool.acquire() as connection:
            claims = Claims(connection)
            loop = asyncio.get_running_loop()

            def lost(_connection: object) -> None:
                loop.call_soon_threadsafe(claims.lost.set)

            connection.add_termination_listener(lost)
            try:
                yield claims
            finally:
                if not connection.is_closed():
                    connection.remove_termination_listener(lost)
                    connection.terminate()  # and with it all claims, also one that was just being taken
