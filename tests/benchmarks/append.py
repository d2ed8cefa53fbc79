"""How fast events are appended, against the eventsourcing library's own PostgreSQL recorder: same rows, same server.

Ours does more for each append: it remembers the command and stores the metadata beside every event.
Run with `python -m tests.benchmarks.append [DSN]` (default `CSBE_TEST_POSTGRES_DSN`): in a database of its own.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from statistics import median
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID, uuid4

import asyncpg
import uvloop
from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg.conninfo import conninfo_to_dict

from adapters.postgres.database import connect
from adapters.postgres.journal import Entry, Journal
from adapters.postgres.mapper import StoredState
from adapters.postgres.migrate import migrate

STATE = json.dumps({"timestamp": "2026-01-01T00:00:00Z", "facts": "x" * 240}).encode()
METADATA = json.dumps(
    {
        "command_id": str(uuid4()),
        "command": "rental.place_reservation",
        "actor": {"role": "member", "id": str(uuid4())},
        "service": "drivenow-europe",
        "correlation_id": str(uuid4()),
    }
)
ROUND_SECONDS = 1.2
ROUNDS = 3
"""Both run in turns, so that whatever else the machine does falls on both; the median round counts."""


def measure(server_dsn: str) -> dict[str, float]:
    """Events per second of both with 32 and 1 clients, one event each append, and our 99th percentile in ms."""
    name = f"csbe_bench_{uuid4().hex[:8]}"
    dsn = urlunsplit(urlsplit(server_dsn)._replace(path=f"/{name}"))
    asyncio.run(_execute(server_dsn, f"create database {name}"))
    try:
        asyncio.run(migrate(dsn))
        rounds = [_round(dsn) for _ in range(ROUNDS)]
    finally:
        asyncio.run(_execute(server_dsn, f"drop database {name} with (force)"))
    return {figure: round(median(r[figure] for r in rounds), 2) for figure in rounds[0]}


def _round(dsn: str) -> dict[str, float]:
    stock_32, (ours_32, times_32) = _stock(dsn, 32), uvloop.run(_ours(dsn, 32))
    stock_1, (ours_1, _) = _stock(dsn, 1), uvloop.run(_ours(dsn, 1))
    return {
        "append_vs_stock_32": ours_32 / stock_32,
        "append_vs_stock_1": ours_1 / stock_1,
        "append_p99_ms_32": times_32[int(len(times_32) * 0.99)] * 1000,
        "events_per_s_32": ours_32,
        "events_per_s_1": ours_1,
        "stock_events_per_s_32": stock_32,
        "stock_events_per_s_1": stock_1,
    }


def _stock(dsn: str, clients: int) -> float:
    parts = conninfo_to_dict(dsn)  # knows sockets too, which the embedded server listens at
    with PostgresDatastore(
        dbname=str(parts["dbname"]),
        host=str(parts["host"]),
        port=str(parts.get("port") or 5432),
        user=str(parts.get("user") or "postgres"),
        password=str(parts.get("password") or ""),
        pool_size=clients,
        max_overflow=0,
    ) as datastore:
        recorder = PostgresApplicationRecorder(datastore)
        recorder.create_table()
        _stock_client(recorder, time.perf_counter() + 0.3)
        with ThreadPoolExecutor(clients) as threads:
            began = time.perf_counter()
            until = began + ROUND_SECONDS
            counts = list(threads.map(lambda _: _stock_client(recorder, until), range(clients)))
            return sum(counts) / (time.perf_counter() - began)


def _stock_client(recorder: PostgresApplicationRecorder, until: float) -> int:
    count, aggregate, version = 0, uuid4(), 0
    while time.perf_counter() < until:
        aggregate, version = _next(aggregate, version)
        recorder.insert_events([StoredEvent(aggregate, version, "bench.event", STATE)])
        count += 1
    return count


async def _ours(dsn: str, clients: int) -> tuple[float, Sequence[float]]:
    pool = await connect(dsn, min_size=1)
    journal = Journal(pool)
    await _our_client(journal, time.perf_counter() + 0.3)
    began = time.perf_counter()
    until = began + ROUND_SECONDS
    times = await asyncio.gather(*(_our_client(journal, until) for _ in range(clients)))
    elapsed = time.perf_counter() - began
    await journal.close()
    await pool.close()
    return sum(map(len, times)) / elapsed, sorted(t for client in times for t in client)


async def _our_client(journal: Journal, until: float) -> list[float]:
    times, aggregate, version = [], uuid4(), 0
    while (began := time.perf_counter()) < until:
        aggregate, version = _next(aggregate, version)
        row = StoredState(aggregate, version, "bench.event", STATE)
        await journal.write(Entry(uuid4(), "fingerprint", None, METADATA, [row]))
        times.append(time.perf_counter() - began)
    return times


def _next(aggregate: UUID, version: int) -> tuple[UUID, int]:
    """The next version; a new aggregate after ten."""
    return (uuid4(), 1) if version in (0, 10) else (aggregate, version + 1)


async def _execute(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute(statement)
    await connection.close()


if __name__ == "__main__":
    given = sys.argv[1] if len(sys.argv) > 1 else os.environ["CSBE_TEST_POSTGRES_DSN"]
    sys.stdout.write(json.dumps(measure(given), indent=2) + "\n")
