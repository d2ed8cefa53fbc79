"""Whether the server is still the one that a process has learned from."""

from datetime import datetime

import asyncpg

_STARTED = "select pg_postmaster_start_time()"


class KnownServer:
    """The server that this process talked to first. Whatever the process knows of the log, this one or a later one had.

    A server loses events that it has confirmed only when it is another one: a standby that was behind takes over, or a
    backup is restored. Then the time at which it was started is another one.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._started: datetime | None = None

    async def started(self) -> datetime:
        """When it was started; asked for once. To be called before anything is read."""
        if self._started is None:
            started: datetime = await self._pool.fetchval(_STARTED)
            self._started = self._started or started  # whoever was answered first may have read since
        return self._started
