"""Connections to PostgreSQL."""

import asyncio
import contextlib
import socket
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

import asyncpg
import orjson
from asyncpg.exceptions._base import DataError as UnencodableError  # asyncpg has two of this name

from adapters.postgres.errors import BusyError, OtherInstallationError

__all__ = [
    "LOCK_TIMEOUT",
    "TRANSIENT_ERRORS",
    "Connection",
    "UnencodableError",
    "connect",
    "retrying",
    "with_lock_timeout",
]

T = TypeVar("T")

RETRY_SECONDS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 2.0, 2.0)
"""Pauses between attempts while there is trouble with the database."""

BUSY_ATTEMPTS = 40
BUSY_SECONDS = 0.1
"""How often something is tried that needs tables or views for itself, and the pause after each time."""

LOCK_TIMEOUT = "set local lock_timeout = '500ms'"
"""Shorter than PostgreSQL takes to look for deadlocks, so that a change gives way and never a reader."""

_INSTALLED = """
select exists (
    select from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'csbe' and c.relname = 'installation'
)
"""
_SILENCE_SECONDS = 10
_PROBE_SECONDS = 5
_PROBES = 3
_KEEPALIVE = {
    (socket.SOL_SOCKET, "SO_KEEPALIVE"): 1,
    (socket.IPPROTO_TCP, "TCP_KEEPIDLE"): _SILENCE_SECONDS,
    (socket.IPPROTO_TCP, "TCP_KEEPINTVL"): _PROBE_SECONDS,
    (socket.IPPROTO_TCP, "TCP_KEEPCNT"): _PROBES,
    (socket.IPPROTO_TCP, "TCP_USER_TIMEOUT"): (_SILENCE_SECONDS + _PROBE_SECONDS * _PROBES) * 1000,
}
"""A machine that is gone without a word is missed after 25 s, where the system has these options."""
_KEEPALIVE_THERE = f"""
set tcp_keepalives_idle = {_SILENCE_SECONDS};
set tcp_keepalives_interval = {_PROBE_SECONDS};
set tcp_keepalives_count = {_PROBES}
"""
"""The same at the other end, where whoever is gone may hold locks."""

TRANSIENT_ERRORS: tuple[type[Exception], ...] = (
    # The server went away, is starting, told us to go, or does not let us in.
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,  # `UnencodableError` is one too, and is none of these
    asyncpg.InternalClientError,  # what asyncpg makes of a cut while it prepares a statement
    asyncpg.OperatorInterventionError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.ReadOnlySQLTransactionError,  # it has become a standby
    OSError,
    # The transaction was sacrificed for another one, or found no room or no lock.
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.LockNotAvailableError,
    asyncpg.InsufficientResourcesError,
)
"""Trouble with the database: nothing is wrong with what the transaction was to do, which may succeed later."""


Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy
"""A connection, of its own or on loan from a pool."""


LIMITS = {
    "lock_timeout": "3s",
    "statement_timeout": "5min",
    "idle_in_transaction_session_timeout": "1min",
}
"""What nobody here waits longer for, and the server ends. What may take longer sets its own `local` limit."""


async def connect(
    dsn: str,
    *,
    min_size: int = 2,
    max_size: int = 10,
    application_name: str = "csbe",
    read_only: bool = False,
    limits: Mapping[str, str] = LIMITS,
) -> asyncpg.Pool:
    """A pool of connections that read and write `json` and `jsonb` as Python values, with all times in UTC.

    All are to one installation: raises `OtherInstallationError` when another one answers later.
    """
    installation = _Installation()

    async def prepare(connection: asyncpg.Connection) -> None:
        await _prepare(connection)
        await installation.check(connection)

    return await asyncpg.create_pool(
        dsn,
        min_size=min_size,
        max_size=max_size,
        init=prepare,
        reset=_reset,
        server_settings={
            "application_name": application_name,
            "timezone": "UTC",
            "default_transaction_read_only": "on" if read_only else "off",
            **limits,
        },
    )


class _Installation:
    """The one that the first connection led to."""

    def __init__(self) -> None:
        self._id: object = None

    async def check(self, connection: asyncpg.Connection) -> None:
        if not await connection.fetchval(_INSTALLED):
            return
        id = await connection.fetchval("select id from csbe.installation")
        self._id = self._id or id
        if id != self._id:
            raise OtherInstallationError


async def retrying(work: Callable[[], Awaitable[T]]) -> T:
    """Do something that may safely be done twice, again while there is trouble with the database, for some seconds."""
    for pause in RETRY_SECONDS:
        try:
            return await work()
        except UnencodableError:
            raise  # it was refused before it was sent
        except TRANSIENT_ERRORS:
            await asyncio.sleep(pause)
    return await work()


async def with_lock_timeout(what: str, work: Callable[[], Awaitable[T]]) -> T:
    """Do something that waits for its locks as long as `LOCK_TIMEOUT` says, again while others hold them.

    Whoever waits for a lock keeps those waiting who come later. Raises `BusyError`.
    """
    for _ in range(BUSY_ATTEMPTS):
        with contextlib.suppress(asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
            return await work()
        await asyncio.sleep(BUSY_SECONDS)
    raise BusyError(what)


async def _prepare(connection: asyncpg.Connection) -> None:
    own = connection._transport.get_extra_info("socket")  # type: ignore[attr-defined]  # noqa: SLF001 (no other way)
    if own is not None and own.family != socket.AF_UNIX:
        for (level, name), value in _KEEPALIVE.items():
            if hasattr(socket, name):
                own.setsockopt(level, getattr(socket, name), value)
        await connection.execute(_KEEPALIVE_THERE)
    for kind in ("json", "jsonb"):
        await connection.set_type_codec(kind, schema="pg_catalog", encoder=_encode, decoder=orjson.loads)


async def _reset(connection: Connection) -> None:
    """Only what is needed: a full reset on every release costs a round trip, and nothing here changes a session."""
    if connection.is_in_transaction():
        await connection.reset()


def _encode(value: object) -> str:
    return orjson.dumps(value).decode()
