"""The embedded PostgreSQL is made once, and stopped by the last who uses it; whoever is killed leaves no trace."""

import asyncio
import os
import select
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from adapters.embedded.postgres import DataDirectoryError, EmbeddedPostgres

_START = """
import sys, pathlib, adapters.embedded.postgres
adapters.embedded.postgres.EmbeddedPostgres(pathlib.Path(sys.argv[1])).start()
"""
_AND_STAY = "print('started', flush=True); sys.stdin.read()"


@pytest.fixture
def folder() -> Iterator[Path]:
    """Not in pytest's, which each of its runs closes to other users, such as the one that runs the server of root."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        yield Path(folder) / "postgres"


@pytest.fixture
def server(folder: Path) -> Iterator[EmbeddedPostgres]:
    server = EmbeddedPostgres(folder)
    yield server
    server.stop()


def test_a_user_who_was_killed_does_not_keep_the_server_running(folder: Path, server: EmbeddedPostgres) -> None:
    pipe = subprocess.PIPE
    starting = [sys.executable, "-c", _START + _AND_STAY, str(folder)]
    with subprocess.Popen(starting, stdin=pipe, stdout=pipe) as user:  # noqa: S603 (ours)
        assert user.stdout
        user.stdout.readline()
        user.kill()

    server.start()
    server.stop()

    assert not (folder / "postmaster.pid").exists()


def test_the_server_runs_until_the_last_of_its_users_stops_it(folder: Path, server: EmbeddedPostgres) -> None:
    other = EmbeddedPostgres(folder)
    server.start()
    dsn = other.start()

    server.stop()

    assert asyncio.run(_value(dsn, "select 1")) == 1
    other.stop()
    assert not (folder / "postmaster.pid").exists()


def test_two_processes_that_start_it_first_make_it_once_and_for_a_log_that_is_written_without_end(
    folder: Path, server: EmbeddedPostgres
) -> None:
    starting = [subprocess.Popen([sys.executable, "-c", _START, str(folder)]) for _ in range(2)]  # noqa: S603 (ours)
    assert [process.wait(60) for process in starting] == [0, 0]

    dsn = server.start()

    assert asyncio.run(_value(dsn, "show max_wal_size")) == "4GB"
    assert asyncio.run(_value(dsn, "show shared_buffers")) != "128MB"  # as it comes
    assert {asyncio.run(_value(dsn, f"show {name}")) for name in ("fsync", "full_page_writes")} == {"on"}
    assert asyncio.run(_value(dsn, "show synchronous_commit")) == "on"


def test_what_was_committed_is_there_after_the_server_was_killed(folder: Path, server: EmbeddedPostgres) -> None:
    dsn = server.start()
    asyncio.run(_value(dsn, "create table kept as select 7 as found"))
    killed = os.pidfd_open(int((folder / "postmaster.pid").read_text().split()[0]))
    signal.pidfd_send_signal(killed, signal.SIGKILL)
    select.select([killed], [], [])
    os.close(killed)

    again = EmbeddedPostgres(folder)
    found = asyncio.run(_value(again.start(), "select found from kept"))
    again.stop()

    assert found == 7


def test_a_process_that_has_the_number_of_a_server_that_was_killed_is_not_taken_for_it(
    folder: Path, server: EmbeddedPostgres
) -> None:
    server.start()
    note = (folder / "postmaster.pid").read_text()
    server.stop()
    with subprocess.Popen(["/bin/sleep", "60"]) as stranger:
        (folder / "postmaster.pid").write_text(note.replace(note.split()[0], str(stranger.pid), 1))

        found = asyncio.run(_value(server.start(), "select 1"))
        stranger.kill()

    assert found == 1


def test_a_data_directory_that_was_not_made_to_the_end_is_made_anew(folder: Path, server: EmbeddedPostgres) -> None:
    unfinished = folder.with_name("postgres.new")
    unfinished.mkdir()
    (unfinished / "PG_VERSION").write_text("18")

    assert asyncio.run(_value(server.start(), "select 1")) == 1


def test_extensions_for_what_may_not_overlap_are_there(server: EmbeddedPostgres) -> None:
    assert asyncio.run(_value(server.start(), "select count(*) from pg_available_extensions where name='btree_gist'"))


def test_a_data_directory_of_another_version_is_refused_and_told(folder: Path, server: EmbeddedPostgres) -> None:
    server.start()
    server.stop()
    (folder / "PG_VERSION").write_text("16\n")

    with pytest.raises(DataDirectoryError, match="was made by PostgreSQL 16 and this is 18"):
        server.start()


def test_a_data_directory_of_another_user_is_refused_and_told(folder: Path, server: EmbeddedPostgres) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    server.start()
    server.stop()
    os.chown(folder / "PG_VERSION", 12345, 12345)

    with pytest.raises(DataDirectoryError, match="belongs to user 12345"):
        server.start()


def test_a_server_that_cannot_start_says_why(folder: Path, server: EmbeddedPostgres) -> None:
    server.start()
    server.stop()
    with (folder / "postgresql.conf").open("a") as conf:
        conf.write("max_connections = many\n")

    with pytest.raises(DataDirectoryError, match="invalid value for parameter"):
        server.start()


def test_a_path_that_is_too_long_for_a_socket_has_its_socket_elsewhere(folder: Path) -> None:
    server = EmbeddedPostgres(folder / ("long-" * 20) / "postgres")

    dsn = server.start()
    found = asyncio.run(_value(dsn, "select 1"))
    server.stop()

    assert found == 1


async def _value(dsn: str, query: str) -> object:
    connection = await asyncpg.connect(dsn)
    try:
        return await connection.fetchval(query) if query[:6] != "create" else await connection.execute(query)
    finally:
        await connection.close()
