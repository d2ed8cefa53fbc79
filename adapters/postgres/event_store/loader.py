"""How an aggregate is loaded: from memory, or from its snapshot, and from the events since; in one question each."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar
from uuid import UUID

import asyncpg

from adapters.postgres.database import retrying
from adapters.postgres.event_store.cache import AggregateCache, CachedAggregate
from adapters.postgres.event_store.key_store import ERASED, KeyStore
from adapters.postgres.event_store.mapper import StoredState, subject_of, subjects_in, to_event
from adapters.postgres.event_store.server_epoch import KnownServer
from adapters.postgres.event_store.snapshot_codec import fingerprint_of
from adapters.postgres.event_store.snapshot_costs import Costs
from adapters.postgres.event_store.snapshots import Snapshots, StoredSnapshot, UnusableSnapshotError
from adapters.postgres.listener import Channel
from domain.kernel.aggregate import Aggregate, Event
from domain.kernel.errors import NotFoundError

A = TypeVar("A", bound=Aggregate)

log = logging.getLogger(__name__)

_SINCE = """
select originator_id, originator_version, topic, state from csbe.events
where originator_id = $1 and originator_version > $2 order by originator_version
"""
_AS_OF = """
select originator_id, originator_version, topic, state from csbe.events
where originator_id = $1 and ($3::bigint is null or notification_id <= $3)
and originator_version < coalesce( -- the clock may have been set back: a history has no gaps
    (select min(later.originator_version) from csbe.events later
     where later.originator_id = $1 and later.recorded_at > $2),
    9223372036854775807
)
order by originator_version
"""
_WHOLE = """
select originator_id, originator_version, topic, state, metadata ->> 'service' as service from csbe.events
where originator_id = $1 order by originator_version
"""
_FROM_SNAPSHOT = """
with snapshot as (
    select originator_version, topic, state, digest from csbe.snapshots
    where originator_id = $1 and schema_fingerprint = $2
), since as (
    select originator_id, originator_version, topic, state from csbe.events
    where originator_id = $1 and originator_version >= coalesce((select originator_version from snapshot), 1)
)
select e.originator_id, originator_version, e.topic, e.state,
    (select metadata ->> 'service' from csbe.events where originator_id = $1 and originator_version = 1) as service,
    s.topic as snapshot_topic, s.state as snapshot, s.digest
from since e full join snapshot s using (originator_version) order by originator_version
"""
"""The first row has the snapshot, if there is one, and the last event that it knows."""


@dataclass(frozen=True)
class _Found:
    """What a history begins from, and the events since."""

    start: CachedAggregate | None
    rows: Sequence[asyncpg.Record]

    @property
    def service(self) -> str | None:
        """The service that it began in."""
        if self.start is not None:
            return self.start.service
        return self.rows[0]["service"] if self.rows else None

    @property
    def snapshot_version(self) -> int:
        """The version of its last snapshot."""
        return self.start.snapshot_version if self.start else 0


class Loader:
    """Loads aggregates, and remembers them in memory and in snapshots."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        server: KnownServer,
        key_store: KeyStore,
        erasures: Channel,
        costs: Costs,
        cache_size: int,
    ) -> None:
        self._pool = pool
        self._server = server
        self._key_store = key_store
        self._erasures = erasures
        self._costs = costs
        self._cache = AggregateCache(cache_size)
        self.snapshots = Snapshots(pool, key_store, costs)
        self.evict = self._cache.evict
        self.forget = self._cache.clear

    async def load(self, kind: type[A], id: UUID, service: str | None) -> A:
        """The aggregate now. Raises `NotFoundError`, also when it belongs to another service than the given one."""
        await retrying(self._server.started)
        erasures = self._erasures.count
        found = await self._since_memory(id) or await self._since_snapshot(kind, id)
        if service is not None and found.service != service:
            raise NotFoundError(kind.TOPIC, id)
        start = found.start.aggregate if found.start else None
        aggregate = await self.replay(kind, start, found.rows)
        if not isinstance(aggregate, kind):
            raise NotFoundError(kind.TOPIC, id)
        if found.rows or found.start is None:
            await self._remember(CachedAggregate(aggregate, found.service, found.snapshot_version), erasures)
        return aggregate

    def cached(self, kind: type[A], id: UUID, service: str | None) -> A | None:
        """The aggregate as it is in memory, if it is there and of this service, where one is given."""
        known = self._cache.get(id)
        if known is None or not isinstance(known.aggregate, kind) or service not in {None, known.service}:
            return None
        return known.aggregate

    async def load_as_of(self, kind: type[A], id: UUID, at: datetime | None, position: int | None) -> A:
        """The aggregate as it was recorded at a time or a position, from its events alone. Raises `NotFoundError`."""
        rows = await retrying(lambda: self._pool.fetch(_AS_OF, id, at, position))
        aggregate = await self.replay(kind, None, rows)
        if not isinstance(aggregate, kind):
            raise NotFoundError(kind.TOPIC, id)
        return aggregate

    async def keep_appended(self, aggregate: Aggregate, service: str) -> None:
        """Remember an aggregate whose pending events were appended, if it is new or remembered already."""
        erasures = self._erasures.count
        is_new = aggregate.pending_events[0].originator_version == aggregate.INITIAL_VERSION
        events = [event for event in aggregate.pending_events if isinstance(event, Event)]
        subjects = {subject for event in events if (subject := subject_of(event))}
        aggregate.pending_events.clear()
        known = CachedAggregate(aggregate, service) if is_new else self._cache.facts_of(aggregate)
        if await self._is_erased(subjects):  # what it knows of them was not stored
            self._cache.evict(aggregate.id)
        elif known is not None:
            await self._remember(known, erasures)

    async def replay(
        self, kind: type[Aggregate], aggregate: Aggregate | None, rows: Sequence[asyncpg.Record]
    ) -> Aggregate | None:
        """What events make of an aggregate, or of nothing."""
        stored = [StoredState(*row[:4]) for row in rows]
        subjects = subjects_in(stored)
        keys = await self._key_store.keys_for_reading(subjects) if subjects else {}
        with self._costs.measured(self._costs.of(kind).event, len(stored)):
            for row in stored:
                event = to_event(row, keys)
                aggregate = event.mutate(aggregate) if isinstance(event, Event) else aggregate
        return aggregate

    async def _is_erased(self, subjects: set[UUID]) -> bool:
        """Whether one of these persons is. Their keys were just used, so this asks the database rarely."""
        return bool(subjects) and ERASED in (await self._key_store.keys_for_reading(subjects)).values()

    async def _since_memory(self, id: UUID) -> _Found | None:
        known = self._cache.get(id)
        if known is None:
            return None
        version = known.aggregate.version
        return _Found(known, await retrying(lambda: self._pool.fetch(_SINCE, id, version)))

    async def _since_snapshot(self, kind: type[Aggregate], id: UUID) -> _Found:
        fingerprint = fingerprint_of(kind)
        rows = await retrying(lambda: self._pool.fetch(_FROM_SNAPSHOT, id, fingerprint))
        if not rows or rows[0]["digest"] is None:
            return _Found(None, rows)
        first = rows[0]
        stored = StoredSnapshot(
            id,
            first["originator_version"],
            first["snapshot_topic"],
            fingerprint,
            first["snapshot"],
            first["digest"],
            first["state"],
        )
        aggregate = await self._opened(kind, stored)
        if aggregate is None:
            return _Found(None, await retrying(lambda: self._pool.fetch(_WHOLE, id)))
        return _Found(CachedAggregate(aggregate, first["service"], aggregate.version), rows[1:])

    async def _opened(self, kind: type[A], stored: StoredSnapshot) -> A | None:
        """The aggregate of a snapshot; one that cannot be used is dropped."""
        try:
            aggregate = await self.snapshots.opened(kind, stored)
        except UnusableSnapshotError as error:
            log.warning("dropped the snapshot of %s %s: %s", kind.TOPIC, stored.originator_id, error)
            aggregate = None
        if aggregate is None:
            await self.snapshots.drop(stored)
        return aggregate

    async def _remember(self, remembered: CachedAggregate, erasures: int) -> None:
        """Keep it, unless somebody was erased since it was read: it may know what it must not."""
        version = await self.snapshots.take_if_it_pays(remembered.aggregate, remembered.snapshot_version)
        if self._erasures.count == erasures:
            self._cache.put(remembered._replace(snapshot_version=version))
