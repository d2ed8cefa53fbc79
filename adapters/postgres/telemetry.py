"""Telemetry in PostgreSQL: rows in day partitions, what is remembered of each car, and dead letters."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import NamedTuple

import asyncpg

from adapters.postgres.telemetry_days import TelemetryDays

_STORE = """
insert into csbe.telemetry
select
    received_at, measured_at, vin, service, seq, latitude, longitude,
    speed_kmh, odometer_m, energy_percent, string_to_array(anomalies, ','), signals::jsonb
from unnest(
    $1::timestamptz[], $2::timestamptz[], $3::text[], $4::text[], $5::bigint[], $6::float8[], $7::float8[],
    $8::float8[], $9::bigint[], $10::float8[], $11::text[], $12::text[]
) as new (
    received_at, measured_at, vin, service, seq, latitude, longitude,
    speed_kmh, odometer_m, energy_percent, anomalies, signals
)
"""
_NEW_TWINS = """
insert into csbe.vehicle_twins (vin) select unnest($1::text[]) order by 1 on conflict do nothing
"""
_LOCK_TWINS = """
select
    vin, stored.revision,
    case when stored.revision <> known.revision then twin::text end as twin,
    case when stored.revision <> known.revision then told::text end as told, online
from csbe.vehicle_twins stored join unnest($1::text[], $2::bigint[]) as known (vin, revision) using (vin)
order by vin for update of stored
"""
_SAVE_TWINS = """
update csbe.vehicle_twins old
set
    twin = new.twin::json, told = new.told::json, online = new.online, heard_at = new.heard_at, asked_at = null,
    revision = old.revision + 1
from unnest($1::text[], $2::text[], $3::text[], $4::boolean[], $5::timestamptz[])
    as new (vin, twin, told, online, heard_at)
where old.vin = new.vin
"""
_DEAD_LETTER = """
insert into csbe.dead_letters (received_at, topic, payload, reason)
select * from unnest($1::timestamptz[], $2::text[], $3::bytea[], $4::text[])
"""
_TWIN = "select twin::text, told::text, online, revision, heard_at, asked_at from csbe.vehicle_twins where vin = $1"
SILENT = """
select vin, heard_at from csbe.vehicle_twins
where heard_minute <= date_trunc('minute', $1::timestamptz at time zone 'UTC') and heard_at < $1
    and online is distinct from false
"""
"""Those from which nothing has come since, although they may be online."""
_LOCK_SILENT = """
select vin, twin::text, told::text, online, revision from csbe.vehicle_twins
where vin = any($1) and heard_at < $2 order by vin for update
"""
_TELL = """
update csbe.vehicle_twins old set told = new.told::json, online = new.online, revision = old.revision + 1
from unnest($1::text[], $2::text[], $3::boolean[]) as new (vin, told, online) where old.vin = new.vin
"""
_AWAIT = """
update csbe.vehicle_twins set asked_at = $1
where heard_at < $1 and online is distinct from false returning vin
"""
MAX_DEAD_BYTES = 64 * 1024


class TelemetryRow(NamedTuple):
    """One message as it is stored, in the order of the table's columns; `signals` is JSON text."""

    received_at: datetime
    measured_at: datetime
    vin: str
    service: str
    seq: int
    latitude: float | None
    longitude: float | None
    speed_kmh: float | None
    odometer_m: int | None
    energy_percent: float | None
    anomalies: str
    """Joined by commas."""
    signals: str


@dataclass(frozen=True)
class DeadLetter:
    """A message that cannot be used, and why."""

    received_at: datetime
    topic: str
    payload: bytes
    reason: str


UNKNOWN = -1
"""No revision: a car that the caller does not remember."""


@dataclass(frozen=True)
class StoredTwin:
    """What is remembered of one car between messages, each as JSON text; `None` for a car that is new."""

    twin: str | None = None
    told: str | None = None
    online: bool | None = None
    """Whether fleet was told last that it can be reached."""
    revision: int = 0
    heard_at: datetime | None = None
    asked_at: datetime | None = None


class TelemetryBatch:
    """One batch in one transaction: nothing of it is stored until the block that opened it ends well."""

    def __init__(self, connection: asyncpg.pool.PoolConnectionProxy) -> None:
        self._connection = connection

    async def remember(self, revisions: Mapping[str, int]) -> dict[str, StoredTwin]:
        """What is known of these cars, locked until the batch ends: two processes never work on one car at once.

        Given the revision that the caller remembers of each, or `UNKNOWN`: what is at that one is not read.
        """
        known = list(revisions), list(revisions.values())
        rows = await self._connection.fetch(_LOCK_TWINS, *known)
        if len(rows) < len(revisions):
            await self._connection.execute(_NEW_TWINS, list(revisions))
            rows = await self._connection.fetch(_LOCK_TWINS, *known)
        return _by_vin(rows)

    async def remember_silent(self, vins: Iterable[str], since: datetime) -> dict[str, StoredTwin]:
        """What is known of those of these cars from which nothing has come since, locked until the batch ends."""
        rows = await self._connection.fetch(_LOCK_SILENT, sorted(vins), since)
        return _by_vin(rows)

    async def tell(self, told: Mapping[str, StoredTwin]) -> None:
        """Remember what fleet was told, although nothing has come from these cars."""
        memories = told.values()
        await self._connection.execute(_TELL, list(told), [m.told for m in memories], [m.online for m in memories])

    async def store(
        self, rows: Sequence[TelemetryRow], memories: Mapping[str, StoredTwin], dead: Sequence[DeadLetter]
    ) -> None:
        """Write everything of the batch."""
        if rows:
            await self._connection.execute(_STORE, *map(list, zip(*rows, strict=True)))
        if memories:
            columns = zip(*((m.twin, m.told, m.online, m.heard_at) for m in memories.values()), strict=True)
            await self._connection.execute(_SAVE_TWINS, list(memories), *map(list, columns))
        if dead:
            letters = zip(
                *((d.received_at, _text(d.topic), d.payload[:MAX_DEAD_BYTES], _text(d.reason)) for d in dead),
                strict=True,
            )
            await self._connection.execute(_DEAD_LETTER, *map(list, letters))


_FORGET_LETTERS = "delete from csbe.dead_letters where received_at < $1::date::timestamp at time zone 'UTC'"


class TelemetryStore:
    """Where ingest writes. Days are UTC."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self.days = TelemetryDays(pool)

    @asynccontextmanager
    async def batch(self, *received_at: datetime) -> AsyncIterator[TelemetryBatch]:
        """A transaction for messages received at these times."""
        await self.days.ensure(*(at.astimezone(UTC).date() for at in received_at))
        async with self._pool.acquire() as connection, connection.transaction():
            yield TelemetryBatch(connection)

    async def twin(self, vin: str) -> StoredTwin | None:
        """What is known of one car beside the log; none when nothing ever came from it."""
        row = await self._pool.fetchrow(_TWIN, vin)
        return (
            None
            if row is None
            else StoredTwin(row["twin"], row["told"], row["online"], row["revision"], row["heard_at"], row["asked_at"])
        )

    async def last_heard(self) -> datetime | None:
        """When anything came from any car last."""
        at: datetime | None = await self._pool.fetchval("select max(heard_at) from csbe.vehicle_twins")
        return at

    async def silent_since(self, at: datetime) -> dict[str, datetime]:
        """The cars that may be online although nothing has come from them since, and when it came last."""
        return {row["vin"]: row["heard_at"] for row in await self._pool.fetch(SILENT, at)}

    async def await_states(self, at: datetime) -> list[str]:
        """Mark what is known of all cars that may be online as asked for anew, until something comes; their VINs."""
        return [row["vin"] for row in await self._pool.fetch(_AWAIT, at)]

    async def drop_before(self, first_kept: date) -> list[date]:
        """Retention: drop the partitions and the dead letters of all days before this one; return those days."""
        days = await self.days.drop_before(first_kept)
        await self._pool.execute(_FORGET_LETTERS, first_kept)
        return days


def _by_vin(rows: Iterable[asyncpg.Record]) -> dict[str, StoredTwin]:
    return {row["vin"]: StoredTwin(row["twin"], row["told"], row["online"], row["revision"]) for row in rows}


def _text(anything: str) -> str:
    """As PostgreSQL can hold it."""
    return anything.replace("\0", "")
