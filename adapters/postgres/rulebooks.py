"""The rulebooks that were published, as a process knows them: it takes new ones up by itself."""

import asyncio
import logging

from adapters.postgres.database import TRANSIENT_ERRORS, retrying
from adapters.postgres.event_store.store import PostgresEventStore
from adapters.waiting import is_set_within
from domain.rulebook.history import RulebookHistory

log = logging.getLogger(__name__)

POLL_SECONDS = 0.5
"""How old what a process shows may be. What it appends is never decided under a superseded version."""

_SINCE = "select position from csbe.publications where position > $1 order by position"


class PublishedRulebooks(RulebookHistory):
    """Implements the dispatcher's `Rulebooks` on the log. `refresh` before the first use."""

    def __init__(self, store: PostgresEventStore) -> None:
        super().__init__()
        self._store = store
        self._refreshing = asyncio.Lock()

    async def refresh(self) -> None:
        """Take up what was published since."""
        async with self._refreshing:
            known = self.newest_publication
            for (position,) in await retrying(lambda: self._store.pool.fetch(_SINCE, known)):
                async for recorded in self._store.read(after=position - 1, until=position):
                    self.observe(recorded)

    async def run(self, stop: asyncio.Event) -> None:
        """Stay up to date until told to stop."""
        while not stop.is_set():
            try:
                await self.refresh()
            except TRANSIENT_ERRORS:
                log.warning("rulebooks could not be read; those that are known hold on", exc_info=True)
            await is_set_within(stop, POLL_SECONDS)
