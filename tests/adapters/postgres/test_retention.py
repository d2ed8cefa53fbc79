"""What is too old goes, what is younger stays, and evidence stays whatever its age."""

import asyncio
import re
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from uuid import UUID

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.postgres import retention
from adapters.postgres.drives import Drive
from adapters.postgres.retention import TABLES, Cut, KeptDays, Retention
from adapters.postgres.telemetry import TelemetryStore
from adapters.postgres.telemetry_days import TelemetryDays
from api.settings import Settings
from tests.adapters.postgres.test_telemetry import row
from tests.support.databases import login

NOW = datetime(2021, 6, 15, 12, tzinfo=UTC)
"""So long ago that nothing here is younger than what the database keeps from the server in any case."""
KEPT = KeptDays(telemetry=10, dead_letters=20, reads=90, messages=100, demand=30)
CAR, OTHER = "TSTRETENTION00001", "TSTRETENTION00002"
A_MOMENT = timedelta(microseconds=1)
PAGE = (Path(__file__).parents[3] / "docs" / "how-to" / "retention.md").read_text("utf-8")
ROLES = (Path(__file__).parents[3] / "docs" / "reference" / "roles.md").read_text("utf-8")
SCHEMA = (Path(__file__).parents[3] / "docs" / "reference" / "database.md").read_text("utf-8")

ADD = {
    "csbe.personal_reads": (
        "insert into csbe.personal_reads (read_at, service, reader_role, reader, door, by_right) "
        "values ($1, 's', 'agent', 'olga', 'GET', 'members:read')"
    ),
    "csbe.messages_sent": (
        "insert into csbe.messages_sent (sent_at, idempotency_key, member_id, template, channel)"
        " values ($1, gen_random_uuid()::text, gen_random_uuid(), 't', 'mail')"
    ),
    "csbe.dead_letters": (
        "insert into csbe.dead_letters (received_at, topic, payload, reason) values ($1, 't', '', 'r')"
    ),
}
"""Adds a row of an age, where rows have a moment."""
_LEFT = {
    "csbe.personal_reads": "select read_at from csbe.personal_reads order by 1",
    "csbe.messages_sent": "select sent_at from csbe.messages_sent order by 1",
    "csbe.dead_letters": "select received_at from csbe.dead_letters order by 1",
}
_KEPT = {"csbe.personal_reads": KEPT.reads, "csbe.messages_sent": KEPT.messages, "csbe.dead_letters": KEPT.dead_letters}
ADD_DAY = {
    "csbe.demand": "insert into csbe.demand values ('s', '', $1, 7, '', 'search', 1, 1, 1)",
    "csbe.refusals": "insert into csbe.refusals values ('s', '', $1, 7, '', 'search', 'c', 1)",
    "csbe.zone_demand": "insert into csbe.zone_demand values ('s', '', $1, 7, '', 'search', 1, 1, 1)",
    "csbe.zone_refusals": "insert into csbe.zone_refusals values ('s', '', $1, 7, '', 'search', 'c', 1)",
}


class Noon:
    """Always the same time."""

    def now(self) -> datetime:
        return NOW


class Counted:
    """What was deleted, by table."""

    def __init__(self) -> None:
        self.rows: dict[str, int] = {}

    def deleted(self, table: str, rows: int) -> None:
        self.rows[table] = self.rows.get(table, 0) + rows


class Office:
    """Cuts, with the drives that are evidence."""

    def __init__(self, pool: asyncpg.Pool, drives: Sequence[Drive] = ()) -> None:
        self.counted = Counted()
        self.asked: list[tuple[datetime, datetime]] = []

        async def evidence(before: datetime, now: datetime) -> Sequence[Drive]:
            self.asked.append((before, now))
            return drives

        self.retention = Retention(
            pool, KEPT, Noon(), days=TelemetryDays(pool), evidence=evidence, metrics=self.counted
        )

    async def cut(self) -> list[Cut]:
        return [cut async for cut in self.retention.cut()]


@pytest.fixture
async def telemetry(pool: asyncpg.Pool) -> AsyncIterator[TelemetryStore]:
    store = TelemetryStore(pool)
    yield store
    await store.drop_before(date(2022, 1, 1))


async def heard(telemetry: TelemetryStore, at: datetime, *vins: str) -> None:
    async with telemetry.batch(at) as batch:
        await batch.store([row(at, vin) for vin in vins], {}, [])


async def stored(pool: asyncpg.Pool) -> list[tuple[str, datetime]]:
    rows = await pool.fetch("select vin, received_at from csbe.telemetry where vin like 'TSTRET%' order by 2, 1")
    return [(row["vin"], row["received_at"]) for row in rows]


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    table=st.sampled_from(sorted(ADD)),
    beyond=st.lists(st.timedeltas(timedelta(days=-3), timedelta(days=3)), max_size=8),
)
async def test_a_row_goes_exactly_when_it_is_older_than_its_table_is_kept(
    pool: asyncpg.Pool, owner: asyncpg.Connection, table: str, beyond: list[timedelta]
) -> None:
    limit = NOW - timedelta(days=_KEPT[table])
    times = sorted(limit - more for more in [*beyond, timedelta(), A_MOMENT, -A_MOMENT])
    await owner.execute(f"delete from {table}")  # noqa: S608 (one of ours)
    await owner.executemany(ADD[table], [(at,) for at in times])

    await Office(pool).cut()

    left = [row[0] for row in await owner.fetch(_LEFT[table])]
    assert left == [at for at in times if at >= limit]


@pytest.mark.parametrize("table", sorted(ADD_DAY))
async def test_what_is_counted_by_day_goes_once_the_day_is_too_old(pool: asyncpg.Pool, table: str) -> None:
    first_kept = NOW.date() - timedelta(days=KEPT.demand)
    days = [first_kept + timedelta(days=n) for n in range(-2, 2)]
    await pool.executemany(ADD_DAY[table], [(day,) for day in days])

    await Office(pool).cut()

    left = await pool.fetch(f"select day from {table} order by day")  # noqa: S608 (one of ours)
    assert [row["day"] for row in left] == days[2:]


async def test_a_day_of_telemetry_goes_once_all_of_it_is_too_old(pool: asyncpg.Pool, telemetry: TelemetryStore) -> None:
    limit = NOW - timedelta(days=KEPT.telemetry)
    midnight = limit.replace(hour=0)
    for at in (midnight - A_MOMENT, midnight, limit, NOW):
        await heard(telemetry, at, CAR)

    await Office(pool).cut()

    assert await stored(pool) == [(CAR, midnight), (CAR, limit), (CAR, NOW)]


async def test_what_a_car_sent_during_a_drive_that_is_evidence_stays_and_nothing_else_of_those_days(
    pool: asyncpg.Pool, telemetry: TelemetryStore
) -> None:
    begin = NOW - timedelta(days=40)
    times = [begin + timedelta(hours=hours) for hours in (-1, 0, 30, 60, 61)]
    for at in times:
        await heard(telemetry, at, CAR, OTHER)
    await pool.executemany(
        "insert into csbe.dead_letters (received_at, topic, payload, reason) values ($1, $2, '', 'r')",
        [(at, f"csbe/{vin}/state") for at in times for vin in (CAR, OTHER)],
    )
    office = Office(pool, [Drive(UUID(int=1), UUID(int=2), CAR, begin, times[3])])

    await office.cut()

    assert await stored(pool) == [(CAR, times[1]), (CAR, times[2])]
    letters = await pool.fetch("select topic, received_at from csbe.dead_letters order by received_at")
    assert [tuple(letter) for letter in letters] == [(f"csbe/{CAR}/state", at) for at in times[1:3]]
    assert office.asked == [(NOW - timedelta(days=KEPT.telemetry), NOW)]


async def test_days_go_once_they_are_no_evidence_any_more(pool: asyncpg.Pool, telemetry: TelemetryStore) -> None:
    begin = NOW - timedelta(days=40)
    await heard(telemetry, begin, CAR)
    await Office(pool, [Drive(UUID(int=1), UUID(int=2), CAR, begin, None)]).cut()
    kept = await stored(pool)

    await Office(pool).cut()

    assert (kept, await stored(pool)) == ([(CAR, begin)], [])
    assert await telemetry.days.before(NOW.date()) == []


async def test_it_goes_in_batches_and_is_counted(pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 3)
    await pool.executemany(ADD["csbe.dead_letters"], [(NOW - timedelta(days=50),)] * 7)
    office = Office(pool)

    cuts = await office.cut()

    assert cuts == [Cut("csbe.dead_letters", rows) for rows in (3, 3, 1)]
    assert office.counted.rows == {"csbe.dead_letters": 7}


async def test_nobody_who_has_a_row_in_hand_is_waited_for(pool: asyncpg.Pool) -> None:
    await pool.executemany(ADD["csbe.dead_letters"], [(NOW - timedelta(days=50 + n),) for n in range(2)])
    office = Office(pool)
    async with pool.acquire() as operator, operator.transaction():
        await operator.execute("select from csbe.dead_letters order by received_at limit 1 for update")

        first = await office.cut()

    assert (first, await office.cut()) == ([Cut("csbe.dead_letters", 1)],) * 2


async def test_two_processes_cut_at_once(pool: asyncpg.Pool, telemetry: TelemetryStore) -> None:
    for days in (30, 31, 32):
        await heard(telemetry, NOW - timedelta(days=days), CAR)

    await asyncio.gather(*(Office(pool).cut() for _ in range(3)))

    assert await telemetry.days.before(NOW.date()) == []


async def test_it_is_told_to_stop_between_batches(pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH", 1)
    await pool.executemany(ADD["csbe.dead_letters"], [(NOW - timedelta(days=50),)] * 3)
    office, stop = Office(pool), asyncio.Event()

    monkeypatch.setattr(office.counted, "deleted", lambda _table, _rows: stop.set())
    await office.retention.run(stop)

    assert await pool.fetchval("select count(*) from csbe.dead_letters") == 2


async def test_a_message_that_was_sent_lately_is_not_forgotten_whatever_the_server_asks(pool: asyncpg.Pool) -> None:
    await pool.execute(
        "insert into csbe.messages_sent values ('lately', gen_random_uuid(), 't', 'mail', now() - interval '89 days')"
    )
    await pool.execute(
        "insert into csbe.messages_sent values ('long ago', gen_random_uuid(), 't', 'mail', now() - interval '91 days')"
    )

    dropped = await pool.fetchval("select csbe.drop_messages_sent(now(), 10)")

    assert dropped == 1
    assert await pool.fetchval("select idempotency_key from csbe.messages_sent") == "lately"


@pytest.mark.parametrize("role", ["auditor", "analyst"])
@pytest.mark.parametrize("call", ["csbe.drop_reads(now(), 1)", "csbe.drop_messages_sent(now(), 1)"])
async def test_who_reads_deletes_nothing(owner_dsn: str, role: str, call: str) -> None:
    outsider = await asyncpg.connect(await login(owner_dsn, role))
    try:
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await outsider.execute(f"select {call}")
    finally:
        await outsider.close()


def test_the_page_has_in_bold_what_the_server_may_not_delete() -> None:
    _, for_ever = PAGE.split("## What is kept for ever")
    rows = re.findall(r"^\| `csbe\.(\w+)` \| (.*?) \|", for_ever, re.MULTILINE)
    rights = dict(re.findall(r"^\| `csbe\.(\w+)` \| (.*?) \|", ROLES, re.MULTILINE))

    assert {table for table, why in rows if "**" in why} == {t for t, _ in rows if "delete" not in rights[t]}


def test_the_page_says_of_every_table_how_long_it_is_kept() -> None:
    told = re.findall(r"^\| `csbe\.(\w+)` \|", PAGE, re.MULTILINE)

    assert sorted(told) == sorted(re.findall(r"^## ([a-z_]+)$", SCHEMA, re.MULTILINE))


def test_the_page_names_the_settings_of_what_is_cut_with_their_defaults() -> None:
    rows = re.findall(r"^\| `(csbe\.\w+)` \| `CSBE_(\w+_KEPT_DAYS)`: (\d+) \|", PAGE, re.MULTILINE)
    defaults = {name: field.default for name, field in Settings.model_fields.items() if name.endswith("_kept_days")}

    assert {table for table, _, _ in rows} == set(TABLES)
    assert {name.lower(): int(days) for _, name, days in rows} == defaults
