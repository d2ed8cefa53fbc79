"""The embedded PostgreSQL is stopped by the last who uses it; who was killed uses it no more."""

import json
import os
import subprocess
import sys
from pathlib import Path

from adapters.embedded import USERS, EmbeddedPostgres


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
