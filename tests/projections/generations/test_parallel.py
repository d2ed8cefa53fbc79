"""A read model is built by several processes, each for some aggregates; its rows are those that one would make."""

import asyncio
import multiprocessing
import os
import signal
import sys
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import UUID, uuid4

import asyncpg
import pytest

import projections
from adapters.postgres.errors import FollowerStoppedError, GenerationError
from adapters.postgres.event_store.appender import AppendEntry
from adapters.postgres.event_store.group_commit import GroupCommit
from adapters.postgres.event_store.mapper import StoredState
from adapters.postgres.event_store.reader import Shard
from adapters.postgres.event_store.store import PostgresEventStore
from adapters.postgres.followers.follower import skip
from adapters.postgres.followers.shards import alone, split
from adapters.postgres.read_models.generations import Generation
from adapters.postgres.read_models.parallel_build import Access, ParallelBuild
from adapters.postgres.read_models.projection import Projection
from domain.members.member import Member
from projections.billing import BillingProjector
from projections.kernel.projector import Projector
from projections.members import MembersProjector
from projections.rental import RentalProjector
from projections.utilisation import UtilisationProjector
from tests.api.cli.terminal import METADATA, registered
from tests.benchmarks import history
from tests.projections.generations.greeting import states
from tests.support.keys import KEYS
from tests.support.planting import Log

MEMBERS = 9
PARALLEL = [projector for projector in projections.PROJECTORS if projector.PARALLEL]

_WAITING = """
select count(distinct pid) from pg_locks join pg_stat_activity using (pid)
where not granted and datname = current_database()
"""

_WORKERS = """
select count(*) from pg_stat_activity where application_name = 'csbe worker' and datname = current_database()
"""


@pytest.fixture
async def end(store: PostgresEventStore, owner: asyncpg.Connection) -> int:
    """Where a log with the stories of some members ends."""
    return await history.write(store, await history.story(), MEMBERS, owner)


def by_workers(count: int, store: PostgresEventStore, dsn: str, model: Projector) -> ParallelBuild:
    return ParallelBuild(store, model, Access(dsn, KEYS), count)


async def split_in(count: int, projection: Projection, pool: asyncpg.Pool) -> tuple[Generation, list[Shard]]:
    """A build in so many parts that was begun and left."""
    new = await projection.begun()
    async with pool.acquire() as connection, connection.transaction():
        return new, await split(connection, new.follower, count)


async def assert_same_rows(projection: Projection) -> None:
    """The generation that was built has the rows of the live one, which one follower made."""
    await projection.catch_up()
    for compared in await projection.compare():
        assert compared.live_rows > 0 or compared.table in {"zones", "field_tasks", "damages", "transfers"}
        assert (compared.new_rows, compared.only_live, compared.only_new) == (compared.live_rows, 0, 0)


@asynccontextmanager
async def blocked(pool: asyncpg.Pool, table: str) -> AsyncIterator[None]:
    """Nobody can write into a table."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(f"lock table {table} in exclusive mode")
        yield


async def waiting(pool: asyncpg.Pool, count: int) -> None:
    """Until so many wait for a lock."""
    while await pool.fetchval(_WAITING) < count:
        await asyncio.sleep(0.02)


@asynccontextmanager
async def held_up(
    pool: asyncpg.Pool, store: PostgresEventStore, dsn: str, generation: Generation
) -> AsyncIterator[asyncio.Task[Generation]]:
    """Two workers at a build of members, neither of which gets on during the block."""
    async with blocked(pool, f"{generation.schema}.members"):
        build = asyncio.create_task(by_workers(2, store, dsn, MembersProjector()).run())
        await waiting(pool, 2)
        yield build


async def damaged(pool: asyncpg.Pool) -> int:
    """The position of an event that cannot be read."""
    state = StoredState(uuid4(), 1, Member.Registered.TOPIC, b'{"damaged": true}')
    entry = AppendEntry(uuid4(), "f", None, METADATA.model_dump_json(), [state])
    return (await GroupCommit(pool).write(entry)).position


@pytest.mark.parametrize("model", PARALLEL, ids=lambda model: model.NAME)
async def test_no_row_of_a_read_model_that_allows_workers_is_touched_by_two_aggregates(
    model: Projector, log: Log
) -> None:
    touched_by: dict[object, set[UUID]] = defaultdict(set)

    for recorded in log:
        for change in model.changes(recorded):
            touched_by[change.table, change.key].add(recorded.event.originator_id)

    assert touched_by
    assert all(len(aggregates) == 1 for aggregates in touched_by.values())


@pytest.mark.usefixtures("end")
@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("model", PARALLEL, ids=lambda model: model.NAME)
async def test_parts_that_are_followed_one_after_the_other_give_the_rows_of_one_follower(
    pool: asyncpg.Pool, store: PostgresEventStore, model: Projector, count: int
) -> None:
    projection = Projection(pool, store, model)
    new, shards = await split_in(count, projection, pool)

    for shard in reversed(shards):
        await projection.follower(new, 50, shard).catch_up()
    await projection.build()

    assert await states(projection) == {1: "live", 2: "ready"}
    assert [name async for name in followers_of(pool, new)] == [new.follower]
    await assert_same_rows(projection)


async def followers_of(pool: asyncpg.Pool, generation: Generation) -> AsyncIterator[str]:
    for row in await pool.fetch("select name from csbe.followers where starts_with(name, $1)", generation.follower):
        yield row["name"]


@pytest.mark.parametrize(("model", "count"), [(RentalProjector(), 2), (BillingProjector(), 3)])
async def test_processes_build_the_rows_of_one_follower_and_tell_their_progress(
    pool: asyncpg.Pool, store: PostgresEventStore, dsn: str, end: int, model: Projector, count: int
) -> None:
    told: list[tuple[int, int]] = []

    await by_workers(count, store, dsn, model).run(lambda done, until: told.append((done, until)))

    assert told == sorted(told)
    assert (told[0], told[-1]) == ((0, end), (end, end))
    await assert_same_rows(Projection(pool, store, model))


async def test_what_is_appended_while_workers_build_comes_after_them(
    pool: asyncpg.Pool, store: PostgresEventStore, dsn: str, end: int, members: Projection
) -> None:
    async with held_up(pool, store, dsn, await members.begun()) as build:
        await registered(store)
        await members.catch_up()  # the live one goes on meanwhile
    await build

    assert await store.end() == end + 1
    await assert_same_rows(members)


async def test_a_build_goes_on_after_one_of_its_workers_was_killed(
    pool: asyncpg.Pool, store: PostgresEventStore, dsn: str, end: int, members: Projection
) -> None:
    new = await members.begun()
    async with held_up(pool, store, dsn, new) as build:
        [first] = [p for p in multiprocessing.active_children() if p.name == f"{new.follower}/1of2"]
        assert first.pid is not None
        os.kill(first.pid, signal.SIGKILL)

    with pytest.raises(
        GenerationError, match=r"members lost a worker, projection/members/v2/1of2 at position 0 \(SIGKILL\)"
    ):
        await build
    statuses = {standing.name: standing.position for _, standing in await members.statuses()}
    assert statuses == {"projection/members/v1": 0, f"{new.follower}/1of2": 0, f"{new.follower}/2of2": end}

    await by_workers(2, store, dsn, MembersProjector()).run()

    assert await states(members) == {1: "live", 2: "ready"}
    await assert_same_rows(members)


@pytest.mark.usefixtures("end")
async def test_workers_end_when_the_command_that_started_them_was_killed_and_the_build_goes_on(
    pool: asyncpg.Pool, store: PostgresEventStore, dsn: str, members: Projection
) -> None:
    words = ("-m", "api.cli", "projections", "build", "members", "--reason", "new", "--by", "olga", "--workers", "2")
    async with blocked(pool, f"{(await members.begun()).schema}.members"):
        csbe = await asyncio.create_subprocess_exec(
            sys.executable, *words, env={**os.environ, "CSBE_POSTGRES_DSN": dsn}, stderr=asyncio.subprocess.DEVNULL
        )
        await waiting(pool, 2)
        csbe.kill()
        await csbe.wait()
    while await pool.fetchval(_WORKERS):
        await asyncio.sleep(0.02)
    assert await states(members) == {1: "live", 2: "building"}

    await by_workers(2, store, dsn, MembersProjector()).run()

    await assert_same_rows(members)


@pytest.mark.usefixtures("end")
async def test_an_event_to_blame_stops_the_build_where_it_is_until_it_is_skipped(
    pool: asyncpg.Pool, store: PostgresEventStore, dsn: str, members: Projection
) -> None:
    position = await damaged(pool)
    build = by_workers(2, store, dsn, MembersProjector())

    stopped_there = rf"projection/members/v2/[12]of2 stopped at position {position}: Unreadable"
    with pytest.raises(FollowerStoppedError, match=stopped_there):
        await build.run()

    [stopped] = [f for _, f in await members.followers() if (await f.status()).failed_position == position]
    assert await skip(pool, stopped.name, position, by="Olga", reason="damaged")
    assert multiprocessing.active_children() == []
    await build.run()
    live = (await members.followers())[0][1]
    with pytest.raises(FollowerStoppedError):
        await live.catch_up()
    assert await skip(pool, live.name, position, by="Olga", reason="damaged")
    await assert_same_rows(members)


@pytest.mark.usefixtures("end")
async def test_a_build_goes_on_by_another_number_of_workers(
    pool: asyncpg.Pool, store: PostgresEventStore, dsn: str, members: Projection
) -> None:
    new, shards = await split_in(3, members, pool)
    await members.follower(new, 40, shards[1]).catch_up(once=True)

    await by_workers(2, store, dsn, MembersProjector()).run()

    assert [name async for name in followers_of(pool, new)] == [new.follower]
    await assert_same_rows(members)


@pytest.mark.usefixtures("end")
async def test_workers_go_on_with_what_one_process_began(
    store: PostgresEventStore, dsn: str, members: Projection
) -> None:
    await members.follower(await members.begun(), 100).catch_up(once=True)

    await by_workers(2, store, dsn, MembersProjector()).run()

    await assert_same_rows(members)


@pytest.mark.usefixtures("end")
async def test_a_generation_that_another_process_has_built_meanwhile_is_not_split(
    store: PostgresEventStore, dsn: str, members: Projection
) -> None:
    new = await members.begun()
    await members.build()

    assert await by_workers(2, store, dsn, MembersProjector())._split(new) == []

    assert len(await members.followers()) == 2
    await assert_same_rows(members)


async def test_a_process_that_builds_alone_leaves_the_parts_to_who_conducts_them(
    pool: asyncpg.Pool, end: int, members: Projection
) -> None:
    new, _ = await split_in(2, members, pool)
    told: list[int] = []

    async with alone(pool, new.follower):
        build = asyncio.create_task(members.build(lambda done, _end: told.append(done)))
        while len(told) < 3:
            await asyncio.sleep(0.02)
        assert (await members.follower(new).status()).position == 0
    await build

    assert told == sorted(told)
    assert told[-1] == end
    await assert_same_rows(members)


async def test_a_build_by_workers_waits_for_another_that_is_under_way(
    pool: asyncpg.Pool, store: PostgresEventStore, dsn: str, end: int, members: Projection
) -> None:
    new, shards = await split_in(2, members, pool)

    async with alone(pool, new.follower):
        build = asyncio.create_task(by_workers(3, store, dsn, MembersProjector()).run())
        for shard in shards:
            await members.follower(new, shard=shard).catch_up(until=end)
    await build

    await assert_same_rows(members)


@pytest.mark.usefixtures("end")
async def test_nobody_follows_for_a_part_while_the_generation_is_held(pool: asyncpg.Pool, members: Projection) -> None:
    new, [first, _] = await split_in(2, members, pool)

    async with members.follower(new).held():
        assert await members.follower(new, shard=first).catch_up() == 0

    assert await members.follower(new, shard=first).catch_up() > 0


async def test_a_generation_that_is_dropped_takes_its_parts_with_it_and_its_workers_stop(
    pool: asyncpg.Pool, store: PostgresEventStore, dsn: str, end: int, members: Projection
) -> None:
    new = await members.begun()
    async with held_up(pool, store, dsn, new) as build:
        drop = asyncio.create_task(members.drop_generation(new.number))
        await waiting(pool, 3)
    await drop

    with pytest.raises(GenerationError, match="lost generation 2: dropped"):
        await build
    assert [name async for name in followers_of(pool, new)] == []
    assert end == await store.end()


async def test_a_read_model_of_rows_that_depend_on_several_aggregates_is_refused(
    store: PostgresEventStore, dsn: str
) -> None:
    with pytest.raises(GenerationError, match="utilisation is built by one worker: its rows depend on several"):
        by_workers(2, store, dsn, UtilisationProjector())
