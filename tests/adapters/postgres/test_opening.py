"""What a database, and who logs in there, must be like before the system works on it."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg
import pytest

from adapters.embedded.broker import free_port
from adapters.postgres.database import connect
from adapters.postgres.errors import OtherInstallationError, UnfitDatabaseError
from adapters.postgres.event_store.group_commit import GroupCommit
from adapters.postgres.migrate import migrate
from adapters.postgres.opening import as_server, with_role
from adapters.postgres.write_check import why_writes_stand
from tests.support.boxes import entry
from tests.support.databases import BESIDE, empty_database, login, migrated
from tests.support.waiting import until

PGBOUNCER = shutil.which("pgbouncer", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
SETVAL = "select setval('csbe.events_notification_id_seq', {})"


@pytest.fixture
async def own(postgres_server: str) -> AsyncIterator[str]:
    """A database of this test's own, as its owner."""
    async with empty_database(postgres_server) as dsn:
        yield dsn


async def appended(dsn: str, count: int) -> None:
    pool = await connect(dsn, min_size=1)
    for _ in range(count):
        await GroupCommit(pool).write(entry())
    pool.terminate()


async def done(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute(statement)
    await connection.close()


async def test_a_login_of_the_server_acts_as_the_server(postgres_dsn: str) -> None:
    dsn = await as_server(postgres_dsn.partition("?role")[0], BESIDE)

    connection = await asyncpg.connect(dsn)
    assert await connection.fetchval("select current_user") == "csbe_server"
    await connection.close()


async def test_who_could_change_the_log_is_refused_unless_that_is_meant(owner_dsn: str) -> None:
    with pytest.raises(
        UnfitDatabaseError, match=r"is a superuser and could change what is recorded: .*in role csbe_server"
    ):
        await as_server(owner_dsn, BESIDE)

    assert await as_server(owner_dsn, BESIDE, allow_owner=True)


async def test_the_owner_of_a_database_is_refused_though_no_superuser(own: str, owner: asyncpg.Connection) -> None:
    await migrated(own)
    await owner.execute("drop role if exists csbe_test_lord")
    await owner.execute("create role csbe_test_lord login password 'of-a-lord'")
    await done(own, "alter table csbe.events owner to csbe_test_lord")
    parts = urlsplit(own)
    lord = urlunsplit(parts._replace(netloc=f"csbe_test_lord:of-a-lord@{parts.netloc.rpartition('@')[2]}"))

    with pytest.raises(UnfitDatabaseError, match="csbe_test_lord is the owner of the log"):
        await as_server(lord, BESIDE)

    await done(own, "reassign owned by csbe_test_lord to current_user; drop role csbe_test_lord")


@pytest.mark.parametrize(
    ("power", "told"),
    [
        ("in role csbe_server, pg_write_all_data", "is granted pg_write_all_data"),
        ("in role csbe_server, pg_execute_server_program", "is granted pg_execute_server_program"),
        ("createrole in role csbe_server", "may make roles"),
    ],
)
async def test_who_could_get_at_the_log_in_another_way_is_refused(
    owner_dsn: str, owner: asyncpg.Connection, power: str, told: str
) -> None:
    await owner.execute("drop role if exists csbe_test_sly")
    await owner.execute(f"create role csbe_test_sly login password 'of-a-sly' {power}")
    parts = urlsplit(owner_dsn)
    sly = urlunsplit(parts._replace(netloc=f"csbe_test_sly:of-a-sly@{parts.netloc.rpartition('@')[2]}"))

    with pytest.raises(UnfitDatabaseError, match=f"csbe_test_sly {told} and could change what is recorded"):
        await as_server(sly, BESIDE)

    await owner.execute("drop role csbe_test_sly")


@pytest.mark.parametrize("role", ["analyst", "auditor"])
async def test_who_may_only_read_is_refused_by_name(owner_dsn: str, role: str) -> None:
    reader = (await login(owner_dsn, role)).partition("?role")[0]

    with pytest.raises(
        UnfitDatabaseError, match=f'csbe_test_{role} may not serve .*"grant csbe_server to csbe_test_{role}"'
    ):
        await as_server(reader, BESIDE)


async def test_a_database_that_was_not_migrated_is_refused(own: str) -> None:
    with pytest.raises(UnfitDatabaseError, match="is empty: let its owner run csbe migrate"):
        await as_server(own, BESIDE)
    server = await migrated(own)
    await done(own, "delete from csbe.migrations where name = '0003_jobs'")

    with pytest.raises(UnfitDatabaseError, match="lacks 0003_jobs: let its owner run csbe migrate"):
        await as_server(server, BESIDE)


async def test_a_sequence_behind_the_log_is_refused_at_the_start_and_at_an_append(own: str) -> None:
    server = await migrated(own)
    await appended(server, 5)
    await as_server(server, BESIDE)
    await done(own, SETVAL.format(3))
    pool = await connect(server, min_size=1)

    for behind in (3, 1, 4):
        await done(own, SETVAL.format(behind))
        with pytest.raises(
            UnfitDatabaseError, match=f"stands at position 5, and its sequence would give {behind + 1} "
        ):
            await as_server(server, BESIDE)
        assert f"would give {behind + 1} next" in (await why_writes_stand(pool) or "")
        with pytest.raises(asyncpg.ObjectNotInPrerequisiteStateError, match="log stands at position 5"):
            await GroupCommit(pool).write(entry())
    assert await pool.fetchval("select max(notification_id) from csbe.events") == 5

    await done(own, SETVAL.format(5))
    await as_server(server, BESIDE)
    assert (await GroupCommit(pool).write(entry())).position == 6
    assert await why_writes_stand(pool) is None
    pool.terminate()


async def test_followers_ahead_of_the_log_are_refused(own: str) -> None:
    server = await migrated(own)
    await appended(server, 2)
    await done(own, "insert into csbe.followers (name, position) values ('policies', 2), ('webhooks', 3)")

    with pytest.raises(UnfitDatabaseError, match="ends at position 2, and these are past it: webhooks at 3"):
        await as_server(server, BESIDE)


async def test_a_process_does_not_work_on_the_database_of_another_installation(postgres_server: str) -> None:
    async with empty_database(postgres_server) as one, empty_database(postgres_server) as other:
        ours, theirs = await migrated(one), await migrated(other)
        pool = await connect(ours, min_size=1, max_size=1)
        name, mine = urlsplit(other).path[1:], urlsplit(one).path[1:]

        pool.set_connect_args(dsn=theirs)
        await pool.expire_connections()
        with pytest.raises(OtherInstallationError):
            await pool.fetchval("select 1")

        pool.set_connect_args(dsn=ours)
        assert await pool.fetchval("select current_database()") == mine != name
        pool.terminate()


@pytest.fixture
async def pooled(own: str, tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[str]:
    """The same database through PgBouncer, which gives each transaction another connection, or each session."""
    mode = getattr(request, "param", "transaction")
    if PGBOUNCER is None:
        pytest.skip("PgBouncer is not installed")
    parts, port = urlsplit(own), free_port()
    if parts.hostname is None and os.geteuid() == 0:
        pytest.skip("nobody may open the socket of the embedded server: on a real one this is tried")
    query = dict(part.split("=") for part in parts.query.split("&") if part)
    host = parts.hostname or query["host"].replace("%2F", "/")
    users = "\n".join(
        f'"{user}" "{word}"' for user, word in (("postgres", parts.password or ""), ("csbe_test_server", "of-a-test"))
    )
    (tmp_path / "users.txt").write_text(users)
    (tmp_path / "pgbouncer.ini").write_text(
        f"[databases]\n{parts.path[1:]} = host={host} port={parts.port or 5432}\n"
        f"[pgbouncer]\nlisten_addr = 127.0.0.1\nlisten_port = {port}\nauth_type = trust\nunix_socket_dir =\n"
        f"auth_file = {tmp_path}/users.txt\npool_mode = {mode}\nlogfile = {tmp_path}/log\n"
    )
    user = _readable_by_a_user(tmp_path)
    process = await asyncio.create_subprocess_exec(PGBOUNCER, *user, str(tmp_path / "pgbouncer.ini"))
    await until(lambda: _listens(port))
    yield urlunsplit(parts._replace(netloc=f"postgres@127.0.0.1:{port}", query=""))
    process.terminate()
    await process.wait()


def _readable_by_a_user(folder: Path) -> tuple[str, ...]:
    """PgBouncer refuses to be root: if we are, it becomes nobody, who must be let in."""
    if os.geteuid() != 0:
        return ()
    for path in (folder, *folder.parents[:-2]):
        path.chmod(path.stat().st_mode | 0o055)
    (folder / "log").touch()
    (folder / "log").chmod(0o666)
    return ("-u", "nobody")


async def _listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except OSError:
        return False
    writer.close()
    return True


async def test_a_database_is_migrated_through_a_pooler_of_transactions(own: str, pooled: str) -> None:
    first, again = await migrate(pooled, beside=BESIDE), await migrate(pooled, beside=BESIDE)

    assert (first[0], again) == ("0001_event_log", [])
    await as_server(await login(own, "server"), BESIDE)


async def test_serving_through_a_pooler_of_transactions_is_refused_by_name(own: str, pooled: str) -> None:
    await migrated(own)
    parts = urlsplit(pooled)
    server = urlunsplit(parts._replace(netloc=parts.netloc.replace("postgres@", "csbe_test_server@")))

    for dsn in (server, with_role(server, "csbe_server")):
        with pytest.raises(UnfitDatabaseError, match=r"PgBouncer .* pool_mode = transaction"):
            await as_server(dsn, BESIDE)


@pytest.mark.parametrize("pooled", ["session"], indirect=True)
async def test_serving_through_a_pooler_of_sessions_is_refused_by_name_too(own: str, pooled: str) -> None:
    await migrated(own)
    parts = urlsplit(pooled)
    server = urlunsplit(parts._replace(netloc=parts.netloc.replace("postgres@", "csbe_test_server@")))

    with pytest.raises(UnfitDatabaseError, match=r"PgBouncer .* unsupported startup parameter: role"):
        await as_server(server, BESIDE)
