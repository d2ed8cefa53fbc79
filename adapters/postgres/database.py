"""Connections to PostgreSQL."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import TypeVar

import asyncpg
import orjson
from asyncpg.exceptions._base import DataError as UnencodableError  # asyncpg has two of this name

from adapters.postgres.errors import BusyError

__all__ = [
    "LOCK_TIMEOUT",
    "LOST_CONNECTION",
    "NOT_ITS_FAULT",
    "TRY_AGAIN",
    "Connection",
    "UnencodableError",
    "connect",
    "giving_way",
    "persistently",
]

T = TypeVar("T")

RETRY_SECONDS = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 2.0, 2.0)
"""Pauses between attempts while the database cannot be reached."""

BUSY_ATTEMPTS = 40
BUSY_SECONDS = 0.1
"""How often something is tried that needs tables or views for itself, and the pause after each time."""

LOCK_TIMEOUT = "set local lock_timeout = '500ms'"
"""Shorter than PostgreSQL takes to look for deadlocks, so that a change gives way and never a reader."""

LOST_CONNECTION: tuple[type[Exception], ...] = (
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # what asyncpg makes of a cut while it prepares a statement
    asyncpg.OperatorInterventionError,
    asyncpg.CannotConnectNowError,
    asyncpg.TooManyConnectionsError,
    OSError,
)
"""The server went away, is starting or told us to go: the same call may succeed on a new connection."""

NOT_ITS_FAULT: tuple[type[Exception], ...] = (
    asyncpg.SerializationError,
    asyncpg.DeadlockDetectedError,
    asyncpg.DiskFullError,
)
"""The transaction was sacrificed for another one, or found no room: nothing is wrong with what it was to do."""

TRY_AGAIN: tuple[type[Exception], ...] = (*NOT_ITS_FAULT, *LOST_CONNECTION)
"""The same transaction may succeed when tried again."""


Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy
"""A connection, of its own or on loan from a pool."""


async def connect(dsn: str, *, min_size: int = 2, max_size: int = 10, application_name: str = "csbe") -> asyncpg.Pool:
    """A pool of connections that read and write `json` and `jsonb` as Python values, with all times in UTC."""
    return await asyncpg.create_pool(
        dsn,
        min_size=min_size,
        max_size=max_size,
        init=_prepare,
        reset=_reset,
        server_settings={"application_name": application_name, "timezone": "UTC"},
    )


async def persistently(work: Callable[[], Awaitable[T]]) -> T:
    """Do something that may safely be done twice, again when the connection was cut, for some seconds."""
    for pause in RETRY_SECONDS:
        try:
            return await work()
        except UnencodableError:
            raise  # a kind of InterfaceError, but refused before it was sent
        except TRY_AGAIN:
            await asyncio.sleep(pause)
    return await work()


async def giving_way(what: str, work: Callable[[], Awaitable[T]]) -> T:
    """Do something that waits for its locks as long as `LOCK_TIMEOUT` says, again while others hold them.

    Whoever waits for a lock keeps those waiting who come later. Raises `BusyError`.
    """
    for _ in range(BUSY_ATTEMPTS):
        with contextlib.suppress(asyncpg.LockNotAvailableError, asyncpg.DeadlockDetectedError):
            return await work()
        await asyncio.sleep(BUSY_SECONDS)
    raise BusyError(what)


async def _prepare(connection: asyncpg.Connection) -> None:
    for kind in ("json", "jsonb"):
        await connection.set_type_codec(kind, schema="pg_catalog", encoder=_encode, decoder=orjson.loads)


async def _reset(connection: Connection) -> None:
    """Only what is needed: a full reset on every release costs a round trip, and nothing here changes a session."""
    if connection.is_in_transaction():
        await connection.reset()


def _encode(value: object) -> str:
    return orjson.dumps(value).decode()
