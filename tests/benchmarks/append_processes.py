"""How fast four processes append, against one, while a reader watches that the order is safe.

The append lock makes the processes take turns; a batch of each waits for it in the database. So four processes should
lose little against one, and gain nothing on two cores. Each of the four has as many clients as the one. Two figures
more say what that hides: one that has the clients of all four makes larger batches, and four that share the clients of
the one make smaller ones.
"""

import asyncio
import multiprocessing
from collections.abc import AsyncIterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import asynccontextmanager
from multiprocessing.synchronize import Barrier

import asyncpg
import uvloop

from adapters.postgres.database import connect
from adapters.postgres.event_store.group_commit import GroupCommit
from tests.benchmarks.appending import ROUND_SECONDS, ROUNDS, WARM_UP_SECONDS, medians, run_clients
from tests.benchmarks.databases import fresh_database

CLIENTS = 32
PROCESSES = 4
READ_EVERY_SECONDS = 0.02

_NEW = "select notification_id from csbe.events where notification_id > $1 order by notification_id"

_ready: list[Barrier] = []
"""In a process that writes: where it meets the others before they begin."""


def measure(server_dsn: str) -> dict[str, float]:
    """Events per second of four processes, together, and their share of what one process reaches."""
    return uvloop.run(_measure(server_dsn))


async def _measure(server_dsn: str) -> dict[str, float]:
    async with fresh_database(server_dsn) as dsn, _writers(1) as one, _writers(PROCESSES) as four:
        return medians([await _round(dsn, one, four) for _ in range(ROUNDS)])


async def _round(dsn: str, one: ProcessPoolExecutor, four: ProcessPoolExecutor) -> dict[str, float]:
    alone, each_as_many = await _watched(dsn, one, 1, CLIENTS), await _watched(dsn, four, PROCESSES, CLIENTS)
    shared = await _watched(dsn, four, PROCESSES, CLIENTS // PROCESSES)
    with_all = await _watched(dsn, one, 1, CLIENTS * PROCESSES)
    return {
        "append_4proc_vs_1proc": each_as_many / alone,
        "append_4proc_vs_1proc_shared_clients": shared / alone,
        "append_4proc_vs_1proc_all_clients": each_as_many / with_all,
        "events_per_s_4proc": each_as_many,
    }


@asynccontextmanager
async def _writers(count: int) -> AsyncIterator[ProcessPoolExecutor]:
    context = multiprocessing.get_context("spawn")
    barrier = context.Barrier(count)
    with ProcessPoolExecutor(count, mp_context=context, initializer=_remember, initargs=(barrier,)) as pool:
        yield pool


async def _watched(dsn: str, pool: ProcessPoolExecutor, processes: int, clients: int) -> float:
    """Events per second of all. Raises `AssertionError` if an event appears at or below a position already seen."""
    loop, done = asyncio.get_running_loop(), asyncio.Event()
    connection = await asyncpg.connect(dsn)
    start = await connection.fetchval("select coalesce(max(notification_id), 0) from csbe.events")
    watching = asyncio.create_task(_watch(connection, start, done))
    writing = [loop.run_in_executor(pool, _write, dsn, clients) for _ in range(processes)]
    rates = await asyncio.gather(*writing)
    done.set()
    seen = await watching
    stored = [row[0] for row in await connection.fetch(_NEW, start)]
    await connection.close()
    assert seen == stored, f"{len(set(stored) - set(seen))} events appeared behind the reader"
    return sum(rates)


async def _watch(connection: asyncpg.Connection, position: int, done: asyncio.Event) -> list[int]:
    """The positions in the order in which a follower of the log sees them."""
    seen: list[int] = []
    finished = False
    while not finished:
        finished = done.is_set()  # and one look more
        seen += [row[0] for row in await connection.fetch(_NEW, seen[-1] if seen else position)]
        await asyncio.sleep(READ_EVERY_SECONDS)
    return seen


def _remember(barrier: Barrier) -> None:
    _ready.append(barrier)


def _write(dsn: str, clients: int) -> float:
    return uvloop.run(_write_together(dsn, clients))


async def _write_together(dsn: str, clients: int) -> float:
    async with await connect(dsn, min_size=1) as pool:
        group_commit = GroupCommit(pool)
        await run_clients(group_commit, clients, WARM_UP_SECONDS)
        _ready[0].wait(timeout=120)
        outcome = await run_clients(group_commit, clients, ROUND_SECONDS)
        await group_commit.close()
    return outcome.rate
