"""Who may do what: the server appends and changes nothing that is recorded, others read what is theirs to read."""

from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import asyncpg
import pytest

from adapters.postgres.event_store.group_commit import GroupCommit
from adapters.postgres.event_store.store import PostgresEventStore
from adapters.postgres.migrate import migrate
from adapters.postgres.opening import with_role
from api.composition import make_read_models
from tests.adapters.postgres.roles_page import PAGE, page_of
from tests.support.boxes import Box, entry, save
from tests.support.databases import BESIDE, empty_database, login, migrated, prepared

LOG = {"csbe.events": "topic = ''", "csbe.commands": "result = ''", "csbe.publications": "position = 0"}
"""Each table of it, and a change."""
CHANGES = (
    "update {} set {change}",
    "delete from {}",
    "truncate {}",
    "insert into {} default values",
    "drop table {}",
    "alter table {} disable trigger all",
    "alter table {} add column more text",
    "alter table {} owner to current_user",
    "create trigger mine before insert on {} for each row execute function csbe.refuse_change()",
    "create rule mine as on insert to {} do instead nothing",
    "begin; lock table {} in share mode",
)
SEIZURES = (
    "drop trigger append_only on csbe.events",
    "set session_replication_role = replica",
    "set session authorization postgres",
    "set role postgres",
    "select setval('csbe.events_notification_id_seq', 1)",
    "select nextval('csbe.events_notification_id_seq')",
    "select csbe.next_position()",
    "create or replace function csbe.refuse_change() returns trigger language sql as 'select null'",
    "drop function csbe.append_one",
    "create table csbe.mine ()",
    "create function csbe.mine() returns integer return 1",
    "begin; lock table csbe.append_order in share mode",
    "delete from csbe.keys",
    "update csbe.keys set subject = gen_random_uuid()",
    "update csbe.migrations set digest = ''",
    "update csbe.skipped_events set reason = 'none'",
    "delete from csbe.dropped_jobs",
    "update csbe.installation set id = gen_random_uuid()",
)


@pytest.fixture
async def outsider(owner_dsn: str, role: str) -> AsyncIterator[asyncpg.Connection]:
    """Somebody who is granted a role and nothing else."""
    connection = await asyncpg.connect(await login(owner_dsn, role))
    yield connection
    await connection.close()


async def test_the_page_says_what_each_role_may_do(postgres_server: str) -> None:
    async with empty_database(postgres_server) as dsn:
        await prepared(dsn)
        connection = await asyncpg.connect(dsn)
        found = await page_of(connection)
        await connection.close()

    assert found == PAGE.read_text("utf-8"), "make the page anew: python -m tests.adapters.postgres.roles_page"
    assert [line for line in found.splitlines() if line.startswith(tuple(f"| `{table}`" for table in LOG))] == [
        "| `csbe.commands` | select |  | select |",
        "| `csbe.events` | select |  | select |",
        "| `csbe.publications` | select |  | select |",
    ]


@pytest.mark.parametrize("table", LOG)
@pytest.mark.parametrize("change", CHANGES)
async def test_the_server_cannot_change_the_log(pool: asyncpg.Pool, table: str, change: str) -> None:
    await GroupCommit(pool).write(entry())
    before = await pool.fetch("select * from csbe.events")

    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await pool.execute(change.format(table, change=LOG[table]))

    assert await pool.fetch("select * from csbe.events") == before


@pytest.mark.parametrize("seizure", SEIZURES)
async def test_the_server_cannot_get_hold_of_what_guards_the_log(pool: asyncpg.Pool, seizure: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await pool.execute(seizure)


async def test_a_search_path_of_the_server_does_not_lead_the_owner_astray(pool: asyncpg.Pool) -> None:
    """The functions that append run as the owner: what they call is never what a server has put in the way."""
    mine = """
    create schema if not exists mine;
    create or replace function mine.clock_timestamp() returns timestamptz
        language sql as 'select timestamptz ''2000-01-01''';
    create or replace function mine.max(bigint) returns bigint language sql as 'select 4711';
    """
    async with pool.acquire() as connection:
        await connection.execute(mine)
        await connection.execute("set search_path = mine, pg_catalog")

        await connection.fetchval(
            "select csbe.append_one($1, $1, 'f', null, $1, 1, 't', '', '{}', null, false)", entry().command_id
        )

        assert await connection.fetchval("select extract(year from recorded_at) from csbe.events") > 2000
        await connection.execute("drop schema mine cascade")


@pytest.mark.parametrize("role", ["analyst", "auditor"])
async def test_nobody_else_appends(outsider: asyncpg.Connection, pool: asyncpg.Pool) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await outsider.fetchval(
            "select csbe.append_one($1, $1, 'f', null, $1, 1, 't', '', '{}', null, false)", entry().command_id
        )

    assert await pool.fetch("select * from csbe.events") == []


@pytest.mark.parametrize("role", ["auditor"])
async def test_an_auditor_reads_the_log_and_the_reports_and_no_key(
    outsider: asyncpg.Connection, store: PostgresEventStore, postgres_dsn: str
) -> None:
    await make_read_models(postgres_dsn)
    await save(store, Box.make())

    assert len(await outsider.fetch("select * from csbe.events")) == 1
    assert await outsider.fetch("select * from reports.trips") == []
    assert len(await outsider.fetch("select subject, destroyed_at from csbe.keys")) == 1
    for secret in (
        "select key from csbe.keys",
        "select key from csbe.installation_keys",
        "select * from csbe.webhooks",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await outsider.fetch(secret)


@pytest.mark.parametrize("role", ["analyst"])
@pytest.mark.parametrize(
    "table", ["csbe.events", "csbe.keys", "csbe.telemetry", "read_v1.members", "csbe.vehicle_twins"]
)
async def test_an_analyst_reads_reports_alone(outsider: asyncpg.Connection, postgres_dsn: str, table: str) -> None:
    await make_read_models(postgres_dsn)

    assert await outsider.fetch("select * from reports.trips limit 0") == []
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await outsider.fetch(f"select * from {table}")  # noqa: S608 (our own names)


async def test_a_server_of_one_database_is_a_stranger_in_another_of_the_same_cluster(postgres_server: str) -> None:
    async with empty_database(postgres_server) as ours, empty_database(postgres_server) as other:
        await migrated(ours)
        await migrate(other, roles="csbe_other", beside=BESIDE)
        stranger = await asyncpg.connect(with_role(await login(ours, "server"), "csbe_server"), database=name_of(other))

        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await stranger.fetch("select * from csbe.events")

        await stranger.close()


def name_of(dsn: str) -> str:
    return urlsplit(dsn).path[1:]
