"""CachedAggregate states of long-lived aggregates, so that loading one need not read its whole history.

A snapshot is believed only when it is bound, by its digest, to the aggregate, the version, the code that made it and
the last event that it knows. Any other one is dropped, and the events are read instead.
"""

import hashlib
import logging
from typing import NamedTuple, TypeVar
from uuid import UUID

import asyncpg
import orjson
from cryptography.exceptions import InvalidTag
from pydantic import PydanticUserError, ValidationError

from adapters.postgres.event_store.key_store import KeyStore
from adapters.postgres.event_store.snapshot_codec import dumped, fingerprint_of, restored, subject_fields
from adapters.postgres.event_store.snapshot_costs import Costs
from domain.kernel.aggregate import Aggregate

A = TypeVar("A", bound=Aggregate)

log = logging.getLogger(__name__)

_STORE = """
insert into csbe.snapshots as s (originator_id, originator_version, topic, schema_fingerprint, state, digest)
select e.originator_id, e.originator_version, $3, $4, $5, sha256($6::bytea || $5 || e.state)
from csbe.events e where e.originator_id = $1 and e.originator_version = $2
on conflict (originator_id) do update
set originator_version = excluded.originator_version, topic = excluded.topic, state = excluded.state,
    schema_fingerprint = excluded.schema_fingerprint, digest = excluded.digest, recorded_at = now()
where s.originator_version < excluded.originator_version or s.schema_fingerprint <> excluded.schema_fingerprint
"""
_DROP = "delete from csbe.snapshots where originator_id = $1 and digest = $2"
_SUBJECT_BYTES = 16


class UnusableSnapshotError(Exception):
    """What is stored is not a state of this aggregate at this version."""


class StoredSnapshot(NamedTuple):
    """A row of `csbe.snapshots`, and the stored bytes of the last event that it claims to know, if that exists."""

    originator_id: UUID
    originator_version: int
    topic: str
    schema_fingerprint: str
    state: bytes
    digest: bytes
    last_event: bytes | None


class Snapshots:
    """Keeps the latest state of aggregates in `csbe.snapshots`. Losing one costs time, never truth.

    The state of an aggregate that has events about a person is encrypted as a whole under that person's key.
    """

    def __init__(self, pool: asyncpg.Pool, key_store: KeyStore, costs: Costs) -> None:
        self._pool = pool
        self._key_store = key_store
        self._costs = costs

    async def take_if_it_pays(self, aggregate: Aggregate, since: int) -> int:
        """Remember a state if reading the events since the last snapshot again would cost more than that.

        Returns the version of the last snapshot then. Failing to take one is logged, not raised: the events count.
        """
        costs = self._costs.of(type(aggregate))
        if not costs.snapshot_pays(aggregate.version - since):
            return since
        try:
            with self._costs.measured(costs.writing):
                await self._store(aggregate)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, PydanticUserError, ValueError, TypeError, OSError):
            log.warning("no snapshot of %s %s", aggregate.TOPIC, aggregate.id, exc_info=True)
        return aggregate.version

    async def opened(self, kind: type[A], stored: StoredSnapshot) -> A | None:
        """The aggregate of a snapshot; none when it is about a person who is erased. Raises `UnusableSnapshotError`."""
        _require_bound(kind, stored)
        costs = self._costs.of(kind)
        try:
            plain = await self._unsealed(kind, stored)
            if plain is None:
                return None
            with self._costs.measured(costs.reading):
                return restored(kind, stored.originator_id, stored.originator_version, plain)
        except (PydanticUserError, ValidationError, InvalidTag, ValueError, KeyError, TypeError) as error:
            raise UnusableSnapshotError(repr(error)) from error

    async def drop(self, stored: StoredSnapshot) -> None:
        """Forget this snapshot, unless it was replaced meanwhile."""
        await self._pool.execute(_DROP, stored.originator_id, stored.digest)

    async def _store(self, aggregate: Aggregate) -> None:
        kind = type(aggregate)
        state: bytes | None = dumped(aggregate)
        if subjects := subject_fields(kind):
            state = await self._sealed(aggregate, subjects, state or b"")
        if state:
            bound = _bound_to(aggregate.id, aggregate.version, kind.TOPIC, fingerprint_of(kind), state)
            row = (aggregate.id, aggregate.version, kind.TOPIC, fingerprint_of(kind), state, bound)
            await self._pool.execute(_STORE, *row)

    async def _sealed(self, aggregate: Aggregate, subjects: frozenset[str], state: bytes) -> bytes | None:
        persons = {aggregate.id if name == "originator_id" else getattr(aggregate, name, None) for name in subjects}
        person = persons.pop()
        if persons or not isinstance(person, UUID):
            return None  # about several persons: no one key could erase it
        keys = await self._key_store.keys_for_writing([person])
        secret = keys[person].encrypt(state, aggregate.id.bytes)
        return secret and person.bytes + secret

    async def _unsealed(self, kind: type[Aggregate], stored: StoredSnapshot) -> bytes | None:
        if not subject_fields(kind):
            return stored.state
        person = UUID(bytes=stored.state[:_SUBJECT_BYTES])
        keys = await self._key_store.keys_for_reading([person])
        return keys[person].decrypt(stored.state[_SUBJECT_BYTES:], stored.originator_id.bytes)


def _require_bound(kind: type[Aggregate], stored: StoredSnapshot) -> None:
    if stored.topic != kind.TOPIC:
        raise UnusableSnapshotError(f"it is of {stored.topic}")
    if stored.last_event is None:
        raise UnusableSnapshotError(f"there is no event {stored.originator_version}")
    bound = _bound_to(*stored[:5])
    if hashlib.sha256(bound + stored.state + stored.last_event).digest() != stored.digest:
        raise UnusableSnapshotError("its digest is another one")


def _bound_to(id: UUID, version: int, topic: str, fingerprint: str, state: bytes) -> bytes:
    return orjson.dumps([str(id), version, topic, fingerprint, len(state)])
