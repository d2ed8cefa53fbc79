"""Entries on their way into the log: a connection that writes batches of them, each in one transaction."""

import asyncio
import contextlib
from collections.abc import Sequence
from enum import StrEnum
from itertools import accumulate
from typing import NamedTuple
from uuid import UUID

import asyncpg

from adapters.postgres.database import TRANSIENT_ERRORS
from adapters.postgres.event_store.mapper import StoredState
from adapters.postgres.event_store.notifier import Notifier
from adapters.postgres.event_store.server_epoch import KnownServer

IDLE_SECONDS = 1.0
"""After so long without work the connection goes back to the pool: taking it for each batch costs as a query does."""

_APPEND_ONE = "select csbe.append_one($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
_APPEND_BATCH = "select csbe.append_batch($1, $2, $3, $4, $5, $6)"
_APPEND = "select entry, status, last_position from csbe.append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"


class AppendStatus(StrEnum):
    """What became of an entry."""

    APPENDED = "appended"
    KNOWN = "known"
    CONFLICT = "conflict"
    SUPERSEDED = "superseded"
    """A rulebook was published since it was decided."""


class AppendEntry(NamedTuple):
    """Events of one command, appended all or none, and the command's outcome. `metadata` is JSON text."""

    command_id: UUID
    fingerprint: str
    result: str | None
    metadata: str
    rows: Sequence[StoredState]
    publication: int | None = None
    """Position of the newest publication of a rulebook that the decision knew; none where that is no matter."""


class Written(NamedTuple):
    """The status of an entry, and the position of its last event unless it conflicted."""

    status: AppendStatus
    position: int


class AppendWriter:
    """Writes one batch at a time. Takes a connection of the pool for work, and gives it back when there is none."""

    def __init__(self, pool: asyncpg.Pool, server: KnownServer, news: Notifier) -> None:
        self._pool = pool
        self._server = server
        self._notifier = news
        self._connection: asyncpg.pool.PoolConnectionProxy | None = None
        self._busy = False
        self._used_at = 0.0
        self._watch: asyncio.TimerHandle | None = None
        self._releasing: set[asyncio.Task[None]] = set()

    @property
    def is_ready(self) -> bool:
        """Whether it can begin without waiting for others to give back a connection."""
        pool = self._pool
        return self._connection is not None or pool.get_idle_size() > 0 or pool.get_size() < pool.get_max_size()

    async def close(self) -> None:
        """Give the connection back."""
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        await self._let_go()

    async def write(self, entries: list[AppendEntry], append_id: UUID) -> list[Written]:
        """Safe to repeat under the same id, also in parts: an entry that did get through is recognised by it."""
        self._busy = True
        try:
            return await self._write_new(entries, append_id)
        except asyncpg.UniqueViolationError:
            return await self._write_each(entries, append_id)
        finally:
            self._busy = False
            self._watch_idleness()

    async def _write_new(self, entries: list[AppendEntry], append_id: UUID) -> list[Written]:
        """What nearly always holds: no entry is known, and none conflicts. Raises `UniqueViolationError` otherwise."""
        known_server, tell = await self._server.started(), self._notifier.rides_along()
        ends = list(accumulate(len(e.rows) for e in entries))
        if ends == [1]:  # the commonest case, without the cost of arrays
            command_id, *outcome, metadata, [row], publication = entries[0]
            values = (command_id, append_id, *outcome, *row, metadata)
            [(end,)] = await self._call(_APPEND_ONE, *values, known_server, tell, publication)
            base = end - 1
        else:
            commands = [(*entry[:3], end) for entry, end in zip(entries, ends, strict=True)]
            events = [(*row, entry.metadata) for entry in entries for row in entry.rows]
            [(base,)] = await self._call(
                _APPEND_BATCH, commands, append_id, events, known_server, tell, _oldest(entries)
            )
        if not tell:
            self._notifier.follows()
        return [Written(AppendStatus.APPENDED, base + end) for end in ends]

    async def _write_each(self, entries: list[AppendEntry], append_id: UUID) -> list[Written]:
        """Leaves out what is known, conflicts or is superseded, and says so."""
        command_ids, fingerprints, results, *_, publications = zip(*entries, strict=True)
        commands = (command_ids, [append_id] * len(entries), fingerprints, results)
        rows = [(number, *row, e.metadata) for number, e in enumerate(entries, 1) for row in e.rows]
        events = tuple(zip(*rows, strict=True)) or ((),) * 6
        records = await self._call(_APPEND, *commands, *events, publications)
        by_entry = {number: Written(AppendStatus(status), position or 0) for number, status, position in records}
        return [by_entry[number] for number in range(1, len(entries) + 1)]

    async def _call(self, query: str, *values: object) -> list[asyncpg.Record]:
        if self._connection is None:
            self._connection = await self._pool.acquire()
        try:
            records: list[asyncpg.Record] = await self._connection.fetch(query, *values)
        except asyncpg.UniqueViolationError:
            raise  # the connection is well
        except BaseException:
            with contextlib.suppress(asyncpg.InterfaceError):  # gone by itself
                self._connection.terminate()  # its state is unknown
            await self._let_go()
            raise
        return records

    def _watch_idleness(self) -> None:
        loop = asyncio.get_running_loop()
        self._used_at = loop.time()
        if self._watch is None:
            self._watch = loop.call_later(IDLE_SECONDS, self._when_watched)

    def _when_watched(self) -> None:
        loop = asyncio.get_running_loop()
        self._watch = None
        if self._busy or loop.time() < self._used_at + IDLE_SECONDS:
            self._watch = loop.call_later(IDLE_SECONDS, self._when_watched)
            return
        releasing = loop.create_task(self._release(self._detach()))  # detached at once: a new batch takes another
        self._releasing.add(releasing)
        releasing.add_done_callback(self._releasing.discard)

    async def _let_go(self) -> None:
        await self._release(self._detach())

    def _detach(self) -> asyncpg.pool.PoolConnectionProxy | None:
        connection, self._connection = self._connection, None
        return connection

    async def _release(self, connection: asyncpg.pool.PoolConnectionProxy | None) -> None:
        if connection is not None:
            with contextlib.suppress(*TRANSIENT_ERRORS):  # cut meanwhile: the pool has taken it back by itself
                await self._pool.release(connection)


def _oldest(entries: Sequence[AppendEntry]) -> int | None:
    """If it is not the newest there is, each entry is looked at by itself."""
    return min((entry.publication for entry in entries if entry.publication is not None), default=None)
