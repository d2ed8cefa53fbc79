"""Whether the system is well, and its gauges."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Protocol
from urllib.parse import urlsplit

import asyncpg

from adapters.mqtt.sharing import SharedIngest
from adapters.postgres.errors import GenerationError
from adapters.postgres.followers.follower import FollowerStatus
from adapters.postgres.jobs.queue import JobQueue
from adapters.postgres.webhooks.subscriptions import PostgresWebhooks
from adapters.postgres.write_check import why_writes_stand
from api.observability import (
    CHARGES_IN_REVIEW,
    JOBS_DUE,
    JOBS_FAILED,
    JOBS_LATE,
    LAG,
    REFUNDS_FAILED,
    WEBHOOK_LAG,
    WEBHOOKS,
)
from domain.webhooks.subscription import WebhookState

READY_LAG = 10_000
"""A process whose followers are further behind than this many positions is not ready."""

_MONEY = """
select (select count(*) from read_v1.charges where state = 'in_review') as in_review,
    (select count(*) from read_v1.refunds where state in ('failed', 'given_up')) as failed
"""
_NO_ANSWER = (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError)


class Stands(Protocol):
    """A follower, or a projection by its live generation."""

    async def status(self) -> FollowerStatus: ...


def stock_taker(
    pool: asyncpg.Pool, followers: tuple[Stands, ...], jobs: JobQueue, webhooks: PostgresWebhooks
) -> Callable[[], Awaitable[None]]:
    """Brings the gauges up to date."""
    shown: set[str] = set()

    async def take_stock() -> None:
        nonlocal shown
        shown = await _show_lags(followers, shown)
        backlog = await jobs.backlog()
        JOBS_DUE.set(backlog.due)
        JOBS_FAILED.set(backlog.failed)
        JOBS_LATE.set(backlog.late_s)
        with suppress(asyncpg.UndefinedTableError):  # no generation with these tables is live
            [money] = await pool.fetch(_MONEY)
            CHARGES_IN_REVIEW.set(money["in_review"])
            REFUNDS_FAILED.set(money["failed"])
        by_state = await webhooks.by_state()
        for state, found in by_state.items():
            WEBHOOKS.labels(state).set(found.number)
        WEBHOOK_LAG.set(by_state[WebhookState.ACTIVE].lag)

    return take_stock


async def _show_lags(followers: tuple[Stands, ...], before: set[str]) -> set[str]:
    """Show how far each is behind, and no longer what is not followed any more; returns who is shown."""
    names = set()
    for follower in followers:
        with suppress(GenerationError):  # none is live: not ready
            status = await follower.status()
            LAG.labels(status.name).set(status.lag)
            names.add(status.name)
    for gone in before - names:
        LAG.remove(gone)
    return names


def database_answers(pool: asyncpg.Pool) -> Callable[[], Awaitable[bool]]:
    """The check whether the database answers within two seconds."""

    async def answers() -> bool:
        try:
            return bool(await pool.fetchval("select true", timeout=2))
        except _NO_ANSWER:
            return False

    return answers


def writing(pool: asyncpg.Pool) -> Callable[[], Awaitable[bool | str]]:
    """The check whether appends go through; if not, why."""

    async def goes_through() -> bool | str:
        try:
            return await why_writes_stand(pool) or True
        except _NO_ANSWER:
            return False

    return goes_through


def keeping_up(*followers: Stands) -> Callable[[], Awaitable[bool]]:
    """The check whether followers go on, and are not too far behind."""

    async def keeping_up() -> bool:
        try:
            statuses = [await follower.status() for follower in followers]
        except (*_NO_ANSWER, GenerationError):
            return False
        return all(status.failed_position is None and status.lag < READY_LAG for status in statuses)

    return keeping_up


def broker_answers(url: str) -> Callable[[], Awaitable[bool]]:
    """The check whether somebody listens where the broker should be, within two seconds."""
    address = urlsplit(url)
    port = address.port or (8883 if address.scheme == "mqtts" else 1883)

    async def answers() -> bool:
        try:
            async with asyncio.timeout(2):
                _, connection = await asyncio.open_connection(address.hostname, port)
        except OSError:
            return False
        connection.close()
        return True

    return answers


def listening(ingest: SharedIngest) -> Callable[[], Awaitable[bool]]:
    """The check whether ingest hears the cars, where it is told to."""

    async def listening() -> bool:
        return ingest.is_ready

    return listening
