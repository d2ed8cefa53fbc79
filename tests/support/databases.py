"""Databases of a test's or a benchmark's own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg


@asynccontextmanager
async def empty_database(server_dsn: str, kind: str = "test") -> AsyncIterator[str]:
    """The DSN of a new database, which is dropped afterwards."""
    name = f"csbe_{kind}_{uuid4().hex[:12]}"
    admin = await asyncpg.connect(server_dsn)
    await admin.execute(f"create database {name}")
    try:
        yield urlunsplit(urlsplit(server_dsn)._replace(path=f"/{name}"))
    finally:
        await admin.execute(f"drop database {name} with (force)")
        await admin.close()
