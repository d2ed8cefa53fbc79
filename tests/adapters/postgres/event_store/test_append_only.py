"""What is recorded is never changed, whoever asks for it."""

import asyncpg
import pytest

from adapters.postgres.event_store.appender import AppendEntry
from adapters.postgres.event_store.group_commit import GroupCommit
from adapters.postgres.event_store.mapper import StoredState
from tests.support.boxes import entry

TABLES = ("csbe.events", "csbe.commands")


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("change", ["update {} set recorded_at = now()", "delete from {}", "truncate {}"])
async def test_the_log_refuses_every_change(
    pool: asyncpg.Pool, owner: asyncpg.Connection, table: str, change: str
) -> None:
    written: AppendEntry = entry()
    await GroupCommit(pool).write(written)

    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="never changed"):
        await owner.execute(change.format(table))

    [row] = await pool.fetch("select originator_id, state from csbe.events")
    stored: StoredState = written.rows[0]
    assert (row["originator_id"], row["state"]) == (stored.originator_id, stored.state)
