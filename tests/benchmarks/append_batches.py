"""How fast many events are appended through the group_commit, against PostgreSQL's COPY of the same rows.

Ours: 16 clients append entries of 100 events each, a new aggregate each time. COPY: one connection writes 1,000 rows a
transaction by asyncpg's binary COPY, into a database of its own with the same table and indexes; it promises no order,
remembers no command, and tells nobody. Both are durable, and both make up their rows while the clock runs.
"""

import asyncio
import time
from uuid import uuid4

import asyncpg
import uvloop

from adapters.postgres.database import connect
from adapters.postgres.event_store.appender import AppendEntry
from adapters.postgres.event_store.group_commit import GroupCommit
from adapters.postgres.event_store.mapper import StoredState
from tests.benchmarks.appending import METADATA, ROUND_SECONDS, ROUNDS, STATE, WARM_UP_SECONDS, medians
from tests.benchmarks.databases import fresh_database
from tests.support.databases import as_owner

CLIENTS = 16
ENTRY_EVENTS = 100
COPY_EVENTS = 1000
COLUMNS = ("originator_id", "originator_version", "topic", "state", "metadata")


def measure(server_dsn: str) -> dict[str, float]:
    """Events per second of both, and our share of COPY's."""
    return uvloop.run(_measure(server_dsn))


async def _measure(server_dsn: str) -> dict[str, float]:
    async with fresh_database(server_dsn) as our_dsn, fresh_database(server_dsn) as copy_dsn:
        return medians([await _round(our_dsn, as_owner(copy_dsn, server_dsn)) for _ in range(ROUNDS)])


async def _round(our_dsn: str, copy_dsn: str) -> dict[str, float]:
    copied, batched = await _copy(copy_dsn), await _ours(our_dsn)
    return {"append_batch_vs_copy": batched / copied, "batch_events_per_s": batched, "copy_events_per_s": copied}


async def _ours(dsn: str) -> float:
    async with await connect(dsn, min_size=1) as pool:
        group_commit = GroupCommit(pool)
        await _clients(group_commit, WARM_UP_SECONDS)
        rate = await _clients(group_commit, ROUND_SECONDS)
        await group_commit.close()
    return rate


async def _clients(group_commit: GroupCommit, seconds: float) -> float:
    began = time.perf_counter()
    counts = await asyncio.gather(*(_client(group_commit, began + seconds) for _ in range(CLIENTS)))
    return sum(counts) / (time.perf_counter() - began)


async def _client(group_commit: GroupCommit, until: float) -> int:
    count = 0
    while time.perf_counter() < until:
        aggregate = uuid4()
        rows = [StoredState(aggregate, version, "bench.event", STATE) for version in range(1, ENTRY_EVENTS + 1)]
        await group_commit.write(AppendEntry(uuid4(), "fingerprint", None, METADATA, rows))
        count += ENTRY_EVENTS
    return count


async def _copy(dsn: str) -> float:
    connection = await asyncpg.connect(dsn)
    await _copy_for(connection, WARM_UP_SECONDS)
    rate = await _copy_for(connection, ROUND_SECONDS)
    await connection.close()
    return rate


async def _copy_for(connection: asyncpg.Connection, seconds: float) -> float:
    began, count = time.perf_counter(), 0
    while time.perf_counter() < began + seconds:
        aggregates = [uuid4() for _ in range(COPY_EVENTS // ENTRY_EVENTS)]
        rows = [(a, v, "bench.event", STATE, METADATA) for a in aggregates for v in range(1, ENTRY_EVENTS + 1)]
        await connection.copy_records_to_table("events", schema_name="csbe", columns=COLUMNS, records=rows)
        count += len(rows)
    return count / (time.perf_counter() - began)
