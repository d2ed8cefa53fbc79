"""Who read what is known of members, written to PostgreSQL moments after they read it."""

import asyncio
import logging
from collections import OrderedDict, deque
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Self

import asyncpg

from adapters.postgres.database import TRANSIENT_ERRORS
from adapters.waiting import is_set_within
from domain.kernel.reads import PersonalRead

log = logging.getLogger(__name__)

FLUSH_SECONDS = 1.0
MOST_WAITING = 20_000
"""Reads that are not stored yet; whoever comes then waits until they are."""
ONCE_IN = timedelta(hours=1)
"""A page that asks again and again is noted once in this time."""
MOST_REMEMBERED = 100_000
"""So many reads are known again; what was not seen for longest is noted anew."""
LAST_TRIES = 3

_NOTE = "select csbe.note_reads($1, $2, $3, $4, $5, $6, $7)"


class PersonalReads:
    """Implements `ReadLog`: a request leaves its reads in memory, `run` stores them every second, the end the rest."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._waiting: deque[PersonalRead] = deque()
        self._noted: OrderedDict[tuple[object, ...], datetime] = OrderedDict()
        self._storing = asyncio.Lock()

    async def note(self, reads: Collection[PersonalRead]) -> None:
        """Leave them to be stored. When too many wait, store them first: raises what the database does."""
        if len(self._waiting) >= MOST_WAITING:
            await self.flush()
        self._waiting.extend(read for read in reads if self._is_new(read))

    async def run(self, stop: asyncio.Event) -> None:
        """Store until told to stop."""
        while not await is_set_within(stop, FLUSH_SECONDS):
            await self._try_flush()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *error: object) -> None:
        """Store what is left, once nobody reads any more."""
        for _ in range(LAST_TRIES):
            if await self._try_flush():
                return
        log.error("%d reads of personal data are not on record: the database is away", len(self._waiting))

    async def flush(self) -> None:
        """Store all that waits; what cannot be stored now waits on."""
        async with self._storing:
            if reads := [*self._waiting]:
                await self._pool.execute(_NOTE, *map(list, zip(*reads, strict=True)))
                for _ in reads:
                    self._waiting.popleft()

    def _is_new(self, read: PersonalRead) -> bool:
        key = read[1:]
        noted = self._noted.get(key)
        if noted is not None and read.at - noted < ONCE_IN:
            return False
        self._noted[key] = read.at
        self._noted.move_to_end(key)
        if len(self._noted) > MOST_REMEMBERED:
            self._noted.popitem(last=False)
        return True

    async def _try_flush(self) -> bool:
        try:
            await self.flush()
        except TRANSIENT_ERRORS:
            log.warning("%d reads of personal data could not be stored yet", len(self._waiting), exc_info=True)
            return False
        return True
