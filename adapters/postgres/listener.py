"""One connection that hears the news of the database for everybody in the process."""

import asyncio
import contextlib
import logging
from collections.abc import Callable

import asyncpg

from adapters.waiting import is_set_within

log = logging.getLogger(__name__)

EVENTS = "csbe_events"
JOBS = "csbe_jobs"
ERASURES = "csbe_erasures"

RECONNECT_SECONDS = 1.0
CHECK_SECONDS = 30.0
"""How often the connection is tried, since one that died silently hears nothing for ever."""


class Channel:
    """One kind of news. What was missed while nobody listened counts as news too."""

    def __init__(self, listen: Callable[[], None]) -> None:
        self._listen = listen
        self._news = asyncio.Event()
        self.count = 0
        """How often there was news: remember it before reading, give it to `wait` after."""
        self.on_wake: Callable[[], None] | None = None
        """Called at once, beside those who wait."""

    def wake(self) -> None:
        """Tell everybody."""
        self.count += 1
        news, self._news = self._news, asyncio.Event()
        news.set()
        if self.on_wake:
            self.on_wake()

    async def wait(self, seen: int, seconds: float) -> None:
        """Until there is news that came after `seen`, or the time is up."""
        self._listen()
        if self.count == seen:
            await is_set_within(self._news, seconds)


class Listener:
    """Hears what this process or another one tells: events appended, jobs stored, persons erased.

    Polling covers a lost notification of the first two; caches are emptied whenever listening begins anew.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._task: asyncio.Task[None] | None = None
        self.events, self.jobs, self.erasures = (Channel(self.start) for _ in range(3))
        self._channels = {EVENTS: self.events, JOBS: self.jobs, ERASURES: self.erasures}

    def start(self) -> None:
        """Begin to listen, if that has not begun."""
        if self._task is None:
            self._task = asyncio.create_task(self._listen(), name="listener")

    async def close(self) -> None:
        """Stop listening."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait((self._task,))
            self._task = None

    async def _listen(self) -> None:
        while not self._pool.is_closing():
            try:
                await self._listen_until_cut()
            except Exception:  # nobody waits for this task: whatever it is, it must be seen, and be tried again
                log.warning("lost the listening connection; polling until it is back", exc_info=True)
            await asyncio.sleep(RECONNECT_SECONDS)

    async def _listen_until_cut(self) -> None:
        cut = asyncio.Event()
        async with self._pool.acquire() as connection:
            connection.add_termination_listener(lambda _: cut.set())
            try:
                for name in self._channels:
                    await connection.add_listener(name, self._hear)
                for channel in self._channels.values():
                    channel.wake()  # whatever came before we listened
                while not await is_set_within(cut, CHECK_SECONDS):
                    await connection.execute("select", timeout=CHECK_SECONDS)
            finally:
                with contextlib.suppress(asyncpg.InterfaceError):  # when the pool took it back already
                    connection.terminate()  # it listens, so it is of no use to others

    def _hear(self, _connection: object, _pid: int, name: str, _payload: object) -> None:
        self._channels[name].wake()
