"""What is due is due by the clock of the database, whatever that of this machine says."""

from datetime import UTC, datetime
from uuid import uuid4

import asyncpg

from adapters.postgres.clock import DatabaseClock
from adapters.postgres.database import connect
from adapters.postgres.jobs.queue import JobQueue

AN_HOUR_AHEAD = """
drop schema if exists ahead cascade;
create schema ahead;
grant usage on schema ahead to csbe_server;
create function ahead.clock_timestamp() returns timestamptz language sql
    as $$ select pg_catalog.clock_timestamp() + interval '1 hour' $$
"""
DUE_IN_HALF_AN_HOUR = """
insert into csbe.jobs (id, policy, kind, payload, service, correlation_id, causation_id, due_at)
values ($1, 'p', 'k', '{}', 's', $1, $1, now() + interval '30 minutes')
"""


async def test_a_job_is_due_by_the_clock_of_the_database_and_not_by_that_of_this_machine(
    pool: asyncpg.Pool, postgres_dsn: str, owner: asyncpg.Connection
) -> None:
    await owner.execute(AN_HOUR_AHEAD)
    await pool.execute(DUE_IN_HALF_AN_HOUR, uuid4())
    queue = JobQueue(pool)
    async with await connect(f"{postgres_dsn}&search_path=ahead,pg_catalog") as ahead:
        clock = DatabaseClock(ahead)
        await clock.set()

    by_this_machine = await queue.claim(datetime.now(UTC), 10)
    by_the_database = await queue.claim(clock.now(), 10)

    assert (len(by_this_machine), len(by_the_database)) == (0, 1)
    await owner.execute("drop schema ahead cascade")
