"""A city in which time passes as a story says."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from tests.support.installation import Installation
from tests.support.street import Street


@pytest.fixture
async def street(installation: Installation, pool: asyncpg.Pool) -> AsyncIterator[Street]:
    """Five cars in the streets and everything running; no telemetry is left of other stories."""
    await pool.execute("truncate csbe.telemetry")
    async with installation.walked() as street:
        yield street
