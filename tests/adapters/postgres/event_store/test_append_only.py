"""What is recorded is never changed, whoever asks for it."""

from collections.abc import AsyncIterator

import asyncpg
import pytest

from adapters.postgres.event_store.appender import AppendEntry
from adapters.postgres.event_store.group_commit import GroupCommit
from adapters.postgres.event_store.mapper import StoredState
from tests.support.boxes import entry

TABLES = ("csbe.events", "csbe.commands")


@pytest.fixture
async def guarded(pool: asyncpg.Pool, owner: asyncpg.Connection) -> AsyncIterator[asyncpg.Pool]:
    """The database as it is outside the tests, which empty it."""
    for table in TABLES:
        await owner.execute(f"alter table {table} enable trigger append_only")
    yield pool
    for table in TABLES:
        await owner.execute(f"alter table {table} disable trigger append_only")


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("change", ["update {} set recorded_at = now()", "delete from {}", "truncate {}"])
async def test_the_log_refuses_every_change(
    guarded: asyncpg.Pool, owner: asyncpg.Connection, table: str, change: str
) -> None:
    written: AppendEntry = entry()
    await GroupCommit(guarded).write(written)

    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="never changed"):
        await owner.execute(change.format(table))

    [row] = await guarded.fetch("select originator_id, state from csbe.events")
    stored: StoredState = written.rows[0]
    assert (row["originator_id"], row["state"]) == (stored.originator_id, stored.state)
