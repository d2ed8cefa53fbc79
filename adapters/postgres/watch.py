"""Whether the database is there and takes writes, known before anybody has to wait for it."""

import asyncio
from collections.abc import Callable

import asyncpg

from adapters.postgres.database import TRANSIENT_ERRORS
from adapters.waiting import is_set_within

CHECK_S = 1.0
PATIENCE_S = 2.0
"""A database that says nothing for so long is away."""
RETRY_S = 0.25

_AWAY: tuple[type[Exception], ...] = (*TRANSIENT_ERRORS, TimeoutError)
_WRITABLE = "select not pg_is_in_recovery() and current_setting('default_transaction_read_only') = 'off'"


class DatabaseWatch:
    """Looks again and again by a connection of its own, which is cut when the server goes, and tells each finding."""

    def __init__(self, dsn: str, tell: Callable[[bool], None]) -> None:
        self._dsn = dsn
        self._tell = tell

    async def run(self, stop: asyncio.Event) -> None:
        """Watch until `stop` is set."""
        while not stop.is_set():
            try:
                await self._watch(stop)
            except _AWAY:
                self._tell(False)
                await is_set_within(stop, RETRY_S)

    async def _watch(self, stop: asyncio.Event) -> None:
        async with asyncio.timeout(PATIENCE_S):
            connection = await asyncpg.connect(self._dsn, server_settings={"application_name": "csbe watch"})
        woken = asyncio.Event()
        connection.add_termination_listener(lambda _: woken.set())
        ended = asyncio.create_task(stop.wait())
        ended.add_done_callback(lambda _: woken.set())
        try:
            while not stop.is_set():
                self._tell(bool(await connection.fetchval(_WRITABLE, timeout=PATIENCE_S)))
                await is_set_within(woken, CHECK_S)
        finally:
            ended.cancel()
            connection.terminate()
