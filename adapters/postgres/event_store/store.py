"""The event store in PostgreSQL: the kernel's port `EventStore`."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar
from uuid import UUID

import asyncpg

from adapters import tracing
from adapters.postgres.database import retrying
from adapters.postgres.event_store.appender import AppendEntry, AppendStatus
from adapters.postgres.event_store.fingerprints import Fingerprints
from adapters.postgres.event_store.group_commit import AppendFigures, GroupCommit
from adapters.postgres.event_store.key_store import KeyStore
from adapters.postgres.event_store.loader import Loader
from adapters.postgres.event_store.mapper import StoredState, subject_of, to_stored
from adapters.postgres.event_store.master_keys import MasterKeys
from adapters.postgres.event_store.reader import Filter, LogReader
from adapters.postgres.event_store.server_epoch import KnownServer
from adapters.postgres.event_store.snapshot_audit import AuditedSnapshot, SnapshotAudit
from adapters.postgres.event_store.snapshot_costs import Costs
from adapters.postgres.event_store.stand_ins import StandIns
from adapters.postgres.listener import Listener
from domain.kernel.aggregate import Aggregate
from domain.kernel.errors import CommandAlreadyDoneError, RulebookSupersededError, VersionConflictError
from domain.kernel.ids import CommandId
from domain.kernel.messages import Command, Metadata, RecordedEvent

A = TypeVar("A", bound=Aggregate)

_OUTCOME = "select result, position, fingerprint from csbe.commands where command_id = $1"
_APPEND = {"db.system.name": "postgresql", "db.operation.name": "append", "db.collection.name": "csbe.events"}
_END = "select coalesce(max(notification_id), 0) from csbe.events"


@dataclass(frozen=True)
class StoredOutcome:
    """What a command led to."""

    result: str | None
    position: int
    fingerprint: str


class PostgresEventStore:
    """Appends in groups, in safe order; loads from cache, snapshot and the events since; reads the log in batches."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        *,
        master_keys: MasterKeys | None = None,
        cache_size: int = 10_000,
        figures: AppendFigures | None = None,
        costs: Costs | None = None,
    ) -> None:
        self.pool = pool
        self.keys = KeyStore(pool, master_keys)
        self.listener = Listener(pool)
        self.stand_ins = StandIns(pool, self.keys)
        self._fingerprints = Fingerprints(self.keys)
        self.reader = LogReader(pool, self.keys)
        server = KnownServer(pool)
        self._group_commit = GroupCommit(pool, self.listener.events.wake, figures, server)
        self._loader = Loader(pool, server, self.keys, self.listener.erasures, costs or Costs(), cache_size)
        self.listener.erasures.on_wake = self._forget

    async def close(self) -> None:
        """Finish the appends under way and stop listening. The pool stays open: it is the caller's."""
        await self._group_commit.close()
        await self.listener.close()

    async def load(self, aggregate_class: type[A], id: UUID, /, *, service: str | None = None) -> A:
        """The aggregate now. Always asks the database for what came since, so that another process's events count."""
        self.listener.start()  # whoever remembers must hear of erasures
        return await self._loader.load(aggregate_class, id, service)

    def cached(self, aggregate_class: type[A], id: UUID, /, *, service: str | None = None) -> A | None:
        """The aggregate as this process saw it last; see the port."""
        self.listener.start()  # whoever remembers must hear of erasures
        return self._loader.cached(aggregate_class, id, service)

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
        return await self._loader.load_as_of(aggregate_class, id, at, position)

    async def append(
        self,
        aggregates: Sequence[Aggregate],
        metadata: Metadata,
        *,
        result: str | None,
        fingerprint: str,
        publication: int | None = None,
    ) -> int:
        """Append all pending events, all or none, and remember the command for ever. See the port."""
        rows = await self._rows_of(aggregates)
        entry = AppendEntry(metadata.command_id, fingerprint, result, metadata.model_dump_json(), rows, publication)
        with tracing.span("append csbe.events", tracing.SpanKind.CLIENT, _APPEND):
            written = await self._group_commit.write(entry)
        if written.status is AppendStatus.KNOWN:
            msg = f"command {metadata.command_id} was carried out before"
            raise CommandAlreadyDoneError(msg)
        if written.status is AppendStatus.SUPERSEDED:
            raise RulebookSupersededError(metadata.service)
        if written.status is AppendStatus.CONFLICT:
            raise self._conflict(aggregates)
        for aggregate in aggregates:
            await self._loader.keep_appended(aggregate, metadata.service)
        return written.position

    async def outcome(self, command_id: CommandId, /) -> StoredOutcome | None:
        """What this command led to, if it was ever carried out."""
        row = await retrying(lambda: self.pool.fetchrow(_OUTCOME, command_id))
        return StoredOutcome(row["result"], row["position"], row["fingerprint"]) if row else None

    async def fingerprint(self, command: Command, /) -> str:
        """A digest of what was asked. See the port."""
        return await self._fingerprints.of(command)

    async def stand_in(self, kind: str, value: str, /) -> UUID:
        """The id that stands for a value about a person. See the port."""
        return await self.stand_ins.of(kind, value)

    async def known_stand_in(self, kind: str, value: str, /) -> UUID | None:
        """The id that stands for it already, or none."""
        return await self.stand_ins.known(kind, value)

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
        """Events after a position, in order, filtered, up to the end of the log as it is when read.

        Raises `UnreadableEventError`, after all events before that one.
        """
        chosen = Filter(until, topics, service, aggregate_id)
        while True:
            rows = await self.reader.rows(after, batch, chosen)
            for event in await self.reader.each(rows):
                yield event
            if len(rows) < batch:
                return
            after = rows[-1]["notification_id"]

    def audit_snapshots(self, *, drop: bool = False) -> AsyncIterator[AuditedSnapshot]:
        """Compare every snapshot with a replay of its events; with `drop`, forget those that differ."""
        return SnapshotAudit(self.pool, self._loader.snapshots, self._loader).run(drop=drop)

    async def erase(self, *subjects: UUID) -> None:
        """Destroy keys, and whatever this process and the others that listen remember of anybody."""
        await self.keys.destroy(*subjects)
        self.listener.erasures.wake()

    async def forget(self, stand_in: UUID) -> None:
        """Have nothing lead to an id that stood for a value about a person. Twice changes nothing."""
        await self.stand_ins.forget(stand_in)

    def _forget(self) -> None:
        self.keys.forget()
        self._loader.forget()

    async def _rows_of(self, aggregates: Sequence[Aggregate]) -> list[StoredState]:
        events: list[Any] = [event for aggregate in aggregates for event in aggregate.pending_events]
        subjects = {subject for event in events if (subject := subject_of(event))}
        keys = await self.keys.keys_for_writing(subjects) if subjects else {}
        return [to_stored(event, keys) for event in events]

    def _conflict(self, aggregates: Sequence[Aggregate]) -> VersionConflictError:
        changed = [a for a in aggregates if a.pending_events]
        for aggregate in changed:
            self._loader.evict(aggregate.id)
        return VersionConflictError(changed[0].id, changed[0].version - len(changed[0].pending_events))
