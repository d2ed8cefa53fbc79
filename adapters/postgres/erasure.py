"""Making a person unreadable, in the log and in what was made of it: the port `PersonalKeys`."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import asynccontextmanager
from functools import partial
from uuid import UUID

import asyncpg

from adapters.postgres.database import Connection, retrying, with_lock_timeout
from adapters.postgres.drives import DURING_DRIVES, Drive, drives_of, during
from adapters.postgres.event_store.store import PostgresEventStore
from adapters.postgres.read_models.projection import Projection

_TELEMETRY = f"delete from csbe.telemetry t using {DURING_DRIVES} and t.vin = d.vin"  # noqa: S608 (our own words)
_DEAD_LETTERS = f"delete from csbe.dead_letters t using {DURING_DRIVES} and strpos(t.topic, d.vin) > 0"  # noqa: S608
_TELL_ANEW = "update csbe.vehicle_twins set told = null, revision = revision + 1 where vin = any($1)"
"""Where they stand is told as their own, at their next word."""
_SNAPSHOTS = "delete from csbe.snapshots where originator_id = any($1)"
_LOGINS = """
with codes as (delete from csbe.login_codes where member_id = $1),
    tokens as (delete from csbe.refresh_tokens where role = 'member' and subject = $1::text)
delete from csbe.login_addresses where member_id = $1
"""
"""How the person logged in, and could go on without."""
_READS = "select csbe.forget_reads($1)"
"""That somebody read it stays on record, but not of whom."""

_REWRITE_KEYS = "select csbe.clear_dead_rows()"
_REWRITE_TWINS = "select csbe.clear_dead_twins()"

_TRANSACTIONS = """
select l.virtualtransaction as id from pg_locks l join pg_stat_activity a using (pid)
where l.locktype = 'virtualxid' and a.datname = current_database() and pid <> pg_backend_pid()
"""
_STILL_RUNNING = f"select exists ({_TRANSACTIONS} and l.virtualtransaction = any($1))"
PATIENCE = 20
"""So many looks, 50 ms apart, at whether older transactions have ended."""

_PERSONAL = """
select format('%I.%I', $1::text, c.relname) as table,
    string_agg(format('%I = null', a.attname), ', ') as nothing,
    string_agg(format('%I is not null', a.attname), ' or ') as something,
    (select k.attname from pg_attribute k where k.attrelid = c.oid and k.attname in ('member_id', 'payer_id')
        order by k.attname desc limit 1) as whose
from pg_class c join pg_attribute a on a.attrelid = c.oid
where c.relnamespace = to_regnamespace($1) and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped
    and col_description(c.oid, a.attnum) like 'Personal:%'
group by c.oid, c.relname
"""


class PostgresErasure:
    """Destroys keys, and takes out what is kept beside the log: where the person drove, logged in, was written of.

    Every generation of every read model forgets the person: the live one learns of it by the event, but those of
    another release may be followed by nobody. What deleted rows leave in the files of the database goes too.
    """

    def __init__(self, store: PostgresEventStore, read_models: Sequence[Projection]) -> None:
        self._store = store
        self._read_models = read_models

    async def erase(self, subject: UUID, /) -> None:
        """Destroy a person's key, and those of the places where their trips ended. Twice changes nothing."""
        drives = await retrying(lambda: drives_of(self._store.pool, subject))
        await self._store.erase(subject, *(drive.trip_id for drive in drives))
        await retrying(lambda: self._store.pool.execute(_LOGINS, subject))
        await retrying(lambda: self._store.pool.execute(_READS, subject))
        await retrying(partial(self._forget_places, subject, drives))
        touched = {table for model in self._read_models for table in await self._forget(model, subject)}
        await self._clear_dead_rows(sorted(touched))
        await self._clear_dead_twins()

    async def forget(self, stand_in: UUID, /) -> None:
        """Have nothing lead to an id that stood for a value about a person. Twice changes nothing."""
        await self._store.forget(stand_in)
        await self._clear_dead_rows(())

    async def _forget_places(self, subject: UUID, drives: Sequence[Drive]) -> None:
        where = during(drives)
        standing = [drive.vin for drive in drives if drive.until is None]
        async with self._store.pool.acquire() as connection, connection.transaction():
            await connection.execute(_TELEMETRY, *where)
            await connection.execute(_DEAD_LETTERS, *where)
            await connection.execute(_SNAPSHOTS, [subject, *(drive.vehicle_id for drive in drives)])
            await connection.execute(_TELL_ANEW, standing)

    async def _forget(self, model: Projection, subject: UUID) -> list[str]:
        touched = []
        for generation in await model.generations():
            # What its follower has in hand may still name the person.
            async with model.follower(generation).held() as connection:
                touched += await _forget(connection, generation.schema, subject)
        return touched

    async def _clear_dead_rows(self, tables: Iterable[str]) -> None:
        """Write tables anew, since what is deleted stays in their files. Raises `BusyError` while others hold them.

        What an older transaction may still see would be copied: whoever runs one keeps this from being done.
        """
        await with_lock_timeout("older transactions", partial(_let_others_end, self._store.pool))
        async with self._impatient() as connection:
            await with_lock_timeout("keys and logins", partial(connection.execute, _REWRITE_KEYS))
            for table in tables:
                await with_lock_timeout(table, partial(connection.execute, f"vacuum (full) {table}"))

    async def _clear_dead_twins(self) -> None:
        """Where the cars were before stays in the file of their twins."""
        async with self._impatient() as connection:
            await with_lock_timeout("twins of cars", partial(connection.execute, _REWRITE_TWINS))

    @asynccontextmanager
    async def _impatient(self) -> AsyncIterator[Connection]:
        """A connection that waits for a lock no longer than what then waits behind it may."""
        async with self._store.pool.acquire() as connection:
            await connection.execute("set lock_timeout = '500ms'")
            try:
                yield connection
            finally:
                if not connection.is_closed():
                    await connection.execute("reset lock_timeout")


async def _let_others_end(pool: asyncpg.Pool) -> None:
    before = [row["id"] for row in await pool.fetch(_TRANSACTIONS)]
    for _ in range(PATIENCE):
        if not await pool.fetchval(_STILL_RUNNING, before):
            return
        await asyncio.sleep(0.05)
    raise asyncpg.LockNotAvailableError


async def _forget(connection: Connection, schema: str, person: UUID) -> list[str]:
    """The rows become what a rebuild would make of them: the comment of a column says whether it is personal.

    The tables that they stood in, with the schema.
    """
    touched = []
    for table, nothing, something, whose in await connection.fetch(_PERSONAL, schema):
        change = f"update {table} set {nothing} where {whose} = $1 and ({something})"  # noqa: S608 (of the catalogue)
        if await connection.execute(change, person) != "UPDATE 0":
            touched.append(table)
    return touched
