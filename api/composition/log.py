"""The log alone, for whoever may read it and nothing else: nothing is made, migrated or written."""

from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import asyncpg

from adapters.postgres.database import connect
from adapters.postgres.event_store.master_keys import recognise
from adapters.postgres.event_store.store import PostgresEventStore
from adapters.postgres.personal_reads import PersonalReads
from api.composition.foundation import given_master_keys
from api.composition.queries import fetcher
from api.composition.servers import reaching, refuse_unmigrated, servers
from api.settings import Settings
from api.system import Fetch
from domain.kernel.reads import PersonalRead

_MAY_READ_KEYS = "select has_column_privilege('csbe.keys', 'key', 'select')"


@dataclass(frozen=True)
class Log:
    """What an auditor reads."""

    store: PostgresEventStore
    fetch: Fetch
    """Of the reports, and of what stands beside the log."""
    hidden: str | None
    """Why nothing about persons can be read; none if it can."""
    dsn: str = field(repr=False)

    async def note(self, reads: Collection[PersonalRead]) -> None:
        """Put on record who is shown what; raises `asyncpg.ReadOnlySQLTransactionError` at a standby."""
        async with await connect(self.dsn, min_size=1, max_size=1) as pool:
            log = PersonalReads(pool)
            await log.note(reads)
            await log.flush()


@asynccontextmanager
async def opened_log(settings: Settings) -> AsyncIterator[Log]:
    """The log of the settings' database, as the user of its DSN.

    Without the master key, or the right to read the keys of persons, what is about one reads as if they were erased.
    Raises `UnfitDatabaseError` when the database lacks what this version needs: an audit brings nothing up to date.
    """
    async with servers(settings, broker=False) as (dsn, _):
        with reaching(dsn):
            await refuse_unmigrated(dsn)
            opened = await connect(dsn, min_size=1, max_size=2, read_only=True)
        async with opened as pool:
            hidden = await _hidden(settings, pool)
            store = PostgresEventStore(pool, master_keys=None if hidden else given_master_keys(settings))
            try:
                yield Log(store, fetcher(pool), hidden, dsn)
            finally:
                await store.close()


async def _hidden(settings: Settings, pool: asyncpg.Pool) -> str | None:
    if not await pool.fetchval(_MAY_READ_KEYS):
        return "this user may not read the keys of persons"
    if settings.postgres_dsn is not None and settings.master_key is None:
        return "CSBE_MASTER_KEY is not set"
    await recognise(pool, given_master_keys(settings), remember=False)
    return None
