"""Group commit: appends that come together go to the database together, in one call and one transaction."""

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import accumulate
from time import perf_counter
from typing import Any, Protocol
from uuid import UUID, uuid4

import asyncpg

from adapters.postgres.database import LOST_CONNECTION, UnencodableError, persistently
from adapters.postgres.mapper import StoredState

IDLE_SECONDS = 1.0
"""After so long without work the connection goes back to the pool: taking it for each batch costs as a query does."""
MAX_BATCH_EVENTS = 1000
"""So many events go into one transaction at most (one entry may have more)."""

_ENTRY_TO_BLAME = (
    UnencodableError,
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.ProgramLimitExceededError,
)
"""Errors about the data of one entry, that the others of its batch must not suffer from."""

_APPEND_ONE = "select csbe.append_one($1, $2, $3, $4, $5, $6, $7, $8, $9)"
_APPEND_NEW = "select csbe.append_new($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
_APPEND = "select entry, status, last_position from csbe.append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"


class Status(StrEnum):
    """What became of an entry."""

    APPENDED = "appended"
    KNOWN = "known"
    CONFLICT = "conflict"


@dataclass(frozen=True)
class Entry:
    """Events of one command, appended all or none, and the command's outcome. `metadata` is JSON text."""

    command_id: UUID
    fingerprint: str
    answer: str | None
    metadata: str
    rows: Sequence[StoredState]
    append_id: UUID = field(default_factory=uuid4)


@dataclass(frozen=True)
class Written:
    """The status of an entry, and the position of its last event unless it conflicted."""

    status: Status
    position: int


class AppendFigures(Protocol):
    """What the journal tells of itself."""

    def appended(self, seconds: float) -> None:
        """An entry waited so long from the door to the disk."""
        ...

    def batch(self, events: int) -> None:
        """So many events went into one transaction."""
        ...


class NoFigures:
    """Nobody counts."""

    def appended(self, seconds: float) -> None:
        """Is not counted."""

    def batch(self, events: int) -> None:
        """Is not counted."""


@dataclass
class _Waiting:
    entry: Entry
    done: asyncio.Future[Written]
    claims: frozenset[UUID]


class Journal:
    """Writes entries. One batch is under way at a time; what comes meanwhile forms the next."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        on_written: Callable[[], None] = lambda: None,
        figures: AppendFigures | None = None,
    ) -> None:
        self._pool = pool
        self._on_written = on_written
        self._figures = figures or NoFigures()
        self._queue: deque[_Waiting] = deque()
        self._writer: asyncio.Task[None] | None = None
        self._connection: asyncpg.pool.PoolConnectionProxy | None = None
        self._used_at = 0.0
        self._watch: asyncio.TimerHandle | None = None
        self._releasing: set[asyncio.Task[None]] = set()

    async def write(self, entry: Entry) -> Written:
        """Append one entry. Once this returns, it is on disk."""
        came_at = perf_counter()
        done: asyncio.Future[Written] = asyncio.get_running_loop().create_future()
        claims = frozenset({entry.command_id, *(row.originator_id for row in entry.rows)})
        self._queue.append(_Waiting(entry, done, claims))
        if self._writer is None:
            self._writer = asyncio.create_task(self._drain(), name="journal")
        written = await done
        self._figures.appended(perf_counter() - came_at)
        return written

    async def close(self) -> None:
        """Wait until everything given to `write` has been dealt with, and give the connection back."""
        while self._writer is not None:
            await asyncio.wait([self._writer])
        if self._watch is not None:
            self._watch.cancel()
            self._watch = None
        await self._let_go()

    async def _drain(self) -> None:
        try:
            while self._queue:
                await self._settle(self._next_batch())
                await asyncio.sleep(0)  # lets those just answered ask again, so that they share the next batch
        except BaseException as error:  # cancelled, or broken: those who wait must hear of it
            for waiting in self._queue:
                _finish(waiting, error)
            self._queue.clear()
            raise
        finally:
            self._writer = None
            self._watch_idleness()

    def _next_batch(self) -> list[_Waiting]:
        """The longest-waiting entries that share no command and no aggregate."""
        batch: list[_Waiting] = []
        left: deque[_Waiting] = deque()
        claimed: set[UUID] = set()
        events = 0
        while self._queue and events < MAX_BATCH_EVENTS:
            waiting = self._queue.popleft()
            if claimed.isdisjoint(waiting.claims):
                batch.append(waiting)
                events += max(1, len(waiting.entry.rows))
            else:
                left.append(waiting)
            claimed |= waiting.claims
        self._queue.extendleft(reversed(left))
        return batch

    async def _settle(self, batch: list[_Waiting]) -> None:
        try:
            entries = [w.entry for w in batch]
            written = await persistently(lambda: self._write(entries))
        except _ENTRY_TO_BLAME as error:
            if len(batch) == 1:
                _finish(batch[0], _as_conflict_or(error))
            for waiting in batch if len(batch) > 1 else ():  # let each fail or succeed alone
                await self._settle([waiting])
        except BaseException as error:  # those who wait must hear of it, whatever it is
            for waiting in batch:
                _finish(waiting, error)
            if not isinstance(error, Exception):
                raise
        else:
            self._on_written()
            self._figures.batch(sum(len(entry.rows) for entry in entries))
            for waiting, result in zip(batch, written, strict=True):
                _finish(waiting, result)

    async def _write(self, entries: list[Entry]) -> list[Written]:
        """Safe to repeat: an entry that did get through is recognised by its `append_id`."""
        try:
            return await self._write_new(entries)
        except asyncpg.UniqueViolationError:
            return await self._write_each(entries)

    async def _write_new(self, entries: list[Entry]) -> list[Written]:
        """What nearly always holds: no entry is known, and none conflicts. Raises `UniqueViolationError` otherwise."""
        if len(entries) == len(entries[0].rows) == 1:
            return [await self._write_one(entries[0], entries[0].rows[0])]
        ends = list(accumulate(len(e.rows) for e in entries))
        [record] = await self._call(_APPEND_NEW, *_columns(entries), ends, *_event_columns(entries))
        return [Written(Status.APPENDED, record[0] + end) for end in ends]

    async def _write_one(self, entry: Entry, row: StoredState) -> Written:
        """The commonest case, without the cost of arrays."""
        command = (entry.command_id, entry.append_id, entry.fingerprint, entry.answer)
        event = (row.originator_id, row.originator_version, row.topic, row.state)
        [record] = await self._call(_APPEND_ONE, *command, *event, entry.metadata)
        return Written(Status.APPENDED, record[0])

    async def _write_each(self, entries: list[Entry]) -> list[Written]:
        """Leaves out what is known or conflicts, and says so."""
        places = [number for number, e in enumerate(entries, 1) for _ in e.rows]
        records = await self._call(_APPEND, *_columns(entries), places, *_event_columns(entries))
        by_entry = {number: Written(Status(status), position or 0) for number, status, position in records}
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
        if self._writer is not None or loop.time() < self._used_at + IDLE_SECONDS:
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
            with contextlib.suppress(*LOST_CONNECTION):  # cut meanwhile: the pool has taken it back by itself
                await self._pool.release(connection)


def _columns(entries: list[Entry]) -> tuple[list[Any], ...]:
    return (
        [e.command_id for e in entries],
        [e.append_id for e in entries],
        [e.fingerprint for e in entries],
        [e.answer for e in entries],
    )


def _event_columns(entries: list[Entry]) -> tuple[list[Any], ...]:
    rows = [row for e in entries for row in e.rows]
    return (
        [row.originator_id for row in rows],
        [row.originator_version for row in rows],
        [row.topic for row in rows],
        [row.state for row in rows],
        [e.metadata for e in entries for _ in e.rows],
    )


def _as_conflict_or(error: Exception) -> Written | Exception:
    """A version taken by a foreign writer between the check and the insert is a conflict like any other."""
    return Written(Status.CONFLICT, 0) if isinstance(error, asyncpg.UniqueViolationError) else error


def _finish(waiting: _Waiting, outcome: BaseException | Written) -> None:
    if waiting.done.done():
        return
    if isinstance(outcome, Written):
        waiting.done.set_result(outcome)
    elif isinstance(outcome, asyncio.CancelledError):
        waiting.done.cancel()
    else:
        waiting.done.set_exception(outcome)
