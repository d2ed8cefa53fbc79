"""Brings a database to the shape that this version of CSBE needs. Migrations go forward only."""

import contextlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from hashlib import sha256
from pathlib import Path

import asyncpg

from adapters.postgres.database import LOCK_TIMEOUT, with_lock_timeout
from adapters.postgres.errors import UnfitDatabaseError

MIGRATIONS = Path(__file__).parent / "migrations"
ROLES = "csbe"
"""How the names of the roles begin, where the settings do not say."""

_ENCODING = "select pg_encoding_to_char(encoding) from pg_database where datname = current_database()"
_BOOKKEEPING = """
create schema if not exists csbe;
create table if not exists csbe.migrations (
    name text primary key,
    digest text,
    applied_at timestamptz not null default transaction_timestamp()
);
comment on table csbe.migrations is 'The files that this database has been through.';
comment on column csbe.migrations.name is 'File name without its ending.';
comment on column csbe.migrations.digest is
    'SHA-256 of a file that is run again whenever one has changed, and of the database: null for what is run once.';
comment on column csbe.migrations.applied_at is 'When it was run last.';
"""
_THERE = "select to_regclass('csbe.migrations') is not null"
_OTHERS_FIRST = (asyncpg.UniqueViolationError, asyncpg.DuplicateSchemaError, asyncpg.DuplicateTableError)
_ALONE = "lock table csbe.migrations in share update exclusive mode"
"""Whoever reads it, or waits to migrate too, is not kept from reading."""
_DONE = "select name, digest from csbe.migrations"
_DATABASE = "select oid::text from pg_database where datname = current_database()"
_RUN = """
insert into csbe.migrations (name, digest) values ($1, $2)
on conflict (name) do update set digest = excluded.digest, applied_at = excluded.applied_at
"""


@dataclass(frozen=True)
class _File:
    """SQL by name; one with a digest is run again whenever any file is run."""

    name: str
    sql: str
    digest: str | None


async def migrate(
    dsn: str, folder: Path = MIGRATIONS, *, roles: str = ROLES, beside: Mapping[str, str] | None = None
) -> list[str]:
    """Run what is missing, as the owner, in one transaction; returns the names of the files run.

    Those that begin with a number are migrations, run once, in order. After them come the others, and then what is
    given `beside` them by name: as soon as any file is to be run, all of these are run again, so that what is new has
    its grants too, and in a database that was restored or copied, because no dump has what is granted on the database
    itself. Not over those of a newer version, which is known by a migration that is not in this folder. `:server` and
    the like stand for the roles.

    Several processes may call this at once: one works, the others wait and find nothing to do. It leaves nothing in the
    session, so it works through a pooler. Raises `BusyError` when others keep what is to be changed, and
    `UnfitDatabaseError` when the database cannot hold every text.
    """
    connection = await asyncpg.connect(dsn, statement_cache_size=0)
    try:
        await _refuse_other_encodings(connection)
        files = _files(folder, beside or {}, await connection.fetchval(_DATABASE))
        if not await connection.fetchval(_THERE):
            await _begin(connection)
        run = partial(_run_missing, connection, files, roles)
        return await with_lock_timeout("the tables of schema csbe", run)
    finally:
        await connection.close()


async def missing_in(connection: asyncpg.Connection, beside: Mapping[str, str]) -> list[str]:
    """The files that this version needs and this database has not been through; all where it has nothing of ours."""
    files = _files(MIGRATIONS, beside, await connection.fetchval(_DATABASE))
    missing = await _missing(connection, files) if await connection.fetchval(_THERE) else files
    return [file.name for file in missing]


async def _run_missing(connection: asyncpg.Connection, files: list[_File], roles: str) -> list[str]:
    async with connection.transaction():
        await connection.execute(LOCK_TIMEOUT)
        if not await _missing(connection, files):
            return []
        await connection.execute(_ALONE)
        missing = await _missing(connection, files)
        again = [file for file in files if file.digest and file not in missing] if missing else []
        run = sorted([*missing, *again], key=files.index)
        for file in run:
            await connection.execute(_with_names(file.sql, roles))
            await connection.execute(_RUN, file.name, file.digest)
        return [file.name for file in run]


async def _missing(connection: asyncpg.Connection, files: list[_File]) -> list[_File]:
    done = {row["name"]: row["digest"] for row in await connection.fetch(_DONE)}
    newer = not done.keys() <= {file.name for file in files}
    return [f for f in files if f.name not in done or (done[f.name] != f.digest and not newer)]


async def _begin(connection: asyncpg.Connection) -> None:
    """Make the table of what was run; another process may have made it meanwhile."""
    with contextlib.suppress(*_OTHERS_FIRST):
        await connection.execute(_BOOKKEEPING)


async def _refuse_other_encodings(connection: asyncpg.Connection) -> None:
    if (encoding := await connection.fetchval(_ENCODING)) != "UTF8":
        raise UnfitDatabaseError(
            f"the database is encoded in {encoding}, which cannot hold every name: make another one with "
            "create database csbe encoding 'UTF8' template template0"
        )


def _files(folder: Path, beside: Mapping[str, str], database: str) -> list[_File]:
    texts = {file.stem: file.read_text("utf-8") for file in sorted(folder.glob("*.sql"))} | dict(beside)
    return [_File(name, sql, None if name[0].isdigit() else _digest(sql + database)) for name, sql in texts.items()]


def _with_names(sql: str, roles: str) -> str:
    """The SQL with the names of the roles in it, quoted where they must be."""
    return re.sub(r"(?<!:):(server|analyst|auditor)\b", lambda role: f"{roles}_{role[1]}", sql)


def _digest(sql: str) -> str:
    return sha256(sql.encode()).hexdigest()
