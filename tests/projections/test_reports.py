"""What analysts can see, and what they cannot."""

import asyncpg
import pytest

pytestmark = pytest.mark.usefixtures("followers")

_UNCOMMENTED = """
select c.oid::regclass::text || '.' || coalesce(a.attname, '') from pg_class c
join pg_namespace n on n.oid = c.relnamespace left join pg_attribute a on a.attrelid = c.oid and a.attnum > 0
where n.nspname in ('reports', 'read_v1') and c.relkind in ('r', 'v')
and (col_description(c.oid, a.attnum) is null or obj_description(c.oid) is null)
"""


async def test_every_table_view_and_column_has_a_comment(pool: asyncpg.Pool) -> None:
    assert await pool.fetch(_UNCOMMENTED) == []


async def test_the_analyst_reads_reports(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("set local role csbe_analyst")
        assert await connection.fetchval("select count(*) from reports.trips") == 0


@pytest.mark.parametrize(
    "statement",
    [
        "select * from read_v1.members",
        "select * from csbe.events",
        "select * from csbe.keys",
        "delete from reports.trips",
        "update reports.vehicles set plate = 'x'",
        "create table reports.mine (a int)",
    ],
)
async def test_the_analyst_can_do_nothing_else(pool: asyncpg.Pool, statement: str) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("set local role csbe_analyst")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            async with connection.transaction():
                await connection.execute(statement)


async def test_no_report_shows_a_name_or_an_address(pool: asyncpg.Pool) -> None:
    rows = await pool.fetch("select column_name from information_schema.columns where table_schema = 'reports'")
    shown = await pool.fetch(
        "select table_name from information_schema.columns where table_schema = 'reports' and column_name = 'name'"
    )
    assert not {"email", "birth_date", "number_of_licence"} & {r[0] for r in rows}
    assert {r[0] for r in shown} <= {"zones"}
