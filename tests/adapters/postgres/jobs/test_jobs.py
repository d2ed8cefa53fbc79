"""Consequences: stored with the position, carried out once they are due, tried again, and failed in the end."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest
import structlog
from structlog.testing import capture_logs

from adapters.postgres.database import Connection, UnencodableError
from adapters.postgres.event_store.store import PostgresEventStore
from adapters.postgres.followers.follower import Follower
from adapters.postgres.jobs.policy_runner import PolicyRunner
from adapters.postgres.jobs.queue import Backlog, JobQueue
from adapters.postgres.jobs.worker import MAX_ATTEMPTS, MAX_BACKOFF
from adapters.postgres.listener import JOBS
from domain.kernel.errors import RefusedError, Violation
from domain.kernel.ids import derived_id, event_id
from domain.kernel.messages import RecordedEvent, Role
from domain.kernel.ports import GatewayUnavailableError
from tests.support.bedroom import (
    NOON,
    Alarm,
    Bedroom,
    Woken,
    rings,
    when_it_rings_send_mail,
    when_it_rings_wake_everybody,
    when_it_rings_wake_later,
)

_SET_BY_NAME = """
update csbe.jobs set due_at = now() - $2::interval, failed_at = $3 where payload ->> 'name' = $1
"""


async def test_what_follows_from_an_event_is_carried_out_under_ids_that_follow_from_it(
    store: PostgresEventStore, bedroom: Bedroom
) -> None:
    event = await rings(store, when_it_rings_wake_everybody, "Ada", "Bob")

    assert await bedroom.worker().run_due() == 2

    assert sorted(bedroom.names) == ["Ada", "Bob"]
    cause = event_id(event.event.originator_id, event.event.originator_version)
    expected = {derived_id(cause, "when_it_rings_wake_everybody", place) for place in (0, 1)}
    assert {metadata.command_id for _, metadata in bedroom.woken} == expected
    told = bedroom.woken[0][1]
    assert (told.causation_id, told.correlation_id, told.service) == (cause, UUID(int=42), "drivenow-europe")
    assert (told.actor.role, told.actor.id) == (Role.SYSTEM, "when_it_rings_wake_everybody")
    assert await bedroom.pool.fetchval("select count(*) from csbe.jobs") == 0


async def test_an_event_that_is_followed_again_has_its_consequences_once(
    store: PostgresEventStore, bedroom: Bedroom
) -> None:
    await rings(store, when_it_rings_wake_everybody, "Ada")

    await bedroom.pool.execute("update csbe.followers set position = 0")
    await Follower(
        store.pool, store, "policies", PolicyRunner({Alarm.Rung: (when_it_rings_wake_everybody,)})
    ).catch_up()

    assert await bedroom.pool.fetchval("select count(*) from csbe.jobs") == 1


async def test_consequences_and_position_are_stored_together_or_not_at_all(
    store: PostgresEventStore, pool: asyncpg.Pool, owner: asyncpg.Connection
) -> None:
    runner = PolicyRunner({Alarm.Rung: (when_it_rings_wake_everybody,)})

    async def cut_after_storing(events: Sequence[RecordedEvent], connection: Connection) -> None:
        await runner(events, connection)
        await owner.execute("select pg_terminate_backend($1)", connection.get_server_pid())
        await connection.execute("select")

    await rings(store, lambda _recorded, _event: [], "Ada")
    await pool.execute("update csbe.followers set position = 0")
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await Follower(pool, store, "policies", cut_after_storing).catch_up()

    assert await pool.fetchval("select count(*) from csbe.jobs") == 0
    assert await pool.fetchval("select max(position) from csbe.followers") == 0


async def test_a_deadline_waits_for_its_time_and_outlives_a_restart(
    store: PostgresEventStore, bedroom: Bedroom
) -> None:
    await rings(store, when_it_rings_wake_later, "Ada")

    assert await bedroom.worker().run_due() == 0
    bedroom.time += timedelta(hours=1)
    assert await bedroom.worker().run_due() == 1

    assert bedroom.names == ["Ada"]


async def test_workers_are_woken_for_what_is_due_and_not_for_what_is_due_later(
    store: PostgresEventStore, pool: asyncpg.Pool
) -> None:
    heard: asyncio.Queue[object] = asyncio.Queue()
    async with pool.acquire() as connection:

        def hear(*news: object) -> None:
            heard.put_nowait(news)

        await connection.add_listener(JOBS, hear)
        await rings(store, when_it_rings_wake_later, "Ada")
        await rings(store, when_it_rings_wake_everybody, "Bob")
        await asyncio.wait_for(heard.get(), 10)
        await connection.fetch("select")  # whatever was told before has arrived by now
        await connection.remove_listener(JOBS, hear)

    assert heard.empty()
    assert await pool.fetchval("select count(*) from csbe.jobs") == 2


async def test_a_failing_task_is_tried_again_at_doubling_intervals_and_failed_in_the_end(
    store: PostgresEventStore, bedroom: Bedroom
) -> None:
    await rings(store, when_it_rings_send_mail, "hello")
    worker = bedroom.worker()
    bedroom.trouble = [GatewayUnavailableError(f"try {n}") for n in range(1, MAX_ATTEMPTS + 1)]

    pauses = []
    for attempt in range(1, MAX_ATTEMPTS):
        assert await worker.run_due() == 1
        job = await bedroom.job()
        assert (job["attempts"], job["last_error"], job["failed_at"]) == (attempt, f"try {attempt}", None)
        assert await worker.run_due() == 0
        pauses.append(job["due_at"] - bedroom.time)
        bedroom.time = job["due_at"]
    await worker.run_due()

    assert [pause.total_seconds() for pause in pauses[:4]] == [0.5, 1, 2, 4]
    assert max(pauses) == pauses[-1] == MAX_BACKOFF
    given_up = await bedroom.job()
    assert (given_up["failed_at"], given_up["last_error"]) == (bedroom.time, f"try {MAX_ATTEMPTS}")
    assert (given_up["attempts"], await worker.run_due()) == (MAX_ATTEMPTS, 0)


async def test_a_refusal_parks_at_once(store: PostgresEventStore, bedroom: Bedroom) -> None:
    await rings(store, when_it_rings_wake_everybody, "Ada")
    bedroom.trouble = [RefusedError(Violation(code="test.asleep", detail="nobody wakes Ada"))]

    await bedroom.worker().run_due()

    given_up = await bedroom.job()
    assert (given_up["failed_at"], given_up["last_error"]) == (NOON, "test.asleep: nobody wakes Ada")


@pytest.mark.parametrize("unforeseen", [ZeroDivisionError, UnencodableError])
async def test_an_unforeseen_error_is_tried_again_and_says_where_but_quotes_nothing(
    store: PostgresEventStore, bedroom: Bedroom, unforeseen: type[Exception]
) -> None:
    await rings(store, when_it_rings_send_mail, "hello", "again")
    bedroom.trouble = [unforeseen("ada@example.org")]

    with capture_logs(processors=[structlog.contextvars.merge_contextvars]) as logged:
        await bedroom.worker().run_due()

    failed = await bedroom.job()
    assert (failed["attempts"], failed["failed_at"]) == (1, None)
    assert failed["last_error"].startswith(f"{unforeseen.__name__} in perform, ")
    assert "ada@example.org" not in f"{failed['last_error']} {logged}"
    [warning] = logged
    ids = ("id", "kind", "correlation_id", "causation_id")
    assert [warning[name] for name in ("job", *ids[1:])] == [str(failed[name]) for name in ids]
    assert len(bedroom.mails) == 1


async def test_a_kind_that_this_version_does_not_know_is_left_for_one_that_does(
    store: PostgresEventStore, bedroom: Bedroom
) -> None:
    await rings(store, when_it_rings_wake_everybody, "Ada")
    await bedroom.pool.execute("update csbe.jobs set kind = 'test.new'")

    await bedroom.worker().run_due()

    job = await bedroom.job()
    assert (job["attempts"], job["failed_at"]) == (1, None)


async def test_an_error_that_the_database_cannot_store_is_stored_nearly(
    store: PostgresEventStore, bedroom: Bedroom
) -> None:
    await rings(store, when_it_rings_send_mail, "hello")
    bedroom.trouble = [GatewayUnavailableError("a\0b\ud800c")]

    await bedroom.worker().run_due()

    assert (await bedroom.job())["last_error"] == "ab?c"


async def test_the_answer_of_an_effect_is_given_under_an_id_of_its_own(
    store: PostgresEventStore, bedroom: Bedroom
) -> None:
    event = await rings(store, when_it_rings_send_mail, "hello")

    await bedroom.worker().run_due()

    cause = event_id(event.event.originator_id, event.event.originator_version)
    job_id = derived_id(cause, "when_it_rings_send_mail", 0)
    [(effect, key)] = bedroom.mails
    assert (effect.kind, key) == ("send_message", str(job_id))
    [(answer, metadata)] = bedroom.woken
    assert (answer, metadata.command_id) == (Woken(name="hello"), derived_id(job_id, "answer"))


async def test_the_backlog_counts_what_is_due_and_what_has_failed_and_not_what_comes_later(
    store: PostgresEventStore, pool: asyncpg.Pool
) -> None:
    queue = JobQueue(pool)
    assert await queue.backlog() == Backlog(due=0, failed=0, late_s=0)
    await rings(store, when_it_rings_wake_everybody, "Ada", "Bob", "Cleo", "Dora")
    await pool.execute("update csbe.jobs set due_at = now() - interval '1 hour'")
    await pool.execute(_SET_BY_NAME, "Ada", timedelta(hours=2), None)
    await pool.execute(_SET_BY_NAME, "Bob", -timedelta(hours=1), None)
    await pool.execute(_SET_BY_NAME, "Cleo", timedelta(hours=3), NOON)

    backlog = await queue.backlog()

    assert (backlog.due, backlog.failed) == (2, 1)
    assert backlog.late_s >= timedelta(hours=2).total_seconds()


async def test_nothing_is_idle_while_a_task_is_due_or_an_event_is_not_followed(
    store: PostgresEventStore, pool: asyncpg.Pool
) -> None:
    queue = JobQueue(pool)
    await rings(store, when_it_rings_wake_later, "Ada")  # in an hour

    assert await queue.is_idle(NOON, ["policies"])
    assert not await queue.is_idle(NOON + timedelta(hours=1), ["policies"])
    assert not await queue.is_idle(NOON, ["policies", "one that has not begun"])
    await pool.execute("update csbe.followers set position = 0")
    assert not await queue.is_idle(NOON, ["policies"])
