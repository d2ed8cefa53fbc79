"""The embedded PostgreSQL is made once, and stopped by the last who uses it; who was killed uses it no more."""

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import asyncpg

from adapters.embedded.postgres import USERS, EmbeddedPostgres

_START = """
import sys, pathlib, adapters.embedded.postgres
adapters.embedded.postgres.EmbeddedPostgres(pathlib.Path(sys.argv[1])).start()
"""


def test_a_user_who_was_killed_does_not_keep_the_server_running(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    folder = tmp_path / "postgres"
    with subprocess.Popen([sys.executable, "-c", ""]) as killed:
        killed.wait()
    first = EmbeddedPostgres(folder)
    first.start()
    (folder / USERS).write_text(json.dumps([killed.pid, os.getpid()]))

    again = EmbeddedPostgres(folder)
    again.start()
    users = json.loads((folder / USERS).read_text())
    again.stop()
    first.stop()

    assert users == [os.getpid()]
    assert not (folder / "postmaster.pid").exists()


def test_two_processes_that_start_it_first_make_it_once_and_for_a_log_that_is_written_without_end(
    tmp_path: Path,
) -> None:
    tmp_path.chmod(0o755)
    folder = tmp_path / "postgres"
    starting = [subprocess.Popen([sys.executable, "-c", _START, str(folder)]) for _ in range(2)]  # noqa: S603 (ours)
    assert [process.wait(60) for process in starting] == [0, 0]

    server = EmbeddedPostgres(folder)
    settings = asyncio.run(_settings(server.start()))
    server.stop()

    assert settings[0] == "4GB"
    assert settings[1] != "128MB"  # as it comes
    assert (folder / "postgresql.conf").read_text().count("max_wal_size = 4GB") == 1


async def _settings(dsn: str) -> list[str]:
    connection = await asyncpg.connect(dsn)
    found = [await connection.fetchval(f"show {name}") for name in ("max_wal_size", "shared_buffers")]
    await connection.close()
    return found
