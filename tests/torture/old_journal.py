"""How earlier releases append: each entry alone by `csbe.append`, or batches by `csbe.append_new`."""

from uuid import UUID, uuid4

import asyncpg

from adapters.postgres.database import retrying
from adapters.postgres.event_store import appender
from adapters.postgres.event_store.appender import AppendEntry, AppendStatus, Written

_APPEND = "select status, last_position from csbe.append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
_APPEND_NEW = """
select csbe.append_new(
    array(select command_id from unnest(c)), array_fill($2::uuid, array[cardinality(c)]),
    array(select fingerprint from unnest(c)), array(select result from unnest(c)), array(select until from unnest(c)),
    array(select originator_id from unnest(e)), array(select originator_version from unnest(e)),
    array(select topic from unnest(e)), array(select state from unnest(e)), array(select metadata from unnest(e))
)
from (select $1::csbe.new_command[] as c, $3::csbe.new_event[] as e, $4::timestamptz, $5::boolean) as batch
"""


def append_by_append_new() -> None:
    """Let this process write its batches as before there was `csbe.append_batch`."""
    vars(appender)["_APPEND_BATCH"] = _APPEND_NEW


class OldJournal:
    """Stands where the store has its group_commit."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def write(self, entry: AppendEntry) -> Written:
        """Append one entry; sent again after a cut, it is recognised."""
        append_id = uuid4()
        row = await retrying(lambda: self._pool.fetchrow(_APPEND, *_columns(entry, append_id)))
        assert row is not None
        return Written(AppendStatus(row["status"]), row["last_position"] or 0)

    async def close(self) -> None:
        """Nothing is under way that is not waited for."""


def _columns(entry: AppendEntry, append_id: UUID) -> tuple[list[object], ...]:
    return (
        [entry.command_id],
        [append_id],
        [entry.fingerprint],
        [entry.result],
        [1] * len(entry.rows),
        [row.originator_id for row in entry.rows],
        [row.originator_version for row in entry.rows],
        [row.topic for row in entry.rows],
        [row.state for row in entry.rows],
        [entry.metadata] * len(entry.rows),
    )
