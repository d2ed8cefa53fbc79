"""Processes of two releases start, run and end beside each other, and show what the newer or an operator chose."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from unittest.mock import AsyncMock

import asyncpg
import pytest

from adapters.postgres.errors import BusyError, GenerationError
from adapters.postgres.event_store.store import PostgresEventStore
from adapters.postgres.jobs.queue import JobQueue
from adapters.postgres.read_models.generations import Generation, show
from adapters.postgres.read_models.projection import Projection
from adapters.postgres.webhooks.subscriptions import PostgresWebhooks
from api.composition import make_read_models
from api.composition.checks import keeping_up, stock_taker
from api.readiness import PartState
from projections.fleet import FleetProjector
from projections.kernel.projector import Projector
from projections.members import MembersProjector
from tests.api.cli.terminal import registered
from tests.projections.generations.greeting import Greeting, columns, count, states

_WAITING = """
select count(distinct pid) from pg_locks join pg_stat_activity using (pid)
where not granted and datname = current_database()
"""
UPGRADED = {1: "previous", 2: "live"}
WENT_BACK = {1: "live", 2: "previous"}


class Watched(Projection):
    """Counts how often it looked at the generations."""

    looked = 0

    async def generations(self) -> list[Generation]:
        self.looked += 1
        return await super().generations()


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.postgres.read_models.projection.POLL_SECONDS", 0.02)


@pytest.fixture
def process(pool: asyncpg.Pool, store: PostgresEventStore) -> Callable[[Projector], Watched]:
    """A process of a release, by what it makes of members."""
    return lambda projector: Watched(pool, store, projector)


@asynccontextmanager
async def running(*processes: Projection) -> AsyncIterator[None]:
    """While the block lasts; they end without an error."""
    stop = asyncio.Event()
    tasks = [asyncio.create_task(process.run(stop)) for process in processes]
    try:
        yield
    finally:
        stop.set()
        await asyncio.gather(*tasks)


async def upgraded(projection: Projection) -> None:
    while "previous" not in (await states(projection)).values():
        await asyncio.sleep(0.02)


async def looked_often(*processes: Watched) -> None:
    """Each process has seen many times how things are now."""
    looked = [process.looked for process in processes]
    while any(process.looked < before + 10 for process, before in zip(processes, looked, strict=True)):
        await asyncio.sleep(0.02)


async def test_processes_of_a_new_release_that_start_together_upgrade_once(
    pool: asyncpg.Pool, store: PostgresEventStore, members: Projection, process: Callable[[Projector], Watched]
) -> None:
    for _ in range(5):
        await registered(store)
    await members.catch_up()
    both = process(Greeting()), process(Greeting())

    async with running(*both):
        await upgraded(members)
        await looked_often(*both)

    assert await states(members) == UPGRADED
    assert await count(pool) == 5
    assert await members.show(1)


async def test_two_operators_who_swap_at_once_keep_the_former_generation(
    pool: asyncpg.Pool, store: PostgresEventStore, members: Projection, process: Callable[[Projector], Watched]
) -> None:
    await registered(store)
    await members.catch_up()
    operators = [process(Greeting()) for _ in range(4)]
    await operators[0].build()

    await asyncio.gather(*(operator.show(2) for operator in operators), return_exceptions=True)

    assert await states(members) == UPGRADED
    assert await pool.fetchval("select count(*) from members_v1.members") == 1


async def test_a_build_that_was_ready_is_not_called_ready_again_once_it_is_shown(
    store: PostgresEventStore, members: Projection, greeting: Projection
) -> None:
    await registered(store)
    begun = await greeting.begun()
    await greeting.build()
    await greeting.show(2)

    assert await greeting._is_built(begun, lambda _done, _end: None)

    assert await states(members) == UPGRADED


async def test_processes_of_the_old_release_that_run_on_do_not_undo_an_upgrade(
    store: PostgresEventStore, members: Projection, process: Callable[[Projector], Watched]
) -> None:
    await registered(store)
    old, new = process(MembersProjector()), process(Greeting())

    async with running(old, new):
        await upgraded(members)
        await looked_often(old, new)
        async with running(restarted := process(MembersProjector())):
            await looked_often(old, new, restarted)

    assert await states(members) == UPGRADED


async def test_processes_of_the_new_release_that_run_on_do_not_undo_that_somebody_went_back(
    store: PostgresEventStore, members: Projection, process: Callable[[Projector], Watched]
) -> None:
    await registered(store)
    old, new = process(MembersProjector()), process(Greeting())

    async with running(old, new):
        await upgraded(members)
        await members.show(1)
        await looked_often(old, new)
        async with running(restarted := process(Greeting())):
            await looked_often(old, new, restarted)

    assert await states(members) == WENT_BACK


async def test_a_release_whose_generation_was_dropped_does_not_make_it_again(
    store: PostgresEventStore, members: Projection, process: Callable[[Projector], Watched]
) -> None:
    await registered(store)
    old, new = process(MembersProjector()), process(Greeting())

    async with running(old, new):
        await upgraded(members)
        await members.drop_generation(1)
        await looked_often(old, new)

    assert await states(members) == {2: "live"}


async def test_a_build_that_another_release_dropped_ends_the_renewal_and_not_the_process(
    store: PostgresEventStore,
    members: Projection,
    process: Callable[[Projector], Watched],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await registered(store)
    new = process(Greeting())
    monkeypatch.setattr(new, "_build_on", AsyncMock(return_value=False))  # as long as another process is at it
    async with running(new):
        while await states(members) != {1: "live", 2: "building"}:
            await asyncio.sleep(0.02)
        await members.drop_generation(2)
        await looked_often(new)

    assert await states(members) == {1: "live"}


async def test_a_start_shows_what_was_built_where_no_generation_is_live(
    pool: asyncpg.Pool, store: PostgresEventStore, members: Projection, greeting: Projection, dsn: str
) -> None:
    for _ in range(5):
        await registered(store)
    await members.catch_up()
    await greeting.build()
    await greeting.show(2)
    await pool.execute("update csbe.generations set state = 'ready' where projection = 'members' and state = 'live'")
    readiness = keeping_up(members)
    gauges = stock_taker(pool, (members,), JobQueue(pool), PostgresWebhooks(pool, store))

    found = await readiness()
    assert found
    assert found.state is PartState.FAILED
    await gauges()
    await make_read_models(dsn)

    assert await states(members) == UPGRADED
    assert await count(pool) == 5
    assert "greeting" in await columns(pool, "read_v1")


async def test_a_start_explains_what_to_do_where_nothing_can_be_shown(
    pool: asyncpg.Pool, store: PostgresEventStore, members: Projection, greeting: Projection, dsn: str
) -> None:
    await registered(store)
    await greeting.begun()
    await pool.execute("update csbe.generations set state = 'dropped' where projection = 'members' and number = 1")

    with pytest.raises(GenerationError, match="neither a live generation nor one that was built") as explained:
        await make_read_models(dsn)

    await pool.execute(str(explained.value).partition("run: ")[2])
    await make_read_models(dsn)
    await members.catch_up()
    assert await states(members) == {3: "live"}
    assert await count(pool) == 1


async def test_a_start_that_changes_a_report_waits_for_its_readers_and_stops_nobody(
    pool: asyncpg.Pool, store: PostgresEventStore, dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.postgres.database.BUSY_ATTEMPTS", 3)
    reports = MembersProjector().reports_sql().replace("'One row per member.'", "'A row per member.'")
    monkeypatch.setattr(MembersProjector, "reports_sql", lambda _self: reports)
    comment = "select obj_description('reports.members'::regclass)"
    analyst = await asyncpg.connect(dsn)
    reading = analyst.transaction()
    await reading.start()
    await analyst.fetch("select * from reports.members")

    starting = asyncio.create_task(make_read_models(dsn))
    while not await pool.fetchval(_WAITING):
        await asyncio.sleep(0.01)
    await registered(store)
    assert not starting.done()
    with pytest.raises(BusyError, match="views of members cannot be changed while others read"):
        await starting

    await reading.rollback()
    await make_read_models(dsn)
    assert await analyst.fetchval(comment) == "A row per member."
    await analyst.close()


async def test_one_read_model_is_swapped_while_another_is(
    pool: asyncpg.Pool, store: PostgresEventStore, members: Projection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.postgres.database.BUSY_ATTEMPTS", 1)
    fleet = Projection(pool, store, FleetProjector())
    await fleet.build()
    await members.build()
    live, ready = await members.generations()

    async with pool.acquire() as connection, connection.transaction():
        await show(connection, ready, live)
        await fleet.show(2)

    assert await states(fleet) == UPGRADED
