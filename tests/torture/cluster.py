"""A PostgreSQL cluster of our own, that may be killed, filled up and told a wrong time. It leaves nothing behind."""

import asyncio
import ctypes
import getpass
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Self
from uuid import uuid4

import asyncpg

from adapters.embedded.broker import free_port
from adapters.embedded.postgres import PROGRAMS, USER, server_user

DISK_BYTES = 256 * 1024 * 1024
PATIENCE_S = 30.0

_PREFIX = "csbe-torture-"
_PR_SET_PDEATHSIG = 1
_CONFIGURATION = {
    "listen_addresses": "127.0.0.1",
    "unix_socket_directories": "",
    "dynamic_shared_memory_type": "mmap",  # in the data directory, where it goes away with it
    "log_min_messages": "fatal",
    "shared_buffers": "32MB",
    "min_wal_size": "32MB",
    "max_wal_size": "64MB",
}
_TROUBLE = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError)


class Cluster:
    """One server with its data on a small disk in memory if we are root, else in a temporary folder."""

    def __init__(self) -> None:
        self.is_root = os.geteuid() == 0
        _sweep()
        self.folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-"))
        self.disk = self.folder / "disk"
        self._data = self.disk / "data"
        self.port = free_port()
        self.server: subprocess.Popen[bytes] | None = None
        self._user = USER if self.is_root else None

    def __enter__(self) -> Self:
        try:
            self._make()
            self.start()
        except BaseException:
            self.clear_away()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.clear_away()

    def dsn(self, database: str = "postgres", port: int | None = None) -> str:
        """Where a database is, by another way if a port is given."""
        return f"postgresql://postgres@127.0.0.1:{port or self.port}/{database}"

    @property
    def gave_up(self) -> bool:
        """Whether it ended by itself."""
        return self.server is not None and self.server.poll() is not None

    def start(self, **environment: str) -> None:
        """Start the server; it may not let anybody in yet. It stops at once when this process dies."""
        settings = [part for name, value in _CONFIGURATION.items() for part in ("-c", f"{name}={value}")]
        with (self.folder / "postgres.log").open("ab") as log:
            self.server = subprocess.Popen(  # noqa: S603 (our own server)
                [str(PROGRAMS / "postgres"), "-D", str(self._data), "-p", str(self.port), *settings],
                stdout=log,
                stderr=log,
                env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", **environment},
                process_group=0,
                preexec_fn=_stop_with_parent,  # noqa: PLW1509 (nothing of Python runs but this)
                user=self._user,
                group=self._user,
                extra_groups=[] if self._user else None,
            )

    def kill(self) -> None:
        """`kill -9` of every process of the server, the first one first: none can tell another to clean up."""
        if self.server is None:
            return
        processes = [self.server.pid, *_children(self.server.pid)]
        for process in processes:
            _signal(process, signal.SIGKILL)
        self.server.wait()
        while any(Path(f"/proc/{process}").exists() for process in processes):
            time.sleep(0.005)
        self.server = None

    def stop(self) -> None:
        """Shut down in order; frozen processes are woken for it."""
        if self.server is None:
            return
        for process in _children(self.server.pid):
            _signal(process, signal.SIGCONT)
        _signal(self.server.pid, signal.SIGINT)
        try:
            self.server.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            self.kill()
        self.server = None

    def clear_away(self) -> None:
        """Leave no process, no mount and no file."""
        if self.server is not None:
            for process in _children(self.server.pid):
                _signal(process, signal.SIGCONT)
            _signal(self.server.pid, signal.SIGQUIT)
            self.server.wait(PATIENCE_S)
            self.server = None
        _remove(self.folder)

    async def ready(self) -> None:
        """Until the server lets us in. One that has given up recovery, for want of room, is started again."""
        deadline = time.monotonic() + PATIENCE_S
        while True:
            try:
                return await (await asyncpg.connect(self.dsn(), timeout=5)).close()
            except (*_TROUBLE, TimeoutError):
                if time.monotonic() > deadline:
                    raise
            if self.server is None or self.gave_up:
                self.start()
            await asyncio.sleep(0.05)

    @asynccontextmanager
    async def connection(self, database: str = "postgres") -> AsyncIterator[asyncpg.Connection]:
        """A connection of our own, past the proxy, that tells tests nothing of itself."""
        connection = await asyncpg.connect(self.dsn(database))
        try:
            yield connection
        finally:
            connection.terminate()

    @asynccontextmanager
    async def database(self, template: str) -> AsyncIterator[str]:
        """A new database, as the template is, until the end of the block."""
        name = f"torture_{uuid4().hex[:12]}"
        async with self.connection() as connection:
            await connection.execute(f"create database {name} template {template}")
        try:
            yield name
        finally:
            await self.ready()
            async with self.connection() as connection:
                await connection.execute(f"drop database {name} with (force)")

    def _make(self) -> None:
        self.folder.chmod(0o755)
        self.disk.mkdir()
        if self.is_root:
            server_user()
            mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_BYTES},mode=755", "csbe-torture", str(self.disk)]
            subprocess.run(mount, check=True)  # noqa: S603
            shutil.chown(self.disk, USER, USER)
        subprocess.run(  # noqa: S603
            [
                *(str(PROGRAMS / "initdb"), "--auth=trust", "--encoding=utf8", "--username=postgres"),
                *("--wal-segsize=1", "--no-sync", "--pgdata", str(self._data)),
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd="/",
            user=self._user,
            group=self._user,
            extra_groups=[] if self._user else None,
        )


def _sweep() -> None:
    """Remove what a run has left whose process was killed before it could: its server has stopped by itself."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*-*"):
        owner = folder.name.removeprefix(_PREFIX).split("-")[0]
        if folder.owner() == getpass.getuser() and owner.isdigit() and not Path(f"/proc/{owner}").exists():
            _remove(folder)


def _remove(folder: Path) -> None:
    disk = folder / "disk"
    if os.path.ismount(disk):
        subprocess.run(["umount", disk], check=True)  # noqa: S603, S607
    shutil.rmtree(folder)


def _children(process: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
    except FileNotFoundError:
        return []


def _signal(process: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(process, number)


def _stop_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGQUIT)
