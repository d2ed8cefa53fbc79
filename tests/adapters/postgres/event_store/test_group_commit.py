"""Group commit at its edges: an answer that got lost, one bad entry among good ones."""

import asyncio
from uuid import uuid4

import asyncpg
import pytest

from adapters.postgres.event_store import appender
from adapters.postgres.event_store.appender import AppendEntry, AppendStatus, AppendWriter
from adapters.postgres.event_store.group_commit import GroupCommit
from adapters.postgres.event_store.mapper import StoredState
from adapters.postgres.event_store.notifier import Notifier
from adapters.postgres.event_store.server_epoch import KnownServer
from tests.support.boxes import entry


@pytest.mark.parametrize("count", [1, 3])
async def test_entries_whose_answer_was_lost_are_recognised_when_sent_again(pool: asyncpg.Pool, count: int) -> None:
    writer, append_id = AppendWriter(pool, KnownServer(pool), Notifier(pool)), uuid4()
    lost = [entry() for _ in range(count)]
    first = await writer.write(lost, append_id)
    await writer.write([entry()], uuid4())
    assert await writer.write(lost, append_id) == first
    assert await writer.write(lost[-1:], append_id) == first[-1:]
    assert {written.status for written in first} == {AppendStatus.APPENDED}
    assert await pool.fetchval("select count(*) from csbe.events") == count + 1
    await writer.close()


async def test_the_same_command_by_another_append_is_known_not_appended(pool: asyncpg.Pool) -> None:
    group_commit, first = GroupCommit(pool), entry()
    await group_commit.write(first)
    assert (await group_commit.write(first)).status is AppendStatus.KNOWN


@pytest.mark.parametrize("bad", [entry(topic="nul \0"), entry(state="text")])  # type: ignore[arg-type]
async def test_an_entry_that_cannot_be_stored_fails_alone(pool: asyncpg.Pool, bad: AppendEntry) -> None:
    group_commit = GroupCommit(pool)
    results = await asyncio.gather(*(group_commit.write(e) for e in (entry(), bad, entry())), return_exceptions=True)
    assert [isinstance(r, Exception) for r in results] == [False, True, False]
    assert await pool.fetchval("select count(*) from csbe.events") == 2


async def test_two_entries_about_one_aggregate_go_one_after_the_other(pool: asyncpg.Pool) -> None:
    group_commit, aggregate = GroupCommit(pool), uuid4()
    entries = [AppendEntry(uuid4(), "f", None, "{}", [StoredState(aggregate, v, "t", b"{}")]) for v in (1, 2, 2, 3)]
    results = await asyncio.gather(*(group_commit.write(e) for e in entries))
    assert [r.status for r in results] == [
        AppendStatus.APPENDED,
        AppendStatus.APPENDED,
        AppendStatus.CONFLICT,
        AppendStatus.APPENDED,
    ]


async def test_positions_of_a_batch_are_one_after_the_other_and_a_command_without_events_has_the_one_before_it(
    pool: asyncpg.Pool,
) -> None:
    group_commit = GroupCommit(pool)
    sizes = (0, 2, 0, 3, 1)
    aggregates = [uuid4() for _ in sizes]
    entries = [
        AppendEntry(
            uuid4(), "f", None, '{"service": "s"}', [StoredState(aggregate, v, "t", b"") for v in range(1, size + 1)]
        )
        for aggregate, size in zip(aggregates, sizes, strict=True)
    ]

    together = await asyncio.gather(*(group_commit.write(e) for e in entries))
    alone = await group_commit.write(AppendEntry(uuid4(), "f", None, "{}", []))

    assert [r.position for r in (*together, alone)] == [0, 2, 2, 5, 6, 6]
    stored = await pool.fetch("select notification_id, originator_id from csbe.events order by notification_id")
    expected = [aggregate for aggregate, size in zip(aggregates, sizes, strict=True) for _ in range(size)]
    assert [tuple(row) for row in stored] == list(enumerate(expected, 1))
    assert await pool.fetch("select from csbe.events where metadata ->> 'service' <> 's'") == []


async def test_appends_by_a_cancelled_caller_do_not_disturb_the_others(pool: asyncpg.Pool) -> None:
    group_commit = GroupCommit(pool)
    tasks = [asyncio.create_task(group_commit.write(entry())) for _ in range(10)]
    await asyncio.sleep(0)
    tasks[3].cancel()
    results = await asyncio.gather(*tasks, return_exceptions=True)
    await group_commit.close()
    assert sum(isinstance(r, asyncio.CancelledError) for r in results) == 1
    assert sum(not isinstance(r, BaseException) for r in results) == 9


async def test_a_connection_that_is_not_needed_goes_back_to_the_pool_and_comes_again(
    pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(appender, "IDLE_SECONDS", 0.01)
    group_commit = GroupCommit(pool)
    await group_commit.write(entry())
    in_use = pool.get_size() - pool.get_idle_size()

    async with asyncio.timeout(5):
        while pool.get_size() - pool.get_idle_size():
            await asyncio.sleep(0.01)
    again = await group_commit.write(entry())

    assert (in_use, again.status) == (1, AppendStatus.APPENDED)
    await group_commit.close()
