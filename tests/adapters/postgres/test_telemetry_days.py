"""The days of telemetry begin and go without anybody having to wait."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta

import asyncpg
import pytest

from adapters.postgres import telemetry_days
from adapters.postgres.errors import BusyError
from adapters.postgres.telemetry import TelemetryStore
from adapters.postgres.telemetry_days import AHEAD, TelemetryDays
from tests.adapters.postgres.test_telemetry import row

YESTERDAY, TODAY = (datetime(2033, 5, day, 12, tzinfo=UTC) for day in (1, 2))
DAYS = "select relname from pg_class where relnamespace = 'telemetry_days'::regnamespace and relkind = 'r'"
STORED = "select count(*) from csbe.telemetry where vin = 'TSTDAYS0000000001'"


@pytest.fixture
async def store(pool: asyncpg.Pool) -> AsyncIterator[TelemetryStore]:
    store = TelemetryStore(pool)
    yield store
    await store.drop_before(date(2034, 1, 1))


@pytest.fixture
async def reader(owner: asyncpg.Connection, store: TelemetryStore) -> asyncpg.transaction.Transaction:
    """Somebody who has read yesterday's telemetry, as pg_dump does, and not ended."""
    await heard(store, YESTERDAY)
    reading = owner.transaction(isolation="repeatable_read")
    await reading.start()
    assert await owner.fetchval("select count(*) from csbe.telemetry") > 0
    return reading


async def heard(store: TelemetryStore, at: datetime) -> None:
    async with store.batch(at) as batch:
        await batch.store([row(at, "TSTDAYS0000000001")], {}, [])


async def test_a_new_day_begins_while_somebody_reads(
    pool: asyncpg.Pool, store: TelemetryStore, reader: asyncpg.transaction.Transaction
) -> None:
    await asyncio.wait_for(heard(store, TODAY), 20)

    assert await pool.fetchval(STORED) == 2
    await reader.rollback()


async def test_cars_are_heard_while_a_day_that_is_read_is_dropped(
    pool: asyncpg.Pool, store: TelemetryStore, reader: asyncpg.transaction.Transaction, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.postgres.database.BUSY_ATTEMPTS", 3)
    dropping = asyncio.create_task(store.drop_before(TODAY.date()))
    async with pool.acquire() as ingest:
        await ingest.execute("set lock_timeout = '200ms'")  # less than whoever drops waits for
        while not dropping.done():
            await heard(store, TODAY)
            assert await ingest.fetchval("select count(*) from csbe.telemetry") > 0
        await ingest.execute("reset lock_timeout")

    with pytest.raises(BusyError, match="the telemetry of 2033-05-01 cannot be changed while others read"):
        await dropping
    await reader.rollback()
    assert await store.drop_before(TODAY.date()) == [YESTERDAY.date()]
    assert f"telemetry_{YESTERDAY:%Y%m%d}" not in {found["relname"] for found in await pool.fetch(DAYS)}


async def test_a_day_that_was_detached_and_not_dropped_is_dropped_the_next_time(
    pool: asyncpg.Pool, store: TelemetryStore
) -> None:
    await heard(store, YESTERDAY)
    await pool.execute(
        f"alter table csbe.telemetry detach partition {telemetry_days.name_of(YESTERDAY.date())} concurrently"
    )

    assert await store.drop_before(TODAY.date()) == [YESTERDAY.date()]


async def test_many_processes_make_a_day_at_once(pool: asyncpg.Pool, store: TelemetryStore) -> None:
    await asyncio.gather(*(TelemetryDays(pool).ensure(YESTERDAY.date(), TODAY.date()) for _ in range(5)))

    await heard(store, TODAY)
    assert await pool.fetchval(STORED) == 1


async def test_the_days_of_a_week_are_made_ahead(pool: asyncpg.Pool) -> None:
    stop = asyncio.Event()
    days = TelemetryDays(pool)
    running = asyncio.create_task(days.run(stop))
    last = f"telemetry_{datetime.now(UTC) + AHEAD:%Y%m%d}"

    async with asyncio.timeout(20):
        while last not in {found["relname"] for found in await pool.fetch(DAYS)}:
            await asyncio.sleep(0.01)
    stop.set()
    await running

    assert await days.drop_before(datetime.now(UTC).date() + timedelta(days=400))
