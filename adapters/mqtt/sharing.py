"""Ingest of one process among several: each reads a session of its own at the broker, and none is left unread."""

import asyncio
from collections.abc import Callable

import structlog

from adapters.mqtt.ingest import Ingest, NotSharedError
from adapters.postgres.database import TRANSIENT_ERRORS
from adapters.postgres.ingest_sessions import FIRST, Claims, IngestSessions
from adapters.waiting import Backoff, is_set_within

LOOK_S = 2.0
"""How often a process looks for sessions that nobody reads."""

log = structlog.get_logger(__name__)


class SharedIngest:
    """Reads one session, or more where another process is gone, for as long as it holds their claims.

    The first session is read by exactly one process: it has what is not shared, and where the broker shares nothing,
    all; the other processes stand by. Another session exists for as long as its process, and one after it that takes
    what is left in it.
    """

    def __init__(self, sessions: IngestSessions, session: Callable[[int], Ingest], *, look_s: float = LOOK_S) -> None:
        self._sessions = sessions
        self.session = session
        """Makes the reader of the session of a number."""
        self._look_s = look_s
        self._shared = True
        self.is_told_to_work = False
        """Whether this process is to hear the cars."""
        self._standing_by = False
        self._reading: dict[int, Ingest] = {}

    @property
    def trouble(self) -> str | None:
        """Why it does not hear the cars, which others do while it stands by."""
        if self._standing_by:
            return None
        if not self._reading:
            return "it has no session at the broker: the database has not given it one"
        return next((ingest.trouble for ingest in self._reading.values() if ingest.trouble), None)

    @property
    def unsettled(self) -> str | None:
        """The id of a client whose connections the broker ends again and again."""
        return next((ingest.client_id for ingest in self._reading.values() if ingest.is_unsettled), None)

    @property
    def hears_everything(self) -> bool:
        """Whether this process reads the first session, and is connected."""
        first = self._reading.get(FIRST)
        return first is not None and first.subscribed.is_set()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set, whatever happens to broker and database meanwhile."""
        self.is_told_to_work = True
        backoff = Backoff(most_s=5.0)
        while not stop.is_set():
            try:
                async with self._sessions.claims() as claims:
                    backoff.reset()
                    await self._work(claims, stop)
            except* TRANSIENT_ERRORS as errors:
                log.warning("ingest_waits_for_database", error=type(errors.exceptions[0]).__name__)
            await backoff.wait(stop)

    async def _work(self, claims: Claims, stop: asyncio.Event) -> None:
        ending = asyncio.Event()
        try:
            async with asyncio.TaskGroup() as tasks:
                watching = [tasks.create_task(_pass_on(event, ending)) for event in (stop, claims.lost)]
                while not ending.is_set():
                    for number in await self._more(claims):
                        self._reading[number] = self.session(number)
                        tasks.create_task(self._read(number, claims, ending))
                    for number in await claims.take_left_over():
                        log.info("ingest_takes_over", session=number)
                        tasks.create_task(self._empty(number, claims, ending))
                    await is_set_within(ending, self._look_s)
                for watcher in watching:
                    watcher.cancel()
        finally:
            self._reading.clear()

    async def _more(self, claims: Claims) -> list[int]:
        """Sessions that are to be read from now on."""
        if await claims.take(FIRST):
            self._standing_by = False
            return [FIRST]
        if self._reading:
            return []
        self._standing_by = not self._shared
        return [await claims.take_lowest()] if self._shared else []

    async def _read(self, number: int, claims: Claims, ending: asyncio.Event) -> None:
        try:
            await self._reading[number].run(ending, claims.check)
        except NotSharedError:
            log.info("ingest_stands_by")
            self._shared, self._standing_by = False, True
            del self._reading[number]
            await self._empty(number, claims, ending)

    async def _empty(self, number: int, claims: Claims, ending: asyncio.Event) -> None:
        await claims.give_back(number, ended=await self.session(number).empty(ending))


async def _pass_on(event: asyncio.Event, to: asyncio.Event) -> None:
    await event.wait()
    to.set()
