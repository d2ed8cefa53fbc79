"""Reads of the read models that the rest of the system is given as functions."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from datetime import datetime

import asyncpg

from adapters.mqtt.lookups import CachedDirectory, KnownVehicle, ZoneMap, ZoneShape
from adapters.postgres.drives import Drive
from adapters.postgres.followers.follower import wait_for
from adapters.postgres.read_models.generations import live_followers
from adapters.postgres.retention import Evidence
from api.system import Extract, Row
from domain.kernel.ids import VehicleId, ZoneId

_VEHICLES = """
select distinct on (vin) vin, vehicle_id, service from read_v1.vehicles
where vin = any($1) order by vin, service_state = 'decommissioned'
"""
_EVIDENCE = """
with wanted as (
    select trip_id from read_v1.vehicles where trip_id is not null
    union
    select subject_id from read_v1.charges where state = 'in_review'
    union
    select trip_id from read_v1.trips
    where service in (select service from read_v1.cities) and ended_at > $2::timestamptz - interval '1 day'
)
select t.trip_id, t.vehicle_id, v.vin, t.requested_at, t.ended_at + interval '1 day'
from wanted join read_v1.trips t using (trip_id) join read_v1.vehicles v on v.vehicle_id = t.vehicle_id
where t.requested_at < $1
"""
ROWS_AT_A_TIME = 5_000
_TIME_LIMIT = "set local statement_timeout = '60s'"
_ZONES = "select service, zone_id, name, polygons from read_v1.zones where not retired"


def directory(pool: asyncpg.Pool) -> CachedDirectory:
    """Which cars have which VINs."""

    async def find(vins: set[str]) -> dict[str, KnownVehicle]:
        rows = await pool.fetch(_VEHICLES, list(vins))
        return {row["vin"]: KnownVehicle(VehicleId(row["vehicle_id"]), row["service"]) for row in rows}

    return CachedDirectory(find)


def evidence(pool: asyncpg.Pool) -> Evidence:
    """Trips that are open, have just ended, or are in review: each from the wish for it until a day after its end."""

    async def find(before: datetime, now: datetime) -> list[Drive]:
        return [Drive(*row) for row in await pool.fetch(_EVIDENCE, before, now)]

    return find


async def refresh_zones(pool: asyncpg.Pool, zones: ZoneMap) -> None:
    """Bring the map of zones up to date."""
    rows = await pool.fetch(_ZONES)
    zones.replace(ZoneShape(row["service"], ZoneId(row["zone_id"]), row["name"], row["polygons"]) for row in rows)


def fetcher(pool: asyncpg.Pool) -> Callable[..., Awaitable[list[Row]]]:
    """Runs one bound query."""

    async def fetch(sql: str, *values: object) -> list[Row]:
        return [dict(row) for row in await pool.fetch(sql, *values)]

    return fetch


def extractor(pool: asyncpg.Pool) -> Callable[..., AsyncGenerator[Extract, None]]:
    """Runs one bound query whose answer may be long; the first piece comes also when there are no rows."""

    async def extract(sql: str, *values: object) -> AsyncGenerator[Extract, None]:
        async with pool.acquire() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
            await connection.execute(_TIME_LIMIT)
            statement = await connection.prepare(sql)
            types = {column.name: column.type.name for column in statement.get_attributes()}
            try:
                cursor = await statement.cursor(*values)
                rows = await cursor.fetch(ROWS_AT_A_TIME)
                yield Extract(types, [dict(row) for row in rows])
                while rows := await cursor.fetch(ROWS_AT_A_TIME):
                    yield Extract(types, [dict(row) for row in rows])
            except asyncpg.QueryCanceledError as error:
                raise TimeoutError(str(error)) from error

    return extract


def waiter(pool: asyncpg.Pool, projections: Sequence[str]) -> Callable[[int], Awaitable[bool]]:
    """Waits until all read models have reached a position; false when that takes too long."""

    async def wait_until(position: int) -> bool:
        names = await live_followers(pool, projections)
        return all(await asyncio.gather(*(wait_for(pool, name, position) for name in names)))

    return wait_until
