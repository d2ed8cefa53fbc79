"""Whether what is remembered of aggregates is what their events say."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

import asyncpg
from eventsourcing.utils import TopicError, resolve_topic

from adapters.postgres.event_store.loader import Loader
from adapters.postgres.event_store.snapshot_codec import dumped, fingerprint_of
from adapters.postgres.event_store.snapshots import Snapshots, StoredSnapshot, UnusableSnapshotError
from domain.kernel.aggregate import Aggregate

_PAGE = """
select s.originator_id, s.originator_version, s.topic, s.schema_fingerprint, s.state, s.digest, e.state as last_event
from csbe.snapshots s left join csbe.events e using (originator_id, originator_version)
where s.originator_id > $1 order by s.originator_id limit 100
"""
_UNTIL = """
select originator_id, originator_version, topic, state from csbe.events
where originator_id = $1 and originator_version <= $2 order by originator_version
"""


class SnapshotFinding(StrEnum):
    """What a snapshot turned out to be."""

    SAME = "same"
    IGNORED = "ignored"
    """Of another version of the code, or about a person who is erased: no load uses it."""
    DIFFERS = "differs"


@dataclass(frozen=True)
class AuditedSnapshot:
    """One snapshot, and what was found; `why` says how it differs."""

    aggregate_id: UUID
    version: int
    topic: str
    finding: SnapshotFinding
    why: str = ""


class SnapshotAudit:
    """Compares every snapshot with a replay of its events."""

    def __init__(self, pool: asyncpg.Pool, snapshots: Snapshots, loader: Loader) -> None:
        self._pool = pool
        self._snapshots = snapshots
        self._loader = loader

    async def run(self, *, drop: bool = False) -> AsyncIterator[AuditedSnapshot]:
        """Look at each snapshot; with `drop`, forget those that differ."""
        after = UUID(int=0)
        while page := await self._pool.fetch(_PAGE, after):
            for row in page:
                stored = StoredSnapshot(*row)
                audited = await self._audited(stored)
                if drop and audited.finding is SnapshotFinding.DIFFERS:
                    await self._snapshots.drop(stored)
                yield audited
            after = page[-1]["originator_id"]

    async def _audited(self, stored: StoredSnapshot) -> AuditedSnapshot:
        try:
            finding, why = await self._compared(stored), ""
        except (UnusableSnapshotError, TopicError) as error:
            finding, why = SnapshotFinding.DIFFERS, str(error)
        return AuditedSnapshot(stored.originator_id, stored.originator_version, stored.topic, finding, why)

    async def _compared(self, stored: StoredSnapshot) -> SnapshotFinding:
        kind = _class_of(stored.topic)
        if stored.schema_fingerprint != fingerprint_of(kind):
            return SnapshotFinding.IGNORED
        remembered = await self._snapshots.opened(kind, stored)
        if remembered is None:
            return SnapshotFinding.IGNORED
        rows = await self._pool.fetch(_UNTIL, stored.originator_id, stored.originator_version)
        told = await self._loader.replay(kind, None, rows)
        if not isinstance(told, kind) or dumped(told) != dumped(remembered):
            raise UnusableSnapshotError("its state is not what the events say")
        return SnapshotFinding.SAME


def _class_of(topic: str) -> type[Aggregate]:
    found = resolve_topic(topic)
    if not (isinstance(found, type) and issubclass(found, Aggregate)):
        raise UnusableSnapshotError(f"{topic} is no aggregate")
    return found
