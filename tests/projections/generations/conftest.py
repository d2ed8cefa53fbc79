"""A database of each test's own, and two releases of one read model."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from adapters.postgres.database import connect
from adapters.postgres.event_store.store import PostgresEventStore
from adapters.postgres.read_models.projection import Projection
from projections.members import MembersProjector
from tests.api.cli.terminal import csbe
from tests.projections.generations.greeting import Greeting
from tests.support.databases import empty_database, migrated

__all__ = ["csbe"]


@pytest.fixture
async def owner_dsn(postgres_server: str, template: str) -> AsyncIterator[str]:
    """A database of its own, as its owner."""
    async with empty_database(postgres_server, how=f"template {template}") as dsn:
        yield dsn


@pytest.fixture
async def dsn(owner_dsn: str) -> str:
    """The same, as the server."""
    return await migrated(owner_dsn)  # what is granted on a database is not copied


@pytest.fixture
def postgres_dsn(dsn: str) -> str:
    """The same, for the command line."""
    return dsn


@pytest.fixture
async def pool(dsn: str) -> AsyncIterator[asyncpg.Pool]:
    pool = await connect(dsn)
    yield pool
    pool.terminate()


@pytest.fixture
def members(pool: asyncpg.Pool, store: PostgresEventStore) -> Projection:
    """As today's release knows it."""
    return Projection(pool, store, MembersProjector())


@pytest.fixture
def greeting(pool: asyncpg.Pool, store: PostgresEventStore) -> Projection:
    """As the next release knows it."""
    return Projection(pool, store, Greeting())
