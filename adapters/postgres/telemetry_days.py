"""The partitions of telemetry, one for each UTC day: made ahead, and dropped without making anybody wait.

A partition is made beside the table and attached, which takes no lock that a reader or a writer has to wait for. It is
detached concurrently, which waits for those who read, and nobody waits for it.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from functools import partial

import asyncpg
import structlog

from adapters.postgres.database import LOCK_TIMEOUT, TRANSIENT_ERRORS, Connection, with_lock_timeout
from adapters.postgres.errors import BusyError
from adapters.postgres.locks import SessionLock, give_back, take
from adapters.waiting import is_set_within

log = structlog.get_logger(__name__)

AHEAD = timedelta(days=7)
LOOK_SECONDS = 600.0

_ATTACHED = """
select inhdetachpending from pg_inherits
where inhparent = 'csbe.telemetry'::regclass and inhrelid = to_regclass('telemetry_days.' || $1)
"""
_TABLES = (
    "select relname from pg_class where relnamespace = 'telemetry_days'::regnamespace and relkind = 'r' order by 1"
)
_NAME = re.compile(r"telemetry_(\d{4})(\d{2})(\d{2})$")
_TROUBLE: tuple[type[Exception], ...] = (*TRANSIENT_ERRORS, BusyError)
_MADE_MEANWHILE = (
    *(asyncpg.DuplicateTableError, asyncpg.DuplicateObjectError),  # the latter of the type of its rows
    *(asyncpg.UniqueViolationError, asyncpg.WrongObjectTypeError),
)
_NOT_REMEMBERED = ", ".join(f"alter {column} set statistics 0" for column in ("latitude", "longitude", "signals"))
"""By the planner, as `roles.sql` has it for the table that they are parts of."""


class TelemetryDays:
    """Makes and drops them."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._known: set[date] = set()

    async def ensure(self, *days: date) -> None:
        """Have partitions for these days."""
        for day in sorted(set(days) - self._known):
            await with_lock_timeout(f"the telemetry of {day}", partial(self._make, day))
            self._known.add(day)

    async def run(self, stop: asyncio.Event) -> None:
        """Have those of today and of a week ahead, until told to stop."""
        while not stop.is_set():
            today = datetime.now(UTC).date()
            try:
                await self.ensure(*(today + timedelta(days=n) for n in range(AHEAD.days + 1)))
            except _TROUBLE as error:
                log.warning("partitions of telemetry could not be made ahead; trying again", error=str(error))
            await is_set_within(stop, LOOK_SECONDS)

    async def before(self, first_kept: date) -> list[date]:
        """All days before this one that have a partition."""
        names = [row["relname"] for row in await self._pool.fetch(_TABLES)]
        return sorted(day for name in names if (day := _day_of(name)) and day < first_kept)

    async def drop_before(self, first_kept: date, *, but: Collection[date] = ()) -> list[date]:
        """Drop the partitions of all days before this one, `but` for some; returns those days. Raises `BusyError`.

        One that was detached and not dropped, by whoever was interrupted there, is dropped now.
        """
        if not (set(await self.before(first_kept)) - set(but)):
            return []
        async with self._pool.acquire() as connection, _alone(connection):
            days = [day for day in await self.before(first_kept) if day not in but]
            for day in days:
                self._known.discard(day)
                await with_lock_timeout(f"the telemetry of {day}", partial(_drop, connection, day))
        return days

    def forget(self) -> None:
        """Look again for the partition of each day: a database that was restored may lack what was there before."""
        self._known.clear()

    async def _make(self, day: date) -> None:
        name, until = name_of(day), day + timedelta(days=1)
        async with self._pool.acquire() as connection:
            try:
                async with connection.transaction():
                    await connection.execute(LOCK_TIMEOUT)
                    if await connection.fetchval(_ATTACHED, name.partition(".")[2]) is False:
                        return
                    await connection.execute(
                        f"create table if not exists {name} (like csbe.telemetry including all);"
                        f"alter table {name} {_NOT_REMEMBERED};"
                        f"comment on table {name} is 'Telemetry received on {day} (UTC).';"
                        f"alter table csbe.telemetry attach partition {name} "
                        f"for values from ('{day}T00:00:00Z') to ('{until}T00:00:00Z')"
                    )
            except _MADE_MEANWHILE:
                if await connection.fetchval(_ATTACHED, name.partition(".")[2]) is not False:
                    raise


def name_of(day: date) -> str:
    """The table of a day."""
    return f"telemetry_days.telemetry_{day:%Y%m%d}"


@asynccontextmanager
async def _alone(connection: Connection) -> AsyncIterator[None]:
    """One process drops days at a time: a day can be detached once."""

    async def ours() -> None:
        if not await take(connection, SessionLock.TELEMETRY_DAYS, ""):
            raise asyncpg.LockNotAvailableError

    await with_lock_timeout("the days of telemetry", ours)
    try:
        yield
    finally:
        if not connection.is_closed():
            await give_back(connection, SessionLock.TELEMETRY_DAYS, "")


async def _drop(connection: Connection, day: date) -> None:
    """Each step is a transaction of its own, and is gone on with where it was interrupted."""
    name = name_of(day)
    await connection.execute("set lock_timeout = '500ms'")
    try:
        pending = await connection.fetchval(_ATTACHED, name.partition(".")[2])
        if pending is not None:
            how = "finalize" if pending else "concurrently"
            await connection.execute(f"alter table csbe.telemetry detach partition {name} {how}")
        await connection.execute(f"drop table if exists {name}")
    finally:
        if not connection.is_closed():
            await connection.execute("reset lock_timeout")


def _day_of(partition: str) -> date | None:
    match = _NAME.search(partition)
    return date(*map(int, match.groups())) if match else None
