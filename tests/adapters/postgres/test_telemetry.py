"""Telemetry in day partitions."""

import json
from datetime import UTC, date, datetime

import asyncpg
import pytest

from adapters.postgres.telemetry import UNKNOWN, DeadLetter, StoredTwin, TelemetryRow, TelemetryStore

STRANGE = 'comma, "quote", back\\slash, \\N, tab\t, lines\r\n\\. \u2028 ä'
"""What PostgreSQL or JSON could take for something else."""


def row(received_at: datetime, vin: str, seq: int = 1) -> TelemetryRow:
    return TelemetryRow(
        received_at=received_at, measured_at=received_at, vin=vin, service="test", seq=seq,
        latitude=52.5, longitude=None, speed_kmh=None, odometer_m=7, energy_percent=None,
        anomalies="late,frozen", signals=json.dumps({"Vehicle.A": STRANGE}),
    )  # fmt: skip


async def test_each_day_has_its_partition_and_old_days_are_dropped(pool: asyncpg.Pool) -> None:
    store = TelemetryStore(pool)
    days = [datetime(2031, 5, day, 23, 59, 59, tzinfo=UTC) for day in (1, 2, 3)]
    async with store.batch(*days) as batch:
        await batch.store([row(day, "TSTPARTITION00001") for day in days], {}, [])
    partitions = "select count(*) from pg_class where relname like 'telemetry_203105%' and relkind = 'r'"
    assert await pool.fetchval(partitions) == 3
    dropped = await store.drop_before(date(2031, 5, 3))
    assert {date(2031, 5, 1), date(2031, 5, 2)} <= set(dropped)
    assert await pool.fetchval(partitions) == 1
    async with store.batch(days[0]) as batch:
        await batch.store([row(days[0], "TSTPARTITION00001")], {}, [])
    assert await pool.fetchval(partitions) == 2
    await store.drop_before(date(2031, 6, 1))


async def test_a_row_comes_back_as_it_was_written(pool: asyncpg.Pool) -> None:
    at = datetime(2031, 6, 1, 12, tzinfo=UTC)
    store = TelemetryStore(pool)
    async with store.batch(at) as batch:
        written = row(at, "TSTROUNDTRIP00001")
        await batch.store([written, written._replace(anomalies="", signals="{}")], {}, [])
    found, plain = await pool.fetch(
        "select * from csbe.telemetry where vin = 'TSTROUNDTRIP00001' order by signals desc"
    )
    assert (found["received_at"], found["latitude"], found["longitude"], found["odometer_m"]) == (at, 52.5, None, 7)
    assert (found["anomalies"], found["signals"]) == (["late", "frozen"], {"Vehicle.A": STRANGE})
    assert (plain["anomalies"], plain["signals"]) == ([], {})
    await store.drop_before(date(2031, 7, 1))


async def test_nothing_of_a_failed_batch_is_stored(pool: asyncpg.Pool) -> None:
    at = datetime(2031, 7, 1, 12, tzinfo=UTC)
    store = TelemetryStore(pool)
    with pytest.raises(asyncpg.UndefinedTableError):  # noqa: PT012 (the block is what fails as a whole)
        async with store.batch(at) as batch:
            await batch.remember({"TSTFAILED00000001": UNKNOWN})
            await batch.store([row(at, "TSTFAILED00000001")], {}, [DeadLetter(at, "t", b"\x00", "r")])
            await batch._connection.execute("select * from no_such_table")
    assert await pool.fetchval("select count(*) from csbe.telemetry where vin = 'TSTFAILED00000001'") == 0
    assert await pool.fetchval("select count(*) from csbe.vehicle_twins where vin = 'TSTFAILED00000001'") == 0
    await store.drop_before(date(2031, 8, 1))


async def test_what_is_remembered_of_a_car_comes_back(pool: asyncpg.Pool) -> None:
    at = datetime(2031, 8, 1, 12, tzinfo=UTC)
    store = TelemetryStore(pool)
    vin = "TSTMEMORY00000001"
    async with store.batch(at) as batch:
        assert await batch.remember({vin: UNKNOWN}) == {vin: StoredTwin()}
        await batch.store([], {vin: StoredTwin('{"a": 1}', '{"b": 2}', heard_at=at)}, [])
    async with store.batch(at) as batch:
        assert await batch.remember({vin: UNKNOWN}) == {vin: StoredTwin('{"a": 1}', '{"b": 2}', revision=1)}
        assert await batch.remember({vin: 0}) == {vin: StoredTwin('{"a": 1}', '{"b": 2}', revision=1)}
        assert await batch.remember({vin: 1}) == {vin: StoredTwin(revision=1)}
    await pool.execute("delete from csbe.vehicle_twins where vin = 'TSTMEMORY00000001'")
    await store.drop_before(date(2031, 9, 1))
