"""Two batches under way at once: what they may share, what order they keep, what a cut or a conflict does to the other.

A test holds the append lock, so that both batches stand in PostgreSQL, each on its connection, until it lets them go.
"""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from uuid import UUID, uuid4

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.postgres.database import connect
from adapters.postgres.event_store.appender import AppendEntry, AppendStatus, Written
from adapters.postgres.event_store.group_commit import MAX_BATCH_EVENTS, WORTH_A_BATCH, GroupCommit, NoFigures
from adapters.postgres.event_store.mapper import StoredState
from adapters.postgres.event_store.server_epoch import KnownServer
from tests.support.boxes import entry

_WAITING = """
select pid from pg_locks join pg_stat_activity using (pid)
where datname = current_database() and relation = 'csbe.append_order'::regclass
    and mode = 'ExclusiveLock' and not granted
"""
_STORED = "select originator_id, originator_version from csbe.events order by notification_id"


class Gate:
    """The append lock, in the hands of a test."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def shut(self) -> None:
        """No batch gets through from now on."""
        await self._connection.execute("begin; lock table csbe.append_order in exclusive mode")

    async def open(self) -> None:
        """Those that wait go on."""
        await self._connection.execute("commit")

    async def waiting(self, count: int) -> list[int]:
        """The server processes of the batches that stand before it, once there are so many."""
        async with asyncio.timeout(10):
            while len(found := await self._connection.fetch(_WAITING)) < count:
                await asyncio.sleep(0.005)
        return [row["pid"] for row in found]

    async def cut(self, pids: list[int]) -> None:
        """Kill these server processes."""
        for pid in pids:
            await self._connection.execute("select pg_terminate_backend($1, 5000)", pid)


class Sizes(NoFigures):
    """How many events each batch had."""

    def __init__(self) -> None:
        self.seen: list[int] = []

    def batch(self, events: int) -> None:
        """Remembered."""
        self.seen.append(events)


@pytest.fixture
async def gate(owner_dsn: str) -> AsyncIterator[Gate]:
    connection = await asyncpg.connect(owner_dsn)
    yield Gate(connection)
    await connection.close()


def at_version(aggregate: UUID, *versions: int) -> AppendEntry:
    return AppendEntry(uuid4(), "f", None, "{}", [StoredState(aggregate, v, "t", b"{}") for v in versions])


async def given_to(group_commit: GroupCommit, *entries: AppendEntry) -> list[asyncio.Task[Written]]:
    """Writes that have begun, in this order."""
    tasks = [asyncio.create_task(group_commit.write(e)) for e in entries]
    await asyncio.sleep(0)
    return tasks


def a_batch() -> list[AppendEntry]:
    return [entry() for _ in range(WORTH_A_BATCH)]


async def test_while_one_batch_is_under_way_another_goes_to_the_database(pool: asyncpg.Pool, gate: Gate) -> None:
    group_commit = GroupCommit(pool)
    await gate.shut()

    first = await given_to(group_commit, *a_batch())
    await gate.waiting(1)
    second = await given_to(group_commit, *a_batch())
    await gate.waiting(2)
    await gate.open()

    results = await asyncio.gather(*first, *second)
    assert {r.status for r in results} == {AppendStatus.APPENDED}
    assert sorted(r.position for r in results) == list(range(1, 2 * WORTH_A_BATCH + 1))
    await group_commit.close()


async def test_beside_another_process_the_next_batch_waits_for_the_one_under_way(
    pool: asyncpg.Pool, gate: Gate
) -> None:
    sizes = Sizes()
    group_commit, other = GroupCommit(pool, figures=sizes), GroupCommit(pool)
    for each in (group_commit, other, group_commit):
        await each.write(entry())
    await gate.shut()

    first = await given_to(group_commit, *a_batch())
    await gate.waiting(1)
    second = await given_to(group_commit, *a_batch(), *a_batch())
    await gate.open()

    await asyncio.gather(*first, *second)
    assert sizes.seen == [1, 1, *[WORTH_A_BATCH] * 3]  # a second batch under way would have taken more, and left less
    await group_commit.close()
    await other.close()


async def test_few_appends_wait_for_the_batch_under_way(pool: asyncpg.Pool, gate: Gate) -> None:
    sizes = Sizes()
    group_commit = GroupCommit(pool, figures=sizes)
    await gate.shut()

    first = await given_to(group_commit, entry())
    await gate.waiting(1)
    few = await given_to(group_commit, entry(), entry(), entry())
    await gate.open()

    await asyncio.gather(*first, *few)
    assert sizes.seen == [1, 3]
    await group_commit.close()


async def test_appends_about_one_aggregate_keep_their_order_over_batches(pool: asyncpg.Pool, gate: Gate) -> None:
    group_commit, one = GroupCommit(pool), uuid4()
    await gate.shut()

    first = await given_to(group_commit, at_version(one, 1))
    await gate.waiting(1)
    later = await given_to(group_commit, at_version(one, 2), *a_batch(), at_version(one, 2), at_version(one, 3, 4))
    await gate.waiting(2)
    await gate.open()

    statuses = [r.status for r in await asyncio.gather(*first, *later)]
    assert statuses.count(AppendStatus.CONFLICT) == 1
    assert statuses[-2:] == [AppendStatus.CONFLICT, AppendStatus.APPENDED]
    stored = [version for aggregate, version in await pool.fetch(_STORED) if aggregate == one]
    assert stored == [1, 2, 3, 4]
    await group_commit.close()


async def test_a_command_given_twice_is_not_in_two_batches(pool: asyncpg.Pool, gate: Gate) -> None:
    group_commit, once = GroupCommit(pool), entry()
    twice = AppendEntry(once.command_id, "f", None, "{}", [StoredState(uuid4(), 1, "t", b"{}")])
    await gate.shut()

    first = await given_to(group_commit, once)
    await gate.waiting(1)
    later = await given_to(group_commit, twice, *a_batch())
    await gate.waiting(2)
    await gate.open()

    statuses = [r.status for r in await asyncio.gather(*first, *later)]
    assert statuses == [AppendStatus.APPENDED, AppendStatus.KNOWN, *[AppendStatus.APPENDED] * WORTH_A_BATCH]
    await group_commit.close()


async def test_a_conflict_in_one_batch_does_not_touch_the_other(pool: asyncpg.Pool, gate: Gate) -> None:
    group_commit, taken = GroupCommit(pool), uuid4()
    await group_commit.write(at_version(taken, 1))
    await gate.shut()

    first = await given_to(group_commit, at_version(taken, 1), *a_batch()[1:])
    await gate.waiting(1)
    second = await given_to(group_commit, *a_batch())
    await gate.waiting(2)
    await gate.open()

    statuses = [r.status for r in await asyncio.gather(*first, *second)]
    assert statuses == [AppendStatus.CONFLICT, *[AppendStatus.APPENDED] * (2 * WORTH_A_BATCH - 1)]
    assert await pool.fetchval("select count(*) from csbe.commands") == 2 * WORTH_A_BATCH
    await group_commit.close()


@pytest.mark.parametrize("cut", [[0], [1], [0, 1]], ids=["the first", "the second", "both"])
async def test_connections_cut_with_two_batches_under_way_lose_and_repeat_nothing(
    pool: asyncpg.Pool, gate: Gate, cut: list[int]
) -> None:
    group_commit, entries, one = GroupCommit(pool), [*a_batch(), *a_batch()], uuid4()
    await gate.shut()
    first = await given_to(group_commit, at_version(one, 1), *entries[:8])
    [head] = await gate.waiting(1)
    second = await given_to(group_commit, *entries[8:], at_version(one, 2))
    pids = sorted(await gate.waiting(2), key=lambda pid: pid != head)

    await gate.cut([pids[number] for number in cut])
    await gate.open()

    results = await asyncio.gather(*first, *second)
    assert {r.status for r in results} == {AppendStatus.APPENDED}
    expected = {(e.rows[0].originator_id, 1) for e in entries} | {(one, 1), (one, 2)}
    assert sorted(map(tuple, await pool.fetch(_STORED))) == sorted(expected)
    await group_commit.close()


async def test_callers_who_give_up_take_nothing_back_and_leave_the_others_alone(pool: asyncpg.Pool, gate: Gate) -> None:
    group_commit = GroupCommit(pool)
    await gate.shut()
    first = await given_to(group_commit, *a_batch())
    await gate.waiting(1)
    second = await given_to(group_commit, *a_batch())
    await gate.waiting(2)

    for task in first:
        task.cancel()
    await gate.open()

    assert {r.status for r in await asyncio.gather(*second)} == {AppendStatus.APPENDED}
    await group_commit.close()
    assert await pool.fetchval("select count(*) from csbe.events") == 2 * WORTH_A_BATCH


async def test_closing_waits_for_both_batches_and_gives_their_connections_back(pool: asyncpg.Pool, gate: Gate) -> None:
    group_commit = GroupCommit(pool)
    await gate.shut()
    first = await given_to(group_commit, *a_batch())
    await gate.waiting(1)
    second = await given_to(group_commit, *a_batch(), *a_batch())
    await gate.waiting(2)

    closing = asyncio.create_task(group_commit.close())
    await gate.open()
    await closing

    assert all(task.done() for task in (*first, *second))
    assert pool.get_size() == pool.get_idle_size()


async def test_one_connection_is_enough(postgres_dsn: str, pool: asyncpg.Pool) -> None:
    async with await connect(postgres_dsn, min_size=1, max_size=1) as narrow:
        group_commit = GroupCommit(narrow)
        async with asyncio.timeout(20):
            results = await asyncio.gather(*(group_commit.write(entry()) for _ in range(200)))
        await group_commit.close()
    assert {r.status for r in results} == {AppendStatus.APPENDED}
    assert await pool.fetchval("select count(*) from csbe.events") == len(results)


async def test_no_batch_is_larger_than_it_may_be(pool: asyncpg.Pool) -> None:
    sizes = Sizes()
    group_commit = GroupCommit(pool, figures=sizes)
    versions = [300, 300, 300, 300, MAX_BATCH_EVENTS + 1, 300, 1] * 2

    await asyncio.gather(*(group_commit.write(at_version(uuid4(), *range(1, n + 1))) for n in versions))

    assert sum(sizes.seen) == sum(versions)
    assert sorted(size for size in sizes.seen if size > MAX_BATCH_EVENTS) == [MAX_BATCH_EVENTS + 1] * 2
    await group_commit.close()


class AnotherServer(KnownServer):
    """It has gone: the one there now may have lost any version."""

    async def started(self) -> datetime:
        """Long ago."""
        return datetime(2000, 1, 1, tzinfo=UTC)


PLANS = st.lists(
    st.tuples(
        st.integers(0, 9),  # command
        st.dictionaries(st.integers(0, 3), st.integers(1, 3), max_size=3),  # version by aggregate
    ),
    min_size=1,
    max_size=40,
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(plan=PLANS)
async def test_appends_given_at_once_end_as_if_given_one_after_the_other(
    pool: asyncpg.Pool, plan: list[tuple[int, dict[int, int]]]
) -> None:
    commands, aggregates = [uuid4() for _ in range(10)], [uuid4() for _ in range(4)]
    entries = [
        AppendEntry(
            commands[c], "f", None, "{}", [StoredState(aggregates[a], v, "t", b"{}") for a, v in versions.items()]
        )
        for c, versions in plan
    ]
    group_commit = GroupCommit(pool, server=AnotherServer(pool))

    results = await asyncio.gather(*(group_commit.write(e) for e in entries))
    await group_commit.close()

    assert [r.status for r in results] == _one_after_the_other(plan)


def _one_after_the_other(plan: list[tuple[int, dict[int, int]]]) -> list[AppendStatus]:
    known: set[int] = set()
    taken: set[tuple[int, int]] = set()
    statuses = []
    for command, versions in plan:
        if command in known:
            statuses.append(AppendStatus.KNOWN)
        elif any((a, v) in taken or (v > 1 and (a, v - 1) not in taken) for a, v in versions.items()):
            statuses.append(AppendStatus.CONFLICT)
        else:
            known.add(command)
            taken |= set(versions.items())
            statuses.append(AppendStatus.APPENDED)
    return statuses
