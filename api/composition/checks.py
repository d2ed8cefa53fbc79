"""Whether the system is well, and its gauges."""

from collections.abc import Awaitable, Callable

import asyncpg

from adapters.postgres.follower import Follower
from api.observability import LAG, TASKS_DUE, TASKS_LATE, TASKS_PARKED

READY_LAG = 10_000
"""A process whose read models are further behind than this many positions is not ready."""

_NO_ANSWER = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)

_TASKS = """
select count(*) filter (where parked_at is null and due_at <= now()) as due,
    count(*) filter (where parked_at is not null) as parked,
    coalesce(extract(epoch from now() - min(due_at) filter (where parked_at is null and due_at <= now())), 0) as late_s
from csbe.tasks
"""


def stock_taker(pool: asyncpg.Pool, followers: tuple[Follower, ...]) -> Callable[[], Awaitable[None]]:
    """Brings the gauges up to date."""

    async def take_stock() -> None:
        for follower in followers:
            LAG.labels(follower.name).set(await follower.lag())
        [tasks] = await pool.fetch(_TASKS)
        TASKS_DUE.set(tasks["due"])
        TASKS_PARKED.set(tasks["parked"])
        TASKS_LATE.set(float(tasks["late_s"]))

    return take_stock


def database_answers(pool: asyncpg.Pool) -> Callable[[], Awaitable[bool]]:
    """The check whether the database answers within two seconds."""

    async def answers() -> bool:
        try:
            return bool(await pool.fetchval("select true", timeout=2))
        except _NO_ANSWER:
            return False

    return answers


def keeping_up(followers: tuple[Follower, ...]) -> Callable[[], Awaitable[bool]]:
    """The check whether the read models are not too far behind."""

    async def keeping_up() -> bool:
        try:
            return all([await follower.lag() < READY_LAG for follower in followers])
        except _NO_ANSWER:
            return False

    return keeping_up
