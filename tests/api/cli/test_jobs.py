"""What operators do about failed jobs."""

from uuid import UUID, uuid4

import asyncpg
import pytest

from adapters.postgres.event_store.store import PostgresEventStore
from domain.operations.job_orders import JobOrders
from tests.api.cli.terminal import Csbe


async def given_up(pool: asyncpg.Pool) -> UUID:
    job_id: UUID = await pool.fetchval(
        "insert into csbe.jobs (id, policy, kind, payload, service, correlation_id, causation_id, due_at, attempts, "
        "failed_at, last_error) values ($1, 'when_trip_ended', 'billing.charge', '{}', 'drivenow-europe', $1, $1, "
        "now(), 20, now(), 'the provider [did] not answer') returning id",
        uuid4(),
    )
    return job_id


async def test_parked_tasks_are_listed_with_what_went_wrong(csbe: Csbe, pool: asyncpg.Pool) -> None:
    job_id = await given_up(pool)
    await pool.execute(
        "insert into csbe.jobs (id, policy, kind, payload, service, correlation_id, causation_id, due_at) "
        "select gen_random_uuid(), policy, kind, payload, service, correlation_id, causation_id, due_at from csbe.jobs"
    )

    [shown] = (await csbe("jobs", "list", "--json")).json

    assert (shown["id"], shown["kind"], shown["attempts"]) == (str(job_id), "billing.charge", 20)
    assert (shown["last_error"], shown["correlation_id"]) == ("the provider [did] not answer", str(job_id))
    table = (await csbe("jobs", "list")).out
    assert "[did]" in table
    assert str(job_id) in table.split()


async def test_a_parked_task_is_tried_again_with_all_its_attempts(csbe: Csbe, pool: asyncpg.Pool) -> None:
    job_id = await given_up(pool)

    ended = await csbe("jobs", "retry", str(job_id), "--reason", "the provider is back")

    assert ended.code == 0
    [task] = await pool.fetch("select failed_at, attempts, due_at <= now() as due from csbe.jobs")
    assert tuple(task) == (None, 0, True)
    assert (await csbe("jobs", "retry", str(job_id), "--reason", "the provider is back")).code == 2


async def test_a_parked_task_is_dropped_on_record(csbe: Csbe, pool: asyncpg.Pool) -> None:
    job_id = await given_up(pool)

    ended = await csbe("jobs", "drop", str(job_id), "--reason", "paid in cash", "--by", "Igor")

    assert ended.code == 0
    assert await pool.fetchval("select count(*) from csbe.jobs") == 0
    [dropped] = await pool.fetch("select id, kind, last_error, dropped_by, reason from csbe.dropped_jobs")
    expected = (job_id, "billing.charge", "the provider [did] not answer", "Igor", "paid in cash")
    assert tuple(dropped) == expected
    again = await csbe("jobs", "drop", str(job_id), "--reason", "paid in cash")
    assert (again.code, again.err.strip()) == (2, f"error: there is no failed job {job_id}")


async def test_a_task_that_is_not_parked_cannot_be_dropped(csbe: Csbe, pool: asyncpg.Pool) -> None:
    job_id = await given_up(pool)
    await pool.execute("update csbe.jobs set failed_at = null")

    ended = await csbe("jobs", "drop", str(job_id), "--reason", "in the way")

    assert ended.code == 2
    assert await pool.fetchval("select count(*) from csbe.jobs") == 1


async def test_nobody_decides_as_root(csbe: Csbe, pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = await given_up(pool)
    monkeypatch.setattr("getpass.getuser", lambda: "root")
    drop = ("jobs", "drop", str(job_id), "--reason", "paid in cash")

    nameless, named = await csbe(*drop), await csbe(*drop, "--by", "Igor")

    assert (nameless.code, named.code) == (2, 0)
    assert "--by" in nameless.err


async def test_who_ordered_what_and_why_is_in_the_log(
    csbe: Csbe, pool: asyncpg.Pool, store: PostgresEventStore
) -> None:
    job_id = await given_up(pool)

    await csbe("jobs", "drop", str(job_id), "--reason", "paid in cash", "--by", "Igor")

    topics = [event.TOPIC for event in (JobOrders.DropOrdered, JobOrders.CarriedOut)]
    ordered, ended = [recorded async for recorded in store.read(topics=topics)]
    assert isinstance(ordered.event, JobOrders.DropOrdered)
    assert (ordered.event.job_id, ordered.event.by, ordered.event.reason) == (job_id, "Igor", "paid in cash")
    assert (ended.metadata.correlation_id, ended.metadata.actor.id) == (ordered.metadata.correlation_id, "Igor")
    assert (await csbe("operations", "list", "--json")).json == []


async def test_an_order_that_was_cut_off_is_listed_and_finished(
    csbe: Csbe, pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = await given_up(pool)

    async def cut(*_: object, **__: object) -> bool:
        raise OSError("the network is down")

    with monkeypatch.context() as network:
        network.setattr("adapters.postgres.jobs.queue.JobQueue.retry", cut)
        cut_off = await csbe("jobs", "retry", str(job_id), "--reason", "the provider is back")
    [order] = (await csbe("operations", "list", "--json")).json
    finished = await csbe("operations", "finish")

    assert (cut_off.code, finished.code) == (3, 0)
    assert (order["order"], order["by"]) == ("operations.job.retry_ordered", "olga")
    assert order["facts"]["job_id"] == str(job_id)
    assert f"{job_id} is tried again" in finished.err
    assert await pool.fetchval("select failed_at from csbe.jobs") is None
    assert (await csbe("operations", "list", "--json")).json == []
