"""What operators do about parked tasks."""

from uuid import UUID, uuid4

import asyncpg

from tests.api.cli.terminal import Csbe


async def parked(pool: asyncpg.Pool) -> UUID:
    task_id: UUID = await pool.fetchval(
        "insert into csbe.tasks (id, policy, kind, payload, service, correlation_id, causation_id, due_at, attempts, "
        "parked_at, last_error) values ($1, 'when_trip_ended', 'billing.charge', '{}', 'drivenow-europe', $1, $1, "
        "now(), 20, now(), 'the provider [did] not answer') returning id",
        uuid4(),
    )
    return task_id


async def test_parked_tasks_are_listed_with_what_went_wrong(csbe: Csbe, pool: asyncpg.Pool) -> None:
    task_id = await parked(pool)
    await pool.execute(
        "insert into csbe.tasks (id, policy, kind, payload, service, correlation_id, causation_id, due_at) "
        "select gen_random_uuid(), policy, kind, payload, service, correlation_id, causation_id, due_at from csbe.tasks"
    )

    [shown] = (await csbe("tasks", "list", "--json")).json

    assert (shown["id"], shown["kind"], shown["attempts"]) == (str(task_id), "billing.charge", 20)
    assert (shown["last_error"], shown["correlation_id"]) == ("the provider [did] not answer", str(task_id))
    table = (await csbe("tasks", "list")).out
    assert "[did]" in table
    assert str(task_id) in table.split()


async def test_a_parked_task_is_tried_again_with_all_its_attempts(csbe: Csbe, pool: asyncpg.Pool) -> None:
    task_id = await parked(pool)

    ended = await csbe("tasks", "retry", str(task_id))

    assert ended.code == 0
    [task] = await pool.fetch("select parked_at, attempts, due_at <= now() as due from csbe.tasks")
    assert tuple(task) == (None, 0, True)
    assert (await csbe("tasks", "retry", str(task_id))).code == 2


async def test_a_parked_task_is_dropped_on_record(csbe: Csbe, pool: asyncpg.Pool) -> None:
    task_id = await parked(pool)

    ended = await csbe("tasks", "drop", str(task_id), "--reason", "paid in cash", "--by", "Igor")

    assert ended.code == 0
    assert await pool.fetchval("select count(*) from csbe.tasks") == 0
    [dropped] = await pool.fetch("select id, kind, last_error, dropped_by, reason from csbe.dropped_tasks")
    expected = (task_id, "billing.charge", "the provider [did] not answer", "Igor", "paid in cash")
    assert tuple(dropped) == expected
    again = await csbe("tasks", "drop", str(task_id), "--reason", "paid in cash")
    assert (again.code, again.err.strip()) == (2, f"error: there is no parked task {task_id}")


async def test_a_task_that_is_not_parked_cannot_be_dropped(csbe: Csbe, pool: asyncpg.Pool) -> None:
    task_id = await parked(pool)
    await pool.execute("update csbe.tasks set parked_at = null")

    ended = await csbe("tasks", "drop", str(task_id), "--reason", "in the way")

    assert ended.code == 2
    assert await pool.fetchval("select count(*) from csbe.tasks") == 1
