"""Who read what is known of members is stored soon, stays stored, and is cut at its old end alone."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import asyncpg
import pytest

from adapters.postgres import personal_reads
from adapters.postgres.personal_reads import PersonalReads
from domain.kernel.messages import Role
from domain.kernel.reads import PersonalRead
from tests.support.databases import login

NOW = datetime(2027, 1, 5, 12, tzinfo=UTC)
ADA = UUID(int=7)
READ = PersonalRead(NOW, "drivenow-europe", Role.AGENT, "olga", "GET /v1/members/{member_id}", "members:read", ADA)
_AGED = "update csbe.personal_reads set read_at = now() - make_interval(days => $1)"


async def stored(pool: asyncpg.Pool) -> list[datetime]:
    return [row[0] for row in await pool.fetch("select read_at from csbe.personal_reads order by read_id")]


async def test_the_same_read_is_noted_once_an_hour(pool: asyncpg.Pool) -> None:
    reads = PersonalReads(pool)
    times = [NOW + timedelta(minutes=minutes) for minutes in (0, 1, 59, 60, 61)]

    await reads.note([READ._replace(at=at) for at in times])
    await reads.note([READ._replace(reader="otto"), READ._replace(member_id=None)])
    await reads.flush()
    await reads.flush()

    assert await stored(pool) == [NOW, times[3], NOW, NOW]


async def test_what_was_read_last_is_stored_when_the_process_ends(pool: asyncpg.Pool) -> None:
    async with PersonalReads(pool) as reads:
        stop = asyncio.Event()
        loop = asyncio.create_task(reads.run(stop))
        stop.set()
        await loop

        await reads.note([READ])

    assert await stored(pool) == [NOW]


async def test_who_comes_when_too_many_wait_stores_them_first(
    pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(personal_reads, "MOST_WAITING", 2)
    reads = PersonalReads(pool)

    for number in range(5):
        await reads.note([READ._replace(reader=str(number))])

    assert len(await stored(pool)) == 4


@pytest.mark.parametrize("role", ["server", "auditor", "analyst"])
async def test_nobody_changes_what_is_on_record(owner_dsn: str, pool: asyncpg.Pool, role: str) -> None:
    await PersonalReads(pool).note([READ])
    outsider = await asyncpg.connect(await login(owner_dsn, role))
    try:
        for change in (
            "update csbe.personal_reads set reader = ''",
            "delete from csbe.personal_reads",
            "truncate csbe.personal_reads",
            "insert into csbe.personal_reads default values",
            *(["select from csbe.personal_reads"] if role == "analyst" else []),
            *(["select csbe.drop_reads(now(), 1)"] if role != "server" else []),
        ):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await outsider.execute(change)
    finally:
        await outsider.close()


async def test_a_server_drops_nothing_that_is_younger_than_ninety_days_and_forgets_nobody_who_has_a_key(
    pool: asyncpg.Pool, owner: asyncpg.Connection
) -> None:
    reads = PersonalReads(pool)
    await reads.note([READ])
    await reads.flush()

    kept = []
    for age_days in (89, 91):
        await owner.execute(_AGED, age_days)
        await pool.execute("select csbe.drop_reads(now(), 10)")
        await pool.execute("select csbe.forget_reads($1)", ADA)
        kept.append([row[0] for row in await pool.fetch("select member_id from csbe.personal_reads")])

    assert kept == [[ADA], []]
