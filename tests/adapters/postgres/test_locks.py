"""Locks that nobody else can take, nor keep."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from adapters.postgres.database import connect
from adapters.postgres.event_store.group_commit import GroupCommit
from adapters.postgres.locks import Lock, SessionLock, alone, give_back, take
from tests.support.boxes import entry
from tests.support.databases import login

ROOT = Path(__file__).parents[3]
_ADVISORY = re.compile(r"pg_\w*advisory\w*")
SESSION = SessionLock.INGEST_SESSION
HELD = """
select (classid::bigint << 32) | objid::bigint from pg_locks join pg_stat_activity using (pid)
where locktype = 'advisory' and granted and datname = current_database()
"""


@pytest.fixture(params=["analyst", "auditor"])
async def stranger(owner_dsn: str, request: pytest.FixtureRequest) -> AsyncIterator[asyncpg.Connection]:
    """Somebody who may only read."""
    connection = await asyncpg.connect(await login(owner_dsn, request.param))
    yield connection
    await connection.close()


def test_no_other_module_takes_advisory_locks() -> None:
    packages = ("domain", "projections", "adapters", "api")
    files = [file for package in packages for ending in ("py", "sql") for file in (ROOT / package).rglob(f"*.{ending}")]

    found = {file.relative_to(ROOT).as_posix() for file in files if _ADVISORY.search(file.read_text("utf-8"))}

    assert found == {"adapters/postgres/locks.py"}


async def test_a_database_has_the_rows_of_each_lock(pool: asyncpg.Pool) -> None:
    rows = await pool.fetch("select name, count(*) as slots from csbe.locks group by name")

    assert {row["name"]: row["slots"] for row in rows} == {lock.value: 256 for lock in Lock}


@pytest.mark.parametrize("lock", list(Lock))
async def test_one_waits_for_another_but_not_where_it_is_about_something_else(pool: asyncpg.Pool, lock: Lock) -> None:
    async with pool.acquire() as one, pool.acquire() as two, one.transaction(), two.transaction():
        await alone(one, lock, "a car")
        await alone(two, lock, "a bicycle")
        await two.execute("set local lock_timeout = '50ms'")

        with pytest.raises(asyncpg.LockNotAvailableError):
            await alone(two, lock, "a car")


async def test_whatever_advisory_locks_a_stranger_takes_appends_go_on(
    stranger: asyncpg.Connection, pool: asyncpg.Pool
) -> None:
    await stranger.execute("select pg_advisory_lock(n) from generate_series(4842190, 4842210) n")
    await stranger.execute("select pg_advisory_lock(n, hashtext('1')) from generate_series(4842190, 4842210) n")

    await asyncio.wait_for(GroupCommit(pool).write(entry()), 20)

    assert await pool.fetchval("select count(*) from csbe.events") == 1


@pytest.mark.parametrize(
    "statement",
    [
        "lock table csbe.append_order in access share mode",
        "lock table csbe.events in row exclusive mode",
        "select from csbe.locks for update",
        "select from csbe.events for share",
        "select from csbe.followers for update",
    ],
)
async def test_a_stranger_may_not_lock_what_a_server_works_with(stranger: asyncpg.Connection, statement: str) -> None:
    async with stranger.transaction():
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await stranger.execute(statement)


async def test_one_process_has_what_it_has_taken_until_it_gives_it_back_or_is_gone(
    pool: asyncpg.Pool, postgres_dsn: str
) -> None:
    other = await connect(postgres_dsn, min_size=1)
    async with pool.acquire() as ours, other.acquire() as theirs:
        assert await take(theirs, SESSION, "7")
        assert not await take(ours, SESSION, "7")
        assert await take(ours, SESSION, "8")

        await give_back(theirs, SESSION, "7")
        assert await take(ours, SESSION, "7")

        await give_back(ours, SESSION, "7")
        assert await take(theirs, SESSION, "7")
    other.terminate()

    async with pool.acquire() as ours, asyncio.timeout(20):
        while not await take(ours, SESSION, "7"):
            await asyncio.sleep(0.01)


async def test_what_a_stranger_has_locked_is_exchanged(stranger: asyncpg.Connection, pool: asyncpg.Pool) -> None:
    async with pool.acquire() as ours:
        assert await take(ours, SESSION, "9")
        [key] = [row[0] for row in await stranger.fetch(HELD)]  # anybody sees which it is
        await give_back(ours, SESSION, "9")
    await stranger.execute("select pg_advisory_lock($1)", key)

    async with pool.acquire() as ours:
        assert await take(ours, SESSION, "9")
        assert await pool.fetchval("select key <> $1 from csbe.session_locks where of = '9'", key)
        async with pool.acquire() as other:
            assert not await take(other, SESSION, "9")
        await give_back(ours, SESSION, "9")


async def test_who_is_kept_from_appending_is_told_in_time(pool: asyncpg.Pool, owner: asyncpg.Connection) -> None:
    async with owner.transaction():
        await owner.execute("lock table csbe.append_order in exclusive mode")

        async with pool.acquire() as connection:
            await connection.execute("set lock_timeout = '50ms'")
            with pytest.raises(asyncpg.LockNotAvailableError):
                await connection.execute(
                    "select csbe.append_one($1, $1, 'f', null, $1, 1, 't', '', '{}', null, false)", entry().command_id
                )
            await connection.execute("reset lock_timeout")


async def test_every_connection_of_ours_has_its_limits(pool: asyncpg.Pool) -> None:
    limits = "select name, setting::integer as ms from pg_settings where name like '%_timeout' and setting::integer > 0"

    async with pool.acquire() as connection:
        found = {row["name"]: row["ms"] for row in await connection.fetch(limits)}

    assert found.items() >= {
        "lock_timeout": 3_000, "statement_timeout": 300_000, "idle_in_transaction_session_timeout": 60_000,
    }.items()  # fmt: skip


async def test_a_stranger_who_leaves_a_transaction_open_is_cut_off_some_day(stranger: asyncpg.Connection) -> None:
    assert await stranger.fetchval("show idle_in_transaction_session_timeout") == "10min"
