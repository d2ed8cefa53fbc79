"""A database is brought to the shape of this version by its owner, who need not be an administrator."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import uuid4

import asyncpg
import pytest
from pydantic import SecretStr

from adapters.postgres.errors import BusyError, UnfitDatabaseError
from adapters.postgres.migrate import MIGRATIONS, migrate
from api.composition import UnreachableError, make_read_models, prepare
from api.settings import Settings
from tests.support.databases import BESIDE, empty_database, migrated

NOWHERE = "postgresql://csbe:very-secret@127.0.0.1:1/csbe"


@pytest.fixture
async def owned(postgres_server: str) -> AsyncIterator[str]:
    """DSN of an empty database, as its owner, who may make no roles."""
    name = f"csbe_test_{uuid4().hex[:12]}"
    administrator = await asyncpg.connect(postgres_server)
    await administrator.execute("drop role if exists csbe_test_owner")
    await administrator.execute("create role csbe_test_owner login password 'a secret'")
    await administrator.execute(f"create database {name} owner csbe_test_owner")
    parts = urlsplit(postgres_server)
    host = parts.netloc.rpartition("@")[2]
    yield urlunsplit(parts._replace(netloc=f"csbe_test_owner:a%20secret@{host}", path=f"/{name}"))
    await administrator.execute(f"drop database {name} with (force)")
    await administrator.execute("drop role csbe_test_owner")
    await administrator.close()


async def test_an_owner_who_may_make_no_roles_migrates_once_an_administrator_has_done_as_told(
    owner: asyncpg.Connection, owned: str, postgres_dsn: str
) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError) as refused:
        await migrate(owned, beside=BESIDE)
    await owner.execute(str(refused.value).split('"')[1])

    first, again = await migrate(owned, beside=BESIDE), await migrate(owned, beside=BESIDE)
    await make_read_models(urlunsplit(urlsplit(postgres_dsn)._replace(path=urlsplit(owned).path)))

    assert (first[0], again) == ("0001_event_log", [])


async def test_a_database_that_cannot_hold_every_name_is_refused_with_how_to_make_one(postgres_server: str) -> None:
    latin = "encoding 'LATIN1' lc_collate 'C' lc_ctype 'C' template template0"
    async with empty_database(postgres_server, how=latin) as dsn:
        with pytest.raises(UnfitDatabaseError, match=r"encoded in LATIN1.* encoding 'UTF8' template template0"):
            await migrate(dsn, beside=BESIDE)


async def test_a_server_that_does_not_answer_is_named_without_its_password() -> None:
    with pytest.raises(UnreachableError, match=r"127\.0\.0\.1:1: ") as unreachable:
        await prepare(Settings(postgres_dsn=SecretStr(NOWHERE)), NOWHERE)

    assert "very-secret" not in str(unreachable.value)


async def test_a_migration_waits_for_readers_and_stops_no_other_reader(
    postgres_server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("adapters.postgres.database.BUSY_ATTEMPTS", 3)
    (tmp_path / "0001_first.sql").write_text("create table kept (number integer)")
    async with empty_database(postgres_server) as dsn:
        assert await migrate(dsn, tmp_path) == ["0001_first"]
        (tmp_path / "0002_second.sql").write_text("alter table kept add column word text")
        analyst = await asyncpg.connect(dsn)
        reading = analyst.transaction()
        await reading.start()
        await analyst.fetch("select * from kept")

        with pytest.raises(BusyError, match="tables of schema csbe cannot be changed while others read"):
            await migrate(dsn, tmp_path)

        await reading.rollback()
        assert await migrate(dsn, tmp_path) == ["0002_second"]
        await analyst.close()


async def test_functions_are_run_again_once_they_have_changed(postgres_server: str, tmp_path: Path) -> None:
    (tmp_path / "0001_first.sql").write_text("create table kept (number integer)")
    functions = tmp_path / "functions.sql"
    functions.write_text("create or replace function one() returns integer return 1")
    async with empty_database(postgres_server) as dsn:
        assert await migrate(dsn, tmp_path) == ["0001_first", "functions"]
        assert await migrate(dsn, tmp_path) == []

        functions.write_text("create or replace function one() returns integer return 11")
        assert await migrate(dsn, tmp_path) == ["functions"]

        assert await _one(dsn) == 11


async def test_an_older_version_leaves_the_functions_of_a_newer_one_alone(postgres_server: str, tmp_path: Path) -> None:
    older, newer = tmp_path / "older", tmp_path / "newer"
    for folder, number in ((older, 1), (newer, 11)):
        folder.mkdir()
        (folder / "functions.sql").write_text(f"create or replace function one() returns integer return {number}")
    (newer / "0001_first.sql").write_text("create table kept (number integer)")
    async with empty_database(postgres_server) as dsn:
        await migrate(dsn, older)
        await migrate(dsn, newer)

        assert await migrate(dsn, older) == []

        assert await _one(dsn) == 11


async def test_what_is_granted_on_a_database_itself_comes_back_in_a_copy(postgres_server: str, template: str) -> None:
    async with empty_database(postgres_server, how=f"template {template}") as dsn:
        may_make_read_models = "select has_database_privilege('csbe_server', current_database(), 'create')"
        connection = await asyncpg.connect(dsn)
        assert not await connection.fetchval(may_make_read_models)

        await migrated(dsn)

        assert await connection.fetchval(may_make_read_models)
        assert await connection.fetchval(
            "select has_table_privilege('csbe_server', 'csbe.telemetry', 'insert, delete')"
        )
        await connection.close()


async def test_of_processes_that_migrate_at_once_one_works_and_all_succeed(postgres_server: str) -> None:
    async with empty_database(postgres_server) as dsn:
        done = await asyncio.gather(*(migrate(dsn) for _ in range(6)))

        assert sorted(map(len, done)) == [0, 0, 0, 0, 0, len(list(MIGRATIONS.glob("*.sql")))]


async def test_a_start_with_nothing_to_do_gives_way_to_nobody(postgres_server: str) -> None:
    async with empty_database(postgres_server) as dsn:
        await migrate(dsn)
        busy = await asyncpg.connect(dsn)
        async with busy.transaction():
            await busy.execute(
                "lock table csbe.events, csbe.followers, csbe.jobs, csbe.telemetry in access exclusive mode"
            )
            await busy.execute("lock table csbe.migrations in access share mode")

            assert await asyncio.wait_for(migrate(dsn), 20) == []
        await busy.close()


async def _one(dsn: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval("select one()")
    finally:
        await connection.close()
