"""Databases of a benchmark's own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from tests.support.databases import empty_database, prepared


@asynccontextmanager
async def fresh_database(server_dsn: str) -> AsyncIterator[str]:
    """The DSN of an empty system's database, which is dropped afterwards."""
    async with empty_database(server_dsn, "bench") as dsn:
        yield await prepared(dsn)
