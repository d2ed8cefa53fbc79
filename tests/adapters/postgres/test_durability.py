"""Settings of the server under which nothing that is promised holds are named."""

import asyncpg
import pytest

from adapters.postgres.durability import warn_of_loss


async def test_a_server_that_does_not_wait_for_the_disk_is_named(
    pool: asyncpg.Pool, caplog: pytest.LogCaptureFixture
) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("set local synchronous_commit = off")
        await warn_of_loss(connection)
        off = caplog.text
        caplog.clear()
        await connection.execute("set local synchronous_commit = on")
        await warn_of_loss(connection)

    assert "synchronous_commit off" in off
    assert "synchronous_commit" not in caplog.text
