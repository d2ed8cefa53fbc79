"""Brings a database to the shape that this version of CSBE needs. Migrations go forward only."""

from hashlib import sha256
from pathlib import Path

import asyncpg

from adapters.postgres.database import LOCK_TIMEOUT, with_lock_timeout
from adapters.postgres.locks import Lock

MIGRATIONS = Path(__file__).parent / "migrations"

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
    'SHA-256 of a file that is run again whenever it has changed; null for a migration, which is run once.';
comment on column csbe.migrations.applied_at is 'When it was run last.';
"""
_RUN = """
insert into csbe.migrations (name, digest) values ($1, $2)
on conflict (name) do update set digest = excluded.digest, applied_at = excluded.applied_at
"""


async def migrate(dsn: str, folder: Path = MIGRATIONS) -> list[str]:
    """Run what is missing, each file in a transaction of its own; returns the names of the files run.

    Those that begin with a number are migrations, run once, in order. The others come after them, again whenever they
    have changed; not over those of a newer version, which is known by a migration that is not in this folder.

    Several processes may call this at once: one works, the others wait and find nothing to do. Raises `BusyError` when
    others keep what is to be changed.
    """
    files = sorted(folder.glob("*.sql"))  # noqa: ASYNC240 (a few small files, once at the start)
    wanted = {file: None if file.stem[0].isdigit() else _digest(file) for file in files}
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("select pg_advisory_lock($1)", Lock.MIGRATE)
        await connection.execute(_BOOKKEEPING)
        done = {
            row["name"]: row["digest"] for row in await connection.fetch("select name, digest from csbe.migrations")
        }
        newer = not done.keys() <= {file.stem for file in files}
        missing = [f for f in files if f.stem not in done or (done[f.stem] != wanted[f] and not newer)]
        for file in missing:
            await _run(connection, file, wanted[file])
        return [file.stem for file in missing]
    finally:
        await connection.close()


async def _run(connection: asyncpg.Connection, file: Path, digest: str | None) -> None:
    async def run() -> None:
        async with connection.transaction():
            await connection.execute(LOCK_TIMEOUT)
            await connection.execute(file.read_text())  # noqa: ASYNC240 (as above)
            await connection.execute(_RUN, file.stem, digest)

    await with_lock_timeout(f"the tables of migration {file.stem}", run)


def _digest(file: Path) -> str:
    return sha256(file.read_bytes()).hexdigest()
