"""Databases of a benchmark's own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg

from api.composition import prepare


@asynccontextmanager
async def fresh_database(server_dsn: str) -> AsyncIterator[str]:
    """The DSN of an empty system's database, which is dropped afterwards."""
    name = f"csbe_bench_{uuid4().hex[:12]}"
    admin = await asyncpg.connect(server_dsn)
    await admin.execute(f"create database {name}")
    try:
        dsn = urlunsplit(urlsplit(server_dsn)._replace(path=f"/{name}"))
        await prepare(dsn)
        yield dsn
    finally:
        await admin.execute(f"drop database {name} with (force)")
        await admin.close()
