"""Brings a database to the shape that this version of CSBE needs. Migrations go forward only."""

from pathlib import Path

import asyncpg

from adapters.postgres.database import LOCK_TIMEOUT, with_lock_timeout

MIGRATIONS = Path(__file__).parent / "migrations"

_LOCK = 4842194

_BOOKKEEPING = """
create schema if not exists csbe;
create table if not exists csbe.migrations (
    name text primary key,
    applied_at timestamptz not null default transaction_timestamp()
);
comment on table csbe.migrations is 'The migrations that this database has been through.';
comment on column csbe.migrations.name is 'File name without its ending.';
comment on column csbe.migrations.applied_at is 'When it was applied.';
"""


async def migrate(dsn: str, folder: Path = MIGRATIONS) -> list[str]:
    """Apply what is missing, each file in a transaction of its own; returns the names of the files applied.

    Several processes may call this at once: one works, the others wait and find nothing to do. Raises `BusyError` when
    others keep what is to be changed.
    """
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("select pg_advisory_lock($1)", _LOCK)
        await connection.execute(_BOOKKEEPING)
        files = sorted(folder.glob("*.sql"))  # noqa: ASYNC240 (a few small files, once at the start)
        return [file.stem for file in files if await _apply(connection, file)]
    finally:
        await connection.close()


async def _apply(connection: asyncpg.Connection, file: Path) -> bool:
    if await connection.fetchval("select true from csbe.migrations where name = $1", file.stem):
        return False

    async def apply() -> None:
        async with connection.transaction():
            await connection.execute(LOCK_TIMEOUT)
            await connection.execute(file.read_text())  # noqa: ASYNC240 (as above)
            await connection.execute("insert into csbe.migrations (name) values ($1)", file.stem)

    await with_lock_timeout(f"the tables of migration {file.stem}", apply)
    return True
