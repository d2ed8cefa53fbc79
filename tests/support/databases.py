"""Databases of a test's or a benchmark's own, and who logs in there."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg

import projections
from adapters.postgres.migrate import migrate
from adapters.postgres.opening import with_role
from api.composition import make_read_models

BESIDE = {"shared": projections.shared_sql()}
PASSWORD = "of-a-test"


@asynccontextmanager
async def empty_database(server_dsn: str, kind: str = "test", *, how: str = "") -> AsyncIterator[str]:
    """The DSN of a new database, which is dropped afterwards."""
    name = f"csbe_{kind}_{uuid4().hex[:12]}"
    admin = await asyncpg.connect(server_dsn)
    await admin.execute(f"create database {name} {how}")
    try:
        yield urlunsplit(urlsplit(server_dsn)._replace(path=f"/{name}"))
    finally:
        await admin.execute(f"drop database {name} with (force)")
        await admin.close()


async def migrated(owner_dsn: str) -> str:
    """Bring a database to the shape of this version; the DSN under which the server works there."""
    await migrate(owner_dsn, beside=BESIDE)
    return await login(owner_dsn, "server")


async def prepared(owner_dsn: str) -> str:
    """The same, with the read models made."""
    dsn = await migrated(owner_dsn)
    await make_read_models(dsn)
    return dsn


def as_owner(dsn: str, server_dsn: str) -> str:
    """The DSN of whoever owns a database that was made on this server, instead of the server's role."""
    return urlunsplit(urlsplit(server_dsn)._replace(path=urlsplit(dsn).path))


async def login(owner_dsn: str, role: str) -> str:
    """The DSN of a user who is granted one role of CSBE and nothing else."""
    user = f"csbe_test_{role}"
    connection = await asyncpg.connect(owner_dsn)
    try:
        await connection.execute(f"create role {user} login password '{PASSWORD}' in role csbe_{role}")
    except (asyncpg.DuplicateObjectError, asyncpg.UniqueViolationError):
        pass  # of another test
    finally:
        await connection.close()
    parts = urlsplit(owner_dsn)
    host = parts.netloc.rpartition("@")[2]
    return with_role(urlunsplit(parts._replace(netloc=f"{user}:{PASSWORD}@{host}")), f"csbe_{role}")
