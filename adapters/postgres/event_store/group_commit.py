"""Group commit: appends that come together go to the database together, in one call and one transaction.

Two batches may be under way, each on a connection of its own: while PostgreSQL stores one, this process answers the
last and makes up the next. They share no command and no aggregate, and the database's append lock puts them in order.
While other processes append as well, one batch is under way, and the larger for it.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from time import perf_counter
from typing import Protocol
from uuid import UUID, uuid4

import asyncpg

from adapters.postgres.database import UnencodableError, retrying
from adapters.postgres.event_store.appender import AppendEntry, AppendStatus, AppendWriter, Written
from adapters.postgres.event_store.notifier import Notifier
from adapters.postgres.event_store.server_epoch import KnownServer

WRITERS = 2
"""So many batches are under way at most. One more than can be written would only wait for the append lock."""
MAX_BATCH_EVENTS = 1000
"""So many events go into one transaction at most (one entry may have more)."""
WORTH_A_BATCH = 8
"""Fewer events wait for the batch under way: a transaction of their own would cost more than it gains."""

_ENTRY_TO_BLAME = (
    UnencodableError,
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.ProgramLimitExceededError,
)
"""Errors about the data of one entry, that the others of its batch must not suffer from."""


class AppendFigures(Protocol):
    """What group commit tells of itself."""

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


@dataclass(eq=False, slots=True)
class _Waiting:
    entry: AppendEntry
    done: asyncio.Future[Written]
    claims: frozenset[UUID]
    events: int

    def answer(self, written: Written) -> None:
        """Unless whoever waited has gone."""
        if not self.done.done():
            self.done.set_result(written)

    def fail(self, error: BaseException) -> None:
        """Unless whoever waited has gone."""
        if self.done.done():
            return
        if isinstance(error, asyncio.CancelledError):
            self.done.cancel()
        else:
            self.done.set_exception(error)


class GroupCommit:
    """Writes entries, those about one aggregate in the order they came. What comes meanwhile forms the next batch."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        on_written: Callable[[], None] = lambda: None,
        figures: AppendFigures | None = None,
        server: KnownServer | None = None,
    ) -> None:
        server = server or KnownServer(pool)
        self._on_written = on_written
        self._figures = figures or NoFigures()
        self._queue: deque[_Waiting] = deque()
        self._fresh = 0  # events in the queue that do not wait for what is under way
        self._blocked = 0  # events in the queue that do
        self._under_way = 0  # events being written
        self._claimed: set[UUID] = set()  # by what is under way
        self._end = 0  # the last position that was written here
        self._writers = WRITERS
        self._notifier = Notifier(pool)
        self._idle = [AppendWriter(pool, server, self._notifier) for _ in range(WRITERS)]
        self._writing: dict[AppendWriter, asyncio.Task[None]] = {}

    async def write(self, entry: AppendEntry) -> Written:
        """Append one entry. Once this returns, it is on disk."""
        came_at = perf_counter()
        done: asyncio.Future[Written] = asyncio.get_running_loop().create_future()
        claims = frozenset((entry.command_id, *[row.originator_id for row in entry.rows]))
        events = max(1, len(entry.rows))
        self._queue.append(_Waiting(entry, done, claims, events))
        self._fresh += events
        self._engage()
        written = await done
        self._figures.appended(perf_counter() - came_at)
        return written

    async def close(self) -> None:
        """Wait until everything given to `write` has been dealt with and told, and give the connections back."""
        while self._writing:
            await asyncio.wait(self._writing.values())
        for writer in self._idle:
            await writer.close()
        await self._notifier.close()

    def _engage(self) -> None:
        """Let one more writer begin, when that is worth its while."""
        if not self._writing:
            worth_it = self._fresh > 0
        else:
            worth_it = self._fresh >= WORTH_A_BATCH and len(self._writing) < self._writers and self._idle[-1].is_ready
        if worth_it:
            writer = self._idle.pop()
            self._writing[writer] = asyncio.create_task(self._drain(writer), name="group commit")

    async def _drain(self, writer: AppendWriter) -> None:
        try:
            while batch := self._next_batch():
                self._engage()
                with self._keeping_apart(batch):
                    await self._write_batch(writer, batch, uuid4())
                await asyncio.sleep(0)  # lets those just answered ask again, so that they share the next batch
        except BaseException as error:  # cancelled, or broken: those who wait must hear of it
            for waiting in self._queue:
                waiting.fail(error)
            self._queue.clear()
            self._fresh = self._blocked = 0
            raise
        finally:
            del self._writing[writer]
            self._idle.append(writer)

    def _next_batch(self) -> list[_Waiting]:
        """The longest-waiting entries that share no command and no aggregate, among them or with what is under way.

        Not more than an equal share for each writer; none beside another batch when few come, or one is to be enough.
        """
        if self._under_way and (self._fresh < WORTH_A_BATCH or self._writers == 1):
            return []
        share = max(WORTH_A_BATCH, -(-(self._fresh + self._under_way) // self._writers))
        batch: list[_Waiting] = []
        left: list[_Waiting] = []
        claimed = self._claimed.copy()
        taken = 0
        while self._queue and taken < share:
            waiting = self._queue[0]
            if not claimed.isdisjoint(waiting.claims):
                left.append(waiting)
            elif batch and taken + waiting.events > MAX_BATCH_EVENTS:
                break
            else:
                batch.append(waiting)
                taken += waiting.events
            claimed |= waiting.claims
            self._queue.popleft()
        self._queue.extendleft(reversed(left))
        passed_over = sum(w.events for w in left)
        self._fresh -= taken + passed_over - self._blocked
        self._blocked = passed_over
        return batch

    @contextmanager
    def _keeping_apart(self, batch: list[_Waiting]) -> Iterator[None]:
        """While this batch is under way, nothing of another batch shares a command or an aggregate with it."""
        claims = set().union(*(w.claims for w in batch))
        events = sum(w.events for w in batch)
        self._claimed |= claims
        self._under_way += events
        try:
            yield
        finally:
            self._claimed -= claims
            self._under_way -= events
            self._fresh += self._blocked
            self._blocked = 0

    async def _write_batch(self, writer: AppendWriter, batch: list[_Waiting], append_id: UUID) -> None:
        try:
            entries = [w.entry for w in batch]
            written = await retrying(lambda: writer.write(entries, append_id))
        except _ENTRY_TO_BLAME as error:
            if len(batch) > 1:
                for waiting in batch:  # let each fail or succeed alone
                    await self._write_batch(writer, [waiting], append_id)
            elif isinstance(error, asyncpg.UniqueViolationError):  # a foreign writer came between check and insert
                batch[0].answer(Written(AppendStatus.CONFLICT, 0))
            else:
                batch[0].fail(error)
        except BaseException as error:  # those who wait must hear of it, whatever it is
            for waiting in batch:
                waiting.fail(error)
            if not isinstance(error, Exception):
                raise
        else:
            self._on_written()
            self._figures.batch(sum(len(entry.rows) for entry in entries))
            self._look_for_others(batch, written)
            for waiting, result in zip(batch, written, strict=True):
                waiting.answer(result)

    def _look_for_others(self, batch: list[_Waiting], written: list[Written]) -> None:
        """Positions that were given out since, and not here, went to another process: it needs the lock as well."""
        first, last = written[0], written[-1]
        if first.status is last.status is AppendStatus.APPENDED:
            beside = self._under_way - sum(w.events for w in batch)
            self._writers = WRITERS if first.position - len(batch[0].entry.rows) - self._end <= beside else 1
            self._end = max(self._end, last.position)
