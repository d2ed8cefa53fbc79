"""The event store in PostgreSQL: the kernel's port `EventStore`."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import asyncpg

from adapters.postgres.cache import AggregateCache
from adapters.postgres.database import persistently
from adapters.postgres.journal import AppendFigures, Entry, Journal, Status
from adapters.postgres.listener import Listener
from adapters.postgres.mapper import StoredState, subject_of, subjects_in, to_event, to_stored
from adapters.postgres.reading import Filter, Reader
from adapters.postgres.snapshots import Snapshots
from adapters.postgres.vault import Vault
from domain.kernel.aggregate import Aggregate, Event
from domain.kernel.errors import CommandAlreadyDoneError, NotFoundError, VersionConflictError
from domain.kernel.ids import CommandId
from domain.kernel.messages import Metadata, RecordedEvent

A = TypeVar("A", bound=Aggregate)

_HISTORY = """
select originator_id, originator_version, topic, state from csbe.events
where originator_id = $1 and originator_version > $2 order by originator_version
"""
_HISTORY_AS_OF = """
select originator_id, originator_version, topic, state from csbe.events
where originator_id = $1 and ($3::bigint is null or notification_id <= $3)
and not exists ( -- the clock may have been set back: a history has no gaps
    select from csbe.events later
    where later.originator_id = $1 and later.recorded_at > $2 and later.originator_version <= events.originator_version
)
order by originator_version
"""
_OUTCOME = "select answer, position, fingerprint from csbe.commands where command_id = $1"
_SERVICE = """
select metadata ->> 'service' from csbe.events where originator_id = $1 and originator_version = 1
"""
_END = "select coalesce(max(notification_id), 0) from csbe.events"


@dataclass(frozen=True)
class RememberedOutcome:
    """What a command led to."""

    answer: str | None
    position: int
    fingerprint: str


class PostgresEventStore:
    """Appends in groups, in safe order; loads from cache, snapshot and the events since; reads the log in batches."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        *,
        master_key: bytes | None = None,
        snapshot_every: int = 50,
        cache_size: int = 10_000,
        figures: AppendFigures | None = None,
    ) -> None:
        self.pool = pool
        self.vault = Vault(pool, master_key)
        self.listener = Listener(pool)
        self.reader = Reader(pool, self.vault)
        self._journal = Journal(pool, self.listener.events.wake, figures)
        self._snapshots = Snapshots(pool, self.vault)
        self._snapshot_every = snapshot_every
        self._cache = AggregateCache(cache_size)
        self.listener.erasures.on_news = self._forget

    async def close(self) -> None:
        """Finish the appends under way and stop listening. The pool stays open: it is the caller's."""
        await self._journal.close()
        await self.listener.close()

    async def load(self, aggregate_class: type[A], id: UUID, /, *, service: str | None = None) -> A:
        """The aggregate now. Always asks the database for what came since, so that another process's events count."""
        if service is not None:
            await self._require_service(aggregate_class, id, service)
        self.listener.start()  # whoever remembers must hear of erasures
        erasures = self.listener.erasures.count
        start = self._cache.get(id) or await self._snapshots.latest(aggregate_class, id)
        version = start.version if start else 0
        rows = await persistently(lambda: self.pool.fetch(_HISTORY, id, version))
        aggregate = await self._replay(start, rows)
        if not isinstance(aggregate, aggregate_class):
            raise NotFoundError(aggregate_class.TOPIC, id)
        if self.listener.erasures.count == erasures:
            self._cache.put(aggregate)
        return aggregate

    async def load_as_of(
        self,
        aggregate_class: type[A],
        id: UUID,
        /,
        *,
        at: datetime | None = None,
        position: int | None = None,
    ) -> A:
        """The aggregate as it was recorded at a time or at a position of the log, from its events alone."""
        rows = await persistently(lambda: self.pool.fetch(_HISTORY_AS_OF, id, at, position))
        aggregate = await self._replay(None, rows)
        if not isinstance(aggregate, aggregate_class):
            raise NotFoundError(aggregate_class.TOPIC, id)
        return aggregate

    async def append(
        self, aggregates: Sequence[Aggregate], metadata: Metadata, *, answer: str | None, fingerprint: str
    ) -> int:
        """Append all pending events, all or none, and remember the command for ever. See the port."""
        rows = await self._rows_of(aggregates)
        entry = Entry(metadata.command_id, fingerprint, answer, metadata.model_dump_json(), rows)
        written = await self._journal.write(entry)
        if written.status is Status.KNOWN:
            msg = f"command {metadata.command_id} was carried out before"
            raise CommandAlreadyDoneError(msg)
        if written.status is Status.CONFLICT:
            raise self._conflict(aggregates)
        for aggregate in aggregates:
            if aggregate.pending_events[0].originator_version == aggregate.INITIAL_VERSION:
                self._cache.note_service(aggregate.id, metadata.service)
                self._cache.put(aggregate)
            await self._settle(aggregate)
        return written.position

    async def outcome(self, command_id: CommandId, /) -> RememberedOutcome | None:
        """What this command led to, if it was ever carried out."""
        row = await persistently(lambda: self.pool.fetchrow(_OUTCOME, command_id))
        return RememberedOutcome(row["answer"], row["position"], row["fingerprint"]) if row else None

    async def end(self) -> int:
        """The position of the last event, 0 when there is none."""
        position: int = await self.pool.fetchval(_END)
        return position

    async def read(
        self,
        *,
        after: int = 0,
        until: int | None = None,
        topics: Sequence[str] | None = None,
        service: str | None = None,
        aggregate_id: UUID | None = None,
        batch: int = 1000,
    ) -> AsyncIterator[RecordedEvent]:
        """Events after a position, in order, filtered, up to the end of the log as it is when read."""
        chosen = Filter(until, topics, service, aggregate_id)
        while True:
            page = await self.reader.page(after, batch, chosen)
            for event in page:
                yield event
            if len(page) < batch:
                return
            after = page[-1].position

    async def erase(self, subject: UUID) -> None:
        """Destroy a person's key, and whatever this process and the others that listen remember of anybody."""
        await self.vault.destroy(subject)
        self.listener.erasures.wake()

    def _forget(self) -> None:
        self.vault.forget()
        self._cache.clear()

    async def _require_service(self, aggregate_class: type[Aggregate], id: UUID, service: str) -> None:
        known = self._cache.service_of(id) or await persistently(lambda: self.pool.fetchval(_SERVICE, id))
        if known != service:
            raise NotFoundError(aggregate_class.TOPIC, id)
        self._cache.note_service(id, service)

    async def _rows_of(self, aggregates: Sequence[Aggregate]) -> list[StoredState]:
        events: list[Any] = [event for aggregate in aggregates for event in aggregate.pending_events]
        subjects = {subject for event in events if (subject := subject_of(event))}
        keys = await self.vault.keys_for_writing(subjects) if subjects else {}
        return [to_stored(event, keys) for event in events]

    async def _replay(self, aggregate: Aggregate | None, rows: Sequence[asyncpg.Record]) -> Aggregate | None:
        stored = [StoredState(*row) for row in rows]
        subjects = subjects_in(stored)
        keys = await self.vault.keys_for_reading(subjects) if subjects else {}
        for row in stored:
            event = to_event(row, keys)
            aggregate = event.mutate(aggregate) if isinstance(event, Event) else aggregate
        return aggregate

    async def _settle(self, aggregate: Aggregate) -> None:
        fresh = len(aggregate.pending_events)
        aggregate.pending_events.clear()
        self._cache.advance(aggregate)
        if aggregate.version // self._snapshot_every > (aggregate.version - fresh) // self._snapshot_every:
            await self._snapshots.take(aggregate)

    def _conflict(self, aggregates: Sequence[Aggregate]) -> VersionConflictError:
        changed = [a for a in aggregates if a.pending_events]
        for aggregate in changed:
            self._cache.evict(aggregate.id)
        return VersionConflictError(changed[0].id, changed[0].version - len(changed[0].pending_events))
