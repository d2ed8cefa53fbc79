"""Pages of the log."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

import asyncpg

from adapters.postgres.database import Connection
from adapters.postgres.event_store.key_store import KeyStore
from adapters.postgres.event_store.mapper import Keys, StoredState, subjects_in, to_event
from domain.kernel.errors import UnreadableEventError
from domain.kernel.messages import Metadata, RecordedEvent

_COLUMNS = """
select originator_id, originator_version, topic, state, notification_id, recorded_at, metadata::text as metadata
from csbe.events where notification_id > $1
"""

_FALLS_TO = "(uuid_hash_extended(originator_id, 0) & 2147483647) % ${of}::int = ${shard}::int"
"""By the hash that PostgreSQL spreads partitions with, which therefore stays the same from version to version."""


@dataclass(frozen=True)
class Shard:
    """One of so many shards, counted from 1: the events of some aggregates."""

    number: int
    of: int

    def named(self, follower: str) -> str:
        """Under which its position is kept."""
        return f"{follower}/{self.number}of{self.of}"


@dataclass(frozen=True)
class Filter:
    """Which events to read; none means all."""

    until: int | None = None
    topics: Sequence[str] | None = None
    service: str | None = None
    aggregate_id: UUID | None = None
    after_version: int | None = None
    """Later in the history of their aggregate than this."""
    shard: Shard | None = None
    """Those of the aggregates that fall to it."""
    topics_like: Sequence[str] | None = None
    """Patterns as `like` has them."""


EVERYTHING = Filter()


class LogReader:
    """Reads the log page by page, by position."""

    def __init__(self, pool: asyncpg.Pool, key_store: KeyStore) -> None:
        self._pool = pool
        self._key_store = key_store

    async def rows(
        self, after: int, limit: int, chosen: Filter = EVERYTHING, connection: Connection | None = None
    ) -> list[asyncpg.Record]:
        """At most `limit` events after a position, as stored."""
        query, values = _query(after, limit, chosen)
        rows: list[asyncpg.Record] = await (connection or self._pool).fetch(query, *values)
        return rows

    async def recorded(
        self, rows: Sequence[asyncpg.Record], reads: frozenset[str] | None = None
    ) -> list[RecordedEvent]:
        """Rows as events, whole or with the fields that are read; the keys needed are fetched in one query.

        Raises `UnreadableEventError`.
        """
        return list(await self.each(rows, reads))

    async def each(
        self, rows: Sequence[asyncpg.Record], reads: frozenset[str] | None = None
    ) -> Iterator[RecordedEvent]:
        """The same one by one, so that those before an unreadable one can be had."""
        stored = [StoredState(*row[:4]) for row in rows]
        subjects = subjects_in(stored)
        keys = await self._key_store.keys_for_reading(subjects) if subjects else {}
        return (_recorded(row, state, keys, reads) for row, state in zip(rows, stored, strict=True))


def _recorded(row: asyncpg.Record, state: StoredState, keys: Keys, reads: frozenset[str] | None) -> RecordedEvent:
    try:
        event = to_event(state, keys, reads)
    except UnreadableEventError as error:
        error.position = row["notification_id"]
        raise
    return RecordedEvent(row["notification_id"], row["recorded_at"], state.topic, event, _metadata(row["metadata"]))


def _query(after: int, limit: int, chosen: Filter) -> tuple[str, list[object]]:
    query = _COLUMNS
    values: list[object] = [after, limit]
    conditions: tuple[tuple[str, object], ...] = (
        ("notification_id <=", chosen.until),
        ("topic = any", None if chosen.topics is None else list(chosen.topics)),
        ("topic like any", None if chosen.topics_like is None else list(chosen.topics_like)),
        ("metadata ->> 'service' =", chosen.service),
        ("originator_id =", chosen.aggregate_id),
        ("originator_version >", chosen.after_version),
    )
    for condition, value in conditions:
        if value is not None:
            values.append(value)
            query += f" and {condition} (${len(values)})"
    if chosen.shard is not None:
        values += [chosen.shard.of, chosen.shard.number - 1]
        query += f" and {_FALLS_TO.format(of=len(values) - 1, shard=len(values))}"
    order = "notification_id" if chosen.aggregate_id is None else "originator_version"  # the same order, another index
    return f"{query} order by {order} limit $2", values


@lru_cache(maxsize=1024)
def _metadata(text: str) -> Metadata:
    metadata: Metadata = Metadata.__pydantic_validator__.validate_json(text)
    return metadata
