"""The news that events were appended, on its way to the processes that listen."""

import asyncio
import contextlib
import math

import asyncpg

from adapters.postgres.database import TRANSIENT_ERRORS
from adapters.postgres.listener import EVENTS

PAUSE_SECONDS = 0.01
"""From one notification to the next, at least: each wakes every process that listens."""

_NOTIFY = "select pg_notify($1, '')"


class Notifier:
    """An append carries the news of itself, unless the last news is fresh: then it follows, with that of others.

    It never comes before what it is about. What a crash or trouble with the database takes away is made up for by those
    who listen: they look for themselves as well.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._told_at = -math.inf
        self._owed = False
        self._following: asyncio.Task[None] | None = None

    def rides_along(self) -> bool:
        """Whether the append that begins now is to carry it."""
        now = asyncio.get_running_loop().time()
        if self._owed or now < self._told_at + PAUSE_SECONDS:
            return False
        self._told_at = now
        return True

    def follows(self) -> None:
        """Events were committed that did not carry it."""
        self._owed = True
        if self._following is None or self._following.done():
            self._following = asyncio.create_task(self._follow(), name="news")

    async def close(self) -> None:
        """Wait until all is told."""
        if self._following is not None:
            await self._following

    async def _follow(self) -> None:
        while self._owed:
            await asyncio.sleep(PAUSE_SECONDS)
            self._owed, self._told_at = False, asyncio.get_running_loop().time()
            with contextlib.suppress(*TRANSIENT_ERRORS):
                await self._pool.execute(_NOTIFY, EVENTS)
