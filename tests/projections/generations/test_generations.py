"""A read model is made anew beside the live one, and takes its place at once."""

import asyncio
from unittest.mock import AsyncMock

import asyncpg
import pytest

import projections
from adapters.postgres.errors import FollowerStoppedError, GenerationError
from adapters.postgres.event_store.store import PostgresEventStore
from adapters.postgres.followers.follower import Follower
from adapters.postgres.read_models import generations
from adapters.postgres.read_models.comparison import Comparison, compared
from adapters.postgres.read_models.generations import Generation, set_state
from adapters.postgres.read_models.projection import Projection
from api.composition import make_read_models
from projections.kernel.projector import Projector
from tests.api.cli.terminal import registered
from tests.projections.generations.greeting import columns, count, states


async def indexes_of(pool: asyncpg.Pool, generation: Generation) -> set[str]:
    found = await pool.fetch("select indexdef from pg_indexes where schemaname = $1", generation.schema)
    return {row["indexdef"].replace(generation.schema, "") for row in found}


async def test_a_first_start_shows_an_empty_read_model_at_once(pool: asyncpg.Pool, members: Projection) -> None:
    assert await states(members) == {1: "live"}
    assert await count(pool) == 0


async def test_a_start_with_changed_code_leaves_the_live_read_model_as_it_is(
    pool: asyncpg.Pool, store: PostgresEventStore, members: Projection, greeting: Projection, dsn: str
) -> None:
    await registered(store)
    await members.catch_up()

    await make_read_models(dsn)

    assert await states(greeting) == {1: "live"}
    assert members.writes(await members.live())
    assert not greeting.writes(await greeting.live())
    assert await count(pool) == 1


async def test_a_changed_read_model_is_built_compared_and_swapped_and_the_old_one_comes_back(
    pool: asyncpg.Pool, store: PostgresEventStore, members: Projection, greeting: Projection
) -> None:
    for _ in range(3):
        await registered(store)
    await members.catch_up()

    await greeting.build()
    [compared] = await greeting.compare()
    before = await columns(pool, "read_v1")
    await greeting.show(2)

    assert (compared.live_rows, compared.new_rows, compared.only_live, compared.only_new) == (3, 3, 0, 0)
    assert await columns(pool, "read_v1") == before - {"licence_expires_on"} | {"greeting"}
    assert await pool.fetchval("select greeting from read_v1.members limit 1") == "Dear Ada Lovelace"
    assert await columns(pool, "reports") >= {"member_id", "state"}
    assert await states(greeting) == {1: "previous", 2: "live"}
    assert await generations.live_followers(pool, ["members"]) == ["projection/members/v2"]

    await members.show(1)

    assert await columns(pool, "read_v1") == before
    assert "payment_methods" in await columns(pool, "reports")
    assert await states(members) == {1: "live", 2: "previous"}
    await members.drop_generation(2)
    assert await states(members) == {1: "live"}
    assert await pool.fetchval("select to_regclass('members_v2.members')") is None


async def test_what_differs_is_counted(pool: asyncpg.Pool, store: PostgresEventStore, members: Projection) -> None:
    await registered(store)
    await members.catch_up()
    await members.build()
    await pool.execute("update members_v1.members set blocked = true")

    [compared] = await members.compare()

    assert (compared.live_rows, compared.new_rows, compared.only_live, compared.only_new) == (1, 1, 1, 1)


async def test_the_live_read_model_goes_on_while_it_is_compared(
    store: PostgresEventStore, members: Projection, monkeypatch: pytest.MonkeyPatch
) -> None:
    await registered(store)
    await members.build()
    passed: list[int] = []

    async def amid_news(reader: asyncpg.Connection, *of: Generation) -> list[Comparison] | None:
        await reader.execute("select")
        await registered(store)
        passed.append(await members.catch_up())
        return await compared(reader, *of)

    monkeypatch.setattr("adapters.postgres.read_models.projection.compared", amid_news)

    [table] = await members.compare()

    assert passed == [1]
    assert (table.live_rows, table.new_rows, table.only_live, table.only_new) == (1, 1, 0, 0)


async def test_what_its_own_release_has_not_brought_up_to_date_is_not_compared(
    store: PostgresEventStore, members: Projection, greeting: Projection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.postgres.read_models.projection.COMPARE_ATTEMPTS", 2)
    await registered(store)
    await greeting.build()

    with pytest.raises(GenerationError, match="generations 1 and 2 are not at one position"):
        await greeting.compare()

    await members.catch_up()
    assert [table.only_new for table in await greeting.compare()] == [0]


async def test_a_swap_waits_for_the_disk(
    store: PostgresEventStore, members: Projection, monkeypatch: pytest.MonkeyPatch
) -> None:
    await registered(store)
    await members.build()
    await registered(store)
    await members.catch_up()
    monkeypatch.setattr(Follower, "catch_up", AsyncMock(return_value=0))  # so that the swap has to
    seen: list[str] = []

    async def noted(connection: asyncpg.Connection, generation: Generation, state: str) -> None:
        seen.append(await connection.fetchval("show synchronous_commit"))
        await set_state(connection, generation, state)

    monkeypatch.setattr(generations, "set_state", noted)

    await members.show(2)

    assert seen == ["on", "on"]


async def test_views_keep_the_comments_and_the_rights_of_the_analyst(
    pool: asyncpg.Pool, owner: asyncpg.Connection, greeting: Projection
) -> None:
    await greeting.build()
    await greeting.show(2)

    comment = "select col_description('read_v1.members'::regclass, attnum) from pg_attribute where attname = $1"
    where = " and attrelid = 'read_v1.members'::regclass"
    assert await pool.fetchval(comment + where, "greeting") == "Personal: how to greet."
    async with owner.transaction():
        await owner.execute("set local role csbe_analyst")
        assert await owner.fetchval("select count(*) from reports.members") == 0


async def test_a_reader_never_sees_less_than_everything_while_read_models_are_swapped(
    store: PostgresEventStore, members: Projection, greeting: Projection, dsn: str
) -> None:
    for _ in range(20):
        await registered(store)
    await members.catch_up()
    seen: list[int] = []
    done = asyncio.Event()

    async def read(view: str) -> None:
        connection = await asyncpg.connect(dsn)
        while not done.is_set():
            seen.append(await connection.fetchval(f"select count(*) from {view}"))  # noqa: S608
        await connection.close()

    readers = [asyncio.create_task(read(view)) for view in ("read_v1.members", "reports.members")]
    for _ in range(3):
        new = await greeting.build()
        await greeting.show(new.number)
        await members.show(1)
        await members.drop_generation(new.number)
    done.set()
    await asyncio.gather(*readers)

    assert len(seen) > 10
    assert set(seen) == {20}


async def test_the_new_generation_is_never_behind_what_readers_have_seen(
    pool: asyncpg.Pool, store: PostgresEventStore, members: Projection
) -> None:
    await registered(store)
    await members.build()
    for _ in range(3):
        await registered(store)
    await members.catch_up()

    await members.show(2)

    assert await count(pool) == 4


async def test_a_former_generation_of_other_code_that_fell_behind_is_not_shown_again(
    store: PostgresEventStore, members: Projection, greeting: Projection
) -> None:
    await registered(store)
    await members.catch_up()
    await greeting.build()
    await greeting.show(2)
    await registered(store)
    await greeting.catch_up()

    with pytest.raises(GenerationError, match="behind by 1, and only the release that made it"):
        await greeting.show(1)

    assert await members.show(1)


async def test_two_releases_at_once_each_follow_their_own_generation(
    pool: asyncpg.Pool, store: PostgresEventStore, members: Projection, greeting: Projection
) -> None:
    await registered(store)
    stop = asyncio.Event()
    running = [asyncio.create_task(projection.run(stop)) for projection in (members, greeting)]
    while await states(greeting) != {1: "previous", 2: "live"}:
        await asyncio.sleep(0.02)

    await registered(store)

    for schema in ("members_v1", "members_v2"):
        while await pool.fetchval(f"select count(*) from {schema}.members") < 2:  # noqa: S608
            await asyncio.sleep(0.02)
    stop.set()
    await asyncio.gather(*running)
    assert await count(pool) == 2


@pytest.mark.parametrize("projector", projections.PROJECTORS, ids=lambda projector: projector.NAME)
async def test_a_generation_that_was_built_has_the_indexes_of_one_that_was_there_at_once(
    pool: asyncpg.Pool, store: PostgresEventStore, projector: Projector
) -> None:
    projection = Projection(pool, store, projector)
    first = await projection.live()

    built = await projection.build()
    await projection.build()  # there is nothing left to do

    assert await indexes_of(pool, first)
    assert await indexes_of(pool, built) == await indexes_of(pool, first)


async def test_a_build_that_was_interrupted_goes_on_where_it_was(
    store: PostgresEventStore, members: Projection
) -> None:
    for _ in range(5):
        await registered(store)
    told: list[int] = []
    stop = asyncio.Event()

    def tell(done: int, _end: int) -> None:
        told.append(done)
        if len(told) == 2:
            stop.set()

    await members.build(tell, stop, batch=4)
    assert await states(members) == {1: "live", 2: "building"}
    with pytest.raises(GenerationError, match="still being built"):
        await members.ready()
    with pytest.raises(GenerationError, match="has no generation 2 to show"):
        await members.show(2)

    await members.build(tell)

    assert told[2] == told[1] > 0
    assert told == sorted(told)
    assert await states(members) == {1: "live", 2: "ready"}


@pytest.mark.parametrize(
    ("ask", "why"),
    [
        ("ready", "has no generation to show: build one first"),
        ("compare", "has no generation to show: build one first"),
        ("previous", "has no previous generation to go back to"),
        ("spare", "has the live generation only"),
    ],
)
async def test_what_cannot_be_done_is_explained(members: Projection, ask: str, why: str) -> None:
    with pytest.raises(GenerationError, match=why):
        await getattr(members, ask)()


async def test_a_generation_is_shown_once_and_dropped_once_and_never_while_it_is_live(members: Projection) -> None:
    await members.build()

    assert [await members.show(2) for _ in range(2)] == [True, False]
    with pytest.raises(GenerationError, match="shows generation 2, which cannot be dropped"):
        await members.drop_generation(2)
    assert [await members.drop_generation(1) for _ in range(2)] == [True, False]
    with pytest.raises(GenerationError, match="has no generation 1 to show"):
        await members.show(1)

    assert await states(members) == {2: "live"}


async def test_views_of_others_are_not_dropped_by_a_swap(
    owner: asyncpg.Connection, members: Projection, greeting: Projection
) -> None:
    await owner.execute("create view public.mine as select licence_expires_on from read_v1.members")
    await greeting.build()

    with pytest.raises(asyncpg.DependentObjectsStillExistError):
        await greeting.show(2)

    assert await states(members) == {1: "live", 2: "ready"}
    assert await owner.fetch("select * from public.mine") == []


async def test_a_poison_event_stops_the_generation_being_built_and_not_the_live_one(
    pool: asyncpg.Pool, store: PostgresEventStore, members: Projection
) -> None:
    await registered(store)
    await members.catch_up()
    new = await members.begun()
    await pool.execute(f"alter table {new.schema}.members add constraint planted check (member_id is null)")

    with pytest.raises(FollowerStoppedError, match="projection/members/v2 stopped"):
        await members.build()

    assert (await members.status()).failed_position is None
    assert await count(pool) == 1
