"""The clock of the database: what is due is due by one clock, whatever those of the machines say."""

import asyncio
import time
from datetime import datetime, timedelta

import asyncpg
import structlog

from adapters.postgres.database import TRANSIENT_ERRORS
from adapters.waiting import is_set_within

log = structlog.get_logger(__name__)

SET_SECONDS = 10.0
SLOW_SECONDS = 0.1
"""An answer that takes longer says too little about when it was given."""

_NOW = "select clock_timestamp()"


class DatabaseClock:
    """Tells the time of the database, UTC: asked for again and again, and counted on by this machine in between."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._set_to: datetime | None = None
        self._set_at = 0.0

    def now(self) -> datetime:
        """The time. To be `set` before."""
        if self._set_to is None:
            raise RuntimeError("the clock has not been set")
        return self._set_to + timedelta(seconds=time.monotonic() - self._set_at)

    async def set(self) -> None:
        """Ask the database."""
        asked = time.monotonic()
        told: datetime = await self._pool.fetchval(_NOW)
        took = time.monotonic() - asked
        if took < SLOW_SECONDS or self._set_to is None:
            self._set_to, self._set_at = told, asked + took / 2

    async def run(self, stop: asyncio.Event) -> None:
        """Set it again and again until told to stop."""
        while not stop.is_set():
            try:
                await self.set()
            except TRANSIENT_ERRORS:
                log.warning("the database does not tell the time; counting on", exc_info=True)
            await is_set_within(stop, SET_SECONDS)
