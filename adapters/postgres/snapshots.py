"""Remembered states of long-lived aggregates, so that loading one need not read its whole history."""

import dataclasses
import hashlib
import logging
from datetime import datetime
from functools import cache
from typing import Any, TypeVar, get_type_hints
from uuid import UUID

import asyncpg
import orjson
from cryptography.exceptions import InvalidTag
from pydantic import PydanticUserError, TypeAdapter, ValidationError
from typing_extensions import TypedDict

from adapters.postgres.database import persistently
from adapters.postgres.vault import Vault
from domain.kernel.aggregate import Aggregate, event_classes
from domain.kernel.personal import personal_fields

A = TypeVar("A", bound=Aggregate)

log = logging.getLogger(__name__)

_FETCH = """
select originator_version, state from csbe.snapshots where originator_id = $1 and topic = $2 and schema_fingerprint = $3
"""
_STORE = """
insert into csbe.snapshots as s (originator_id, originator_version, topic, schema_fingerprint, state)
values ($1, $2, $3, $4, $5)
on conflict (originator_id) do update
set originator_version = excluded.originator_version, topic = excluded.topic, state = excluded.state,
    schema_fingerprint = excluded.schema_fingerprint, recorded_at = now()
where s.originator_version < excluded.originator_version or s.schema_fingerprint <> excluded.schema_fingerprint
"""
_SUBJECT_BYTES = 16


class Snapshots:
    """Keeps the latest state of aggregates in `csbe.snapshots`. Losing one costs time, never truth.

    The state of an aggregate that has events about a person is encrypted as a whole under that person's key.
    """

    def __init__(self, pool: asyncpg.Pool, vault: Vault) -> None:
        self._pool = pool
        self._vault = vault

    async def take(self, aggregate: Aggregate) -> None:
        """Remember a state. Failing to is logged, not raised: the events are what counts."""
        try:
            await self._store(aggregate)
        except (asyncpg.PostgresError, asyncpg.InterfaceError, PydanticUserError, ValueError, OSError):
            log.warning("no snapshot of %s %s", aggregate.TOPIC, aggregate.id, exc_info=True)

    async def latest(self, aggregate_class: type[A], id: UUID) -> A | None:
        """The remembered state, if there is one that this version of the class can read."""
        try:
            fingerprint = _fingerprint(aggregate_class)
            topic = aggregate_class.TOPIC
            row = await persistently(lambda: self._pool.fetchrow(_FETCH, id, topic, fingerprint))
            if row is None:
                return None
            state = await self._open(aggregate_class, id, row["state"])
            return _restore(aggregate_class, id, row["originator_version"], state) if state else None
        except (PydanticUserError, ValidationError, InvalidTag, ValueError, KeyError, TypeError):
            log.warning("unusable snapshot of %s %s", aggregate_class.TOPIC, id, exc_info=True)
            return None

    async def _store(self, aggregate: Aggregate) -> None:
        kind = type(aggregate)
        values = _adapter(kind).dump_python({f: getattr(aggregate, f) for f in _fields(kind)}, mode="json")
        state: bytes | None = orjson.dumps(
            {"created_on": aggregate.created_on, "modified_on": aggregate.modified_on, "fields": values}
        )
        subjects = _subject_fields(kind)
        if subjects:
            state = await self._seal(aggregate, subjects, state or b"")
        if state:
            version = aggregate.version
            await self._pool.execute(_STORE, aggregate.id, version, kind.TOPIC, _fingerprint(kind), state)

    async def _seal(self, aggregate: Aggregate, subjects: frozenset[str], state: bytes) -> bytes | None:
        persons = {aggregate.id if name == "originator_id" else getattr(aggregate, name, None) for name in subjects}
        person = persons.pop()
        if persons or not isinstance(person, UUID):
            return None  # about several persons: no one key could erase it
        keys = await self._vault.keys_for_writing([person])
        secret = keys[person].encrypt(state, aggregate.id.bytes)
        return secret and person.bytes + secret

    async def _open(self, kind: type[Aggregate], id: UUID, state: bytes) -> Any:
        if _subject_fields(kind):
            person = UUID(bytes=state[:_SUBJECT_BYTES])
            keys = await self._vault.keys_for_reading([person])
            plain = keys[person].decrypt(state[_SUBJECT_BYTES:], id.bytes)
            return plain and orjson.loads(plain)
        return orjson.loads(state)


def _restore(kind: type[A], id: UUID, version: int, state: Any) -> A:
    values = _adapter(kind).validate_python(state["fields"])
    aggregate = kind.__new__(kind)
    aggregate.__base_init__(id, version, datetime.fromisoformat(state["created_on"]))
    aggregate.modified_on = datetime.fromisoformat(state["modified_on"])
    for name in _fields(kind):
        setattr(aggregate, name, values[name])
    return aggregate


@cache
def _fields(kind: type[Aggregate]) -> tuple[str, ...]:
    return tuple(f.name for f in dataclasses.fields(kind))  # type: ignore[arg-type]  # the library makes it a dataclass


@cache
def _adapter(kind: type[Aggregate]) -> TypeAdapter[Any]:
    hints = get_type_hints(kind, include_extras=True)
    return TypeAdapter(TypedDict("State", {name: hints[name] for name in _fields(kind)}))  # type: ignore[operator]


@cache
def _fingerprint(kind: type[Aggregate]) -> str:
    schema = orjson.dumps(_adapter(kind).json_schema(), option=orjson.OPT_SORT_KEYS)
    version = str(getattr(kind, "class_version", 1)).encode()
    return hashlib.sha256(version + schema).hexdigest()


@cache
def _subject_fields(kind: type[Aggregate]) -> frozenset[str]:
    return frozenset(event.subject for event in event_classes(kind) if personal_fields(event))
