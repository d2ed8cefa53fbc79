"""Followers: exactly once, in order, and a clear stop."""

import asyncio
from collections.abc import Callable, Sequence
from uuid import uuid4

import asyncpg
import pytest

from adapters.postgres.database import Connection
from adapters.postgres.errors import FollowerStoppedError
from adapters.postgres.event_store.appender import AppendEntry
from adapters.postgres.event_store.group_commit import GroupCommit
from adapters.postgres.event_store.mapper import StoredState
from adapters.postgres.event_store.store import PostgresEventStore
from adapters.postgres.followers.follower import Follower, retry, skip, wait_for
from domain.kernel.aggregate import Aggregate, Created
from domain.kernel.messages import RecordedEvent

METADATA = (
    '{"command_id": "6f0f54b5-9d0f-5c35-9c4f-3a0f0d1c2b3a", "command": "test", "service": "s", '
    '"actor": {"role": "system", "id": "test"}, "correlation_id": "6f0f54b5-9d0f-5c35-9c4f-3a0f0d1c2b3a"}'
)
GUEST = "Ada Lovelace"
STATE = b'{"timestamp": "2026-01-01T00:00:00Z", "originator_topic": "test.bell", "note": %d}'

_SOMEBODY_WAITS = """
select exists (select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock')
"""


class Bell(Aggregate):
    """Something that rings once."""

    TOPIC = "test.bell"
    note: int

    class Rung(Created):
        """It rang."""

        TOPIC = "test.bell.rung"
        note: int


@pytest.fixture
async def heard(pool: asyncpg.Pool) -> str:
    await pool.execute("create table if not exists heard (position bigint)")
    await pool.execute("truncate heard")
    return "heard"


async def ring(pool: asyncpg.Pool, count: int, *, state: bytes = STATE) -> int:
    rows = [StoredState(uuid4(), 1, "test.bell.rung", state.replace(b"%d", b"%d" % n)) for n in range(count)]
    return (await GroupCommit(pool).write(AppendEntry(uuid4(), "f", None, METADATA, rows))).position


async def write_down(events: Sequence[RecordedEvent], connection: Connection) -> None:
    await connection.executemany("insert into heard values ($1)", [(e.position,) for e in events])


async def positions(pool: asyncpg.Pool) -> list[int]:
    return [r[0] for r in await pool.fetch("select position from heard order by position")]


@pytest.mark.usefixtures("heard")
async def test_two_followers_of_one_name_share_the_work_exactly_once(
    store: PostgresEventStore, pool: asyncpg.Pool
) -> None:
    stop = asyncio.Event()
    followers = [Follower(pool, store, "bells", write_down, batch=7) for _ in range(2)]
    running = [asyncio.create_task(f.run(stop)) for f in followers]
    for _ in range(20):
        last = await ring(pool, 5)
    assert await wait_for(pool, "bells", last)
    stop.set()
    await asyncio.gather(*running)

    assert await positions(pool) == list(range(1, 101))
    assert await followers[0].lag() == 0


@pytest.mark.usefixtures("heard")
async def test_a_poison_event_stops_the_follower_on_record_until_it_is_skipped(
    store: PostgresEventStore, pool: asyncpg.Pool
) -> None:
    await ring(pool, 10)
    await ring(pool, 1, state=b'{"damaged": true}')
    await ring(pool, 10)
    follower = Follower(pool, store, "bells", write_down)

    for _ in range(2):
        with pytest.raises(FollowerStoppedError) as stopped:
            await follower.catch_up()
    assert stopped.value.position == 11
    assert await positions(pool) == list(range(1, 11))
    assert "note" in await pool.fetchval("select error from csbe.followers where name = 'bells'")

    assert not await retry(pool, "bells", 12)
    assert await retry(pool, "bells", 11)
    with pytest.raises(FollowerStoppedError):
        await follower.catch_up()
    assert not await skip(pool, "bells", 12, by="Olga", reason="the wrong one")
    assert await skip(pool, "bells", 11, by="Olga", reason="a damaged disk")
    await follower.catch_up()
    assert await positions(pool) == [*range(1, 11), *range(12, 22)]
    [skipped] = await pool.fetch("select follower, position, error, skipped_by, reason from csbe.skipped_events")
    assert tuple(skipped)[:2] + tuple(skipped)[3:] == ("bells", 11, "Olga", "a damaged disk")
    assert "note" in skipped["error"]
    assert not await retry(pool, "bells")


@pytest.mark.usefixtures("heard")
async def test_a_consumer_that_fails_leaves_no_trace(store: PostgresEventStore, pool: asyncpg.Pool) -> None:
    async def fail_at_3(events: Sequence[RecordedEvent], connection: Connection) -> None:
        await write_down(events, connection)
        if any(e.position == 3 for e in events):
            msg = "three"
            raise ValueError(msg)

    await ring(pool, 5)
    follower = Follower(pool, store, "bells", fail_at_3)
    with pytest.raises(FollowerStoppedError, match="three"):
        await follower.catch_up()
    assert await positions(pool) == [1, 2]
    assert await follower.position() == 2


@pytest.mark.usefixtures("heard")
@pytest.mark.parametrize(
    "trouble",
    [
        asyncpg.DiskFullError,
        asyncpg.OutOfMemoryError,
        asyncpg.TooManyConnectionsError,
        asyncpg.QueryCanceledError,
        asyncpg.LockNotAvailableError,
        asyncpg.ReadOnlySQLTransactionError,
        asyncpg.InvalidPasswordError,
        asyncpg.DeadlockDetectedError,
        ConnectionResetError,
    ],
)
async def test_trouble_with_the_database_is_not_blamed_on_the_event(
    store: PostgresEventStore, pool: asyncpg.Pool, trouble: type[Exception]
) -> None:
    troubles = [trouble("for a moment")]

    async def write_down_unless_troubled(events: Sequence[RecordedEvent], connection: Connection) -> None:
        if troubles:
            raise troubles.pop()
        await write_down(events, connection)

    last = await ring(pool, 1)
    follower = Follower(pool, store, "bells", write_down_unless_troubled)
    stop = asyncio.Event()
    running = asyncio.create_task(follower.run(stop))
    reached = await wait_for(pool, "bells", last)
    stop.set()
    await running

    assert reached
    assert await positions(pool) == [1]


@pytest.mark.usefixtures("heard")
async def test_a_batch_that_takes_too_long_is_made_smaller(store: PostgresEventStore, pool: asyncpg.Pool) -> None:
    patience = [2]

    async def write_down_slowly(events: Sequence[RecordedEvent], connection: Connection) -> None:
        await write_down(events, connection)
        if len(events) > patience[0]:
            await connection.execute("set local statement_timeout = 1; select pg_sleep(10)")

    await ring(pool, 5)
    follower = Follower(pool, store, "bells", write_down_slowly)
    await follower.catch_up()
    assert await positions(pool) == [1, 2, 3, 4, 5]

    patience[0] = 0
    await ring(pool, 1)
    with pytest.raises(asyncpg.QueryCanceledError):
        await follower.catch_up()
    assert (await follower.status()).state == "running"


@pytest.mark.usefixtures("heard")
async def test_a_value_that_cannot_be_sent_is_blamed_on_the_event(
    store: PostgresEventStore, pool: asyncpg.Pool
) -> None:
    async def misspell(_events: Sequence[RecordedEvent], connection: Connection) -> None:
        await connection.execute("insert into heard values ($1)", "three")

    await ring(pool, 1)
    with pytest.raises(FollowerStoppedError, match="DataError"):
        await Follower(pool, store, "bells", misspell).catch_up()


@pytest.mark.usefixtures("heard")
async def test_a_follower_outlives_whatever_goes_wrong_and_says_what(
    store: PostgresEventStore, pool: asyncpg.Pool, caplog: pytest.LogCaptureFixture, owner: asyncpg.Connection
) -> None:
    last = await ring(pool, 1)
    await owner.execute("alter table csbe.followers rename to lost")
    stop = asyncio.Event()
    running = asyncio.create_task(Follower(pool, store, "bells", write_down).run(stop))
    try:
        await until(lambda: running.done() or "UndefinedTableError" in caplog.text)
    finally:
        await owner.execute("alter table csbe.lost rename to followers")
    reached = await wait_for(pool, "bells", last)
    stop.set()
    await running

    assert reached
    assert "Traceback" in caplog.text


async def test_a_generation_that_is_being_dropped_gets_no_follower_back(
    store: PostgresEventStore, pool: asyncpg.Pool, owner: asyncpg.Connection
) -> None:
    async def never(_events: Sequence[RecordedEvent], _connection: Connection) -> None:
        raise AssertionError

    await pool.execute(
        "insert into csbe.generations (projection, number, state, digest, reports)"
        " values ('bells', 1, 'previous', '', '')"
    )
    await pool.execute("insert into csbe.followers (name) values ('projection/bells/v1')")
    await ring(pool, 1)
    follower = Follower(pool, store, "projection/bells/v1", never)
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("update csbe.generations set state = 'dropped' where projection = 'bells'")
        await connection.execute("delete from csbe.followers where name = 'projection/bells/v1'")
        following = asyncio.create_task(follower.catch_up())
        async with asyncio.timeout(20):
            while not following.done() and not await owner.fetchval(_SOMEBODY_WAITS):
                await asyncio.sleep(0.01)
    await following

    assert not await pool.fetchval("select count(*) from csbe.followers where name = 'projection/bells/v1'")
    await owner.execute("delete from csbe.generations where projection = 'bells'")


@pytest.mark.usefixtures("heard")
async def test_the_error_on_record_and_in_the_log_does_not_quote_the_row_that_failed(
    store: PostgresEventStore, pool: asyncpg.Pool, caplog: pytest.LogCaptureFixture
) -> None:
    async def refuse(_events: Sequence[RecordedEvent], connection: Connection) -> None:
        await connection.execute("create temporary table guests (name text, seat int not null) on commit drop")
        await connection.execute("insert into guests values ($1)", GUEST)

    await ring(pool, 1)
    with pytest.raises(FollowerStoppedError, match="NotNullViolationError: null value"):
        await Follower(pool, store, "bells", refuse).catch_up()

    assert "test_follower.py" in caplog.text
    assert GUEST not in caplog.text + await pool.fetchval("select error from csbe.followers where name = 'bells'")


@pytest.mark.usefixtures("heard")
async def test_a_follower_outlives_cut_connections(
    store: PostgresEventStore, pool: asyncpg.Pool, owner: asyncpg.Connection
) -> None:
    stop = asyncio.Event()
    running = asyncio.create_task(Follower(pool, store, "bells", write_down, batch=3).run(stop))
    for _ in range(5):
        last = await ring(pool, 20)
        await owner.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid() and application_name = 'csbe'"
        )
        await asyncio.sleep(0.05)
    reached = await _reached(pool, last)
    stop.set()
    await running

    assert reached
    assert await positions(pool) == list(range(1, 101))


async def test_uninteresting_topics_are_passed_over(store: PostgresEventStore, pool: asyncpg.Pool) -> None:
    async def never(_events: Sequence[RecordedEvent], _connection: Connection) -> None:
        raise AssertionError

    await ring(pool, 5)
    follower = Follower(pool, store, "silence", never, topics=["test.other"], batch=2)
    assert await follower.catch_up() == 5
    assert await follower.position() == 5


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not holds():
            await asyncio.sleep(0.01)


async def _reached(pool: asyncpg.Pool, position: int) -> bool:
    for _ in range(20):
        try:
            return await wait_for(pool, "bells", position)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
            await asyncio.sleep(0.05)
    return False
