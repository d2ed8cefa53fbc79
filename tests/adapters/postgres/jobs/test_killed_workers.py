"""What a process had in hand that is killed is taken by another one at once, not when its claim runs out."""

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from adapters.postgres.event_store.store import PostgresEventStore
from adapters.postgres.jobs.queue import CLAIM, JobQueue
from tests.support.bedroom import NOON, Bedroom, rings, when_it_rings_wake_everybody
from tests.support.waiting import until, until_desks_are_free

PATIENCE_S = CLAIM.total_seconds() / 2

CLAIMS_AND_HANGS = """
import asyncio, sys
from datetime import datetime
from adapters.postgres.database import connect
from adapters.postgres.jobs.queue import JobQueue

async def main(dsn, now):
    queue = JobQueue(await connect(dsn))
    async with queue.desk([]) as desk:
        jobs = await queue.claim(datetime.fromisoformat(now), 10, by=desk.number)
        print(len(jobs), flush=True)
        await asyncio.Event().wait()

asyncio.run(main(*sys.argv[1:]))
"""


@asynccontextmanager
async def working(bedroom: Bedroom) -> AsyncIterator[None]:
    stop = asyncio.Event()
    work = asyncio.create_task(bedroom.worker().run(stop))
    try:
        yield
    finally:
        stop.set()
        await work


async def doomed(dsn: str) -> asyncio.subprocess.Process:
    """A process that has a job in hand."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", CLAIMS_AND_HANGS, dsn, NOON.isoformat(), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout
    assert await process.stdout.readline() == b"1\n"
    return process


async def test_what_a_killed_process_had_in_hand_is_taken_by_one_that_works_already(
    pool: asyncpg.Pool, store: PostgresEventStore, postgres_dsn: str
) -> None:
    bedroom = Bedroom(pool)
    await rings(store, when_it_rings_wake_everybody, "Ada")
    process = await doomed(postgres_dsn)

    async with working(bedroom):
        await rings(store, when_it_rings_wake_everybody, "Bo")
        await until(lambda: _left(pool, 1), PATIENCE_S)
        meanwhile = bedroom.names.copy()
        process.kill()
        await process.wait()
        await until(lambda: _left(pool, 0), PATIENCE_S)

    assert (meanwhile, bedroom.names) == (["Bo"], ["Bo", "Ada"])


async def test_a_worker_that_begins_where_another_one_died_takes_what_that_left(
    pool: asyncpg.Pool, store: PostgresEventStore
) -> None:
    await rings(store, when_it_rings_wake_everybody, "Ada", "Bo")
    queue = JobQueue(pool)
    async with queue.desk([]) as first:
        left, kept = await queue.claim(NOON, 10, by=first.number)
    await until_desks_are_free(pool)

    async with queue.desk([kept.id]) as second:
        claimed = await queue.claim(NOON, 10, by=second.number, in_hand=[kept.id])

    assert first.number == second.number
    assert [job.id for job in claimed] == [left.id]


async def test_what_a_living_worker_has_in_hand_stays_its_own(pool: asyncpg.Pool, store: PostgresEventStore) -> None:
    await rings(store, when_it_rings_wake_everybody, "Ada")
    queue = JobQueue(pool)
    async with queue.desk([]) as one, queue.desk([]) as other:
        claimed = await queue.claim(NOON, 10, by=one.number)

        assert (one.number, other.number) == (1, 2)
        assert await other.clear_others(NOON) == 0
        assert await queue.claim(NOON, 10, by=other.number) == []
        assert len(claimed) == 1


async def _left(pool: asyncpg.Pool, jobs: int) -> bool:
    return bool(await pool.fetchval("select count(*) = $1 from csbe.jobs", jobs))
