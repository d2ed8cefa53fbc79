"""One connection that hears of new events for everybody in the process."""

import asyncio
import contextlib
import logging

import asyncpg

from adapters.postgres.database import LOST_CONNECTION

log = logging.getLogger(__name__)

CHANNEL = "csbe_events"

RECONNECT_SECONDS = 1.0


class Listener:
    """Wakes followers when something was appended, by this process or another. Polling covers a lost notification."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._news = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self.count = 0
        """How often there was news: remember it before reading, give it to `wait` after."""

    def wake(self) -> None:
        """Tell everybody who waits."""
        self.count += 1
        news, self._news = self._news, asyncio.Event()
        news.set()

    async def wait(self, seen: int, seconds: float) -> None:
        """Until there is news that came after `seen`, or the time is up."""
        if self._task is None:
            self._task = asyncio.create_task(self._listen(), name="listener")
        if self.count == seen:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._news.wait(), seconds)

    async def close(self) -> None:
        """Stop listening."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
            self._task = None

    async def _listen(self) -> None:
        while True:
            try:
                await self._listen_until_cut()
            except LOST_CONNECTION:
                log.warning("lost the listening connection; polling until it is back", exc_info=True)
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _listen_until_cut(self) -> None:
        cut = asyncio.Event()
        async with self._pool.acquire() as connection:
            connection.add_termination_listener(lambda _: cut.set())
            await connection.add_listener(CHANNEL, self._hear)
            try:
                self.wake()  # whatever came before we listened
                await cut.wait()
            finally:
                if not connection.is_closed():
                    await connection.remove_listener(CHANNEL, self._hear)

    def _hear(self, *_: object) -> None:
        self.wake()
