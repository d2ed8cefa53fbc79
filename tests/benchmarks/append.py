"""How fast events are appended, against the eventsourcing library's own PostgreSQL recorder: same rows, same server.

Ours does more for each append: it remembers the command and stores the metadata beside every event.
Run with `python -m tests.benchmarks append`.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from uuid import uuid4

import asyncpg
import uvloop
from eventsourcing.persistence import StoredEvent
from eventsourcing.postgres import PostgresApplicationRecorder, PostgresDatastore
from psycopg.conninfo import conninfo_to_dict

from adapters.postgres.listener import EVENTS
from tests.benchmarks.appending import (
    ROUND_SECONDS,
    ROUNDS,
    STATE,
    WARM_UP_SECONDS,
    Outcome,
    medians,
    next_version,
    ours,
)
from tests.benchmarks.databases import fresh_database
from tests.support.databases import as_owner

CURVE_SECONDS = 0.5
STOCK_CONNECTIONS = 64
"""A connection for each client of the stock recorder, up to so many; PostgreSQL allows 100 in all."""
CLIENTS = (1, 2, 4, 8, 16, 32, 64, 128)


def measure(server_dsn: str) -> dict[str, object]:
    """Events per second of both with 32 and 1 clients, one event each append, and our latency in ms; curves of all."""
    return uvloop.run(_measure(server_dsn))


async def _measure(server_dsn: str) -> dict[str, object]:
    async with fresh_database(server_dsn) as dsn:
        rounds = [await _round(dsn, as_owner(dsn, server_dsn)) for _ in range(ROUNDS)]
    async with fresh_database(server_dsn) as dsn:
        points = [await _point(dsn, as_owner(dsn, server_dsn), clients) for clients in CLIENTS]
    curves = {name: [point[name] for point in points] for name in points[0]}
    return {**medians(rounds), "curves": {"clients": CLIENTS, **curves}}


async def _round(dsn: str, owner_dsn: str) -> dict[str, float]:
    stock_32, ours_32 = await _stock(owner_dsn, 32), await ours(dsn, 32)
    async with _listening(dsn):
        heard_32 = await ours(dsn, 32)
    stock_1, ours_1 = await _stock(owner_dsn, 1), await ours(dsn, 1)
    return {
        "append_vs_stock_32": ours_32.rate / stock_32.rate,
        "append_vs_stock_1": ours_1.rate / stock_1.rate,
        "append_p99_ms_32": ours_32.percentile_ms(99),
        "append_heard_vs_alone": heard_32.rate / ours_32.rate,
        "events_per_s_32": ours_32.rate,
        "events_per_s_1": ours_1.rate,
        "stock_events_per_s_32": stock_32.rate,
        "stock_events_per_s_1": stock_1.rate,
    }


@asynccontextmanager
async def _listening(dsn: str) -> AsyncIterator[None]:
    """This process hears of every append, as one that follows the log does."""
    connection = await asyncpg.connect(dsn)
    await connection.add_listener(EVENTS, lambda *_: None)
    yield
    await connection.close()


async def _point(dsn: str, owner_dsn: str, clients: int) -> dict[str, float]:
    stock, mine = await _stock(owner_dsn, clients, CURVE_SECONDS), await ours(dsn, clients, CURVE_SECONDS)
    figures = {
        "events_per_s": mine.rate,
        "stock_events_per_s": stock.rate,
        "p50_ms": mine.percentile_ms(50),
        "p99_ms": mine.percentile_ms(99),
        "stock_p50_ms": stock.percentile_ms(50),
        "stock_p99_ms": stock.percentile_ms(99),
    }
    return {name: round(value, 2) for name, value in figures.items()}


async def _stock(dsn: str, clients: int, seconds: float = ROUND_SECONDS) -> Outcome:
    return await asyncio.to_thread(_stock_in_threads, dsn, clients, seconds)


def _stock_in_threads(dsn: str, clients: int, seconds: float) -> Outcome:
    parts = conninfo_to_dict(dsn)  # knows sockets too, which the embedded server listens at
    with PostgresDatastore(
        dbname=str(parts["dbname"]),
        host=str(parts["host"]),
        port=str(parts.get("port") or 5432),
        user=str(parts.get("user") or "postgres"),
        password=str(parts.get("password") or ""),
        pool_size=min(clients, STOCK_CONNECTIONS),
        max_overflow=0,
    ) as datastore:
        recorder = PostgresApplicationRecorder(datastore)
        recorder.create_table()
        _stock_client(recorder, time.perf_counter() + WARM_UP_SECONDS)
        with ThreadPoolExecutor(clients) as threads:
            began = time.perf_counter()
            times = list(threads.map(lambda _: _stock_client(recorder, began + seconds), range(clients)))
            return Outcome(times, time.perf_counter() - began)


def _stock_client(recorder: PostgresApplicationRecorder, until: float) -> list[float]:
    times, aggregate, version = [], uuid4(), 0
    while (began := time.perf_counter()) < until:
        aggregate, version = next_version(aggregate, version)
        recorder.insert_events([StoredEvent(aggregate, version, "bench.event", STATE)])
        times.append(time.perf_counter() - began)
    return times
