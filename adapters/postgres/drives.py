"""From when to when a car was a member's, by the log: what it sent meanwhile tells of that person."""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

import asyncpg

_DRIVES = """
with opened as (
    select originator_id as vehicle_id, originator_version as version, state ->> 'trip_id' as trip_id,
        (state ->> 'timestamp')::timestamptz as at
    from (
        select originator_id, originator_version, convert_from(state, 'UTF8')::jsonb as state from csbe.events
        where topic = 'fleet.vehicle.trip_opened' and originator_id in (
            select (convert_from(t.state, 'UTF8')::jsonb ->> 'vehicle_id')::uuid from csbe.events m
            join csbe.events t on t.originator_id = (convert_from(m.state, 'UTF8')::jsonb ->> 'trip_id')::uuid
                and t.originator_version = 1
            where m.originator_id = $1 and m.topic = 'members.member.trip_opened'
        )
    ) as events
), in_order as (
    select *, lead(at) over (partition by vehicle_id order by version) as until from opened
), hers as (
    select convert_from(state, 'UTF8')::jsonb ->> 'trip_id' as trip_id from csbe.events
    where originator_id = $1 and topic = 'members.member.trip_opened'
)
select trip_id::uuid, vehicle_id, convert_from(c.state, 'UTF8')::jsonb ->> 'vin' as vin, at as since, until
from hers join in_order using (trip_id) join csbe.events c on c.originator_id = vehicle_id and c.originator_version = 1
"""
"""Each trip of a member, from the moment when its car was hers until the car was somebody else's."""

DURING_DRIVES = """
unnest($1::text[], $2::timestamptz[], $3::timestamptz[]) as d (vin, since, until)
where t.received_at >= d.since and t.received_at < coalesce(d.until, 'infinity')
"""
"""Rows of a table `t` of what cars sent, by the arguments of `during`; whose car it is, is for a query to say."""


class Drive(NamedTuple):
    """A trip of a person, from when the car was theirs until it was somebody else's; still theirs to leave if none."""

    trip_id: UUID
    vehicle_id: UUID
    vin: str
    since: datetime
    until: datetime | None


async def drives_of(pool: asyncpg.Pool, member_id: UUID) -> list[Drive]:
    """All drives of a member, of every car."""
    return [Drive(*row) for row in await pool.fetch(_DRIVES, member_id)]


def during(drives: Sequence[Drive]) -> tuple[list[object], list[object], list[object]]:
    """The arguments of `DURING_DRIVES`."""
    return [d.vin for d in drives], [d.since for d in drives], [d.until for d in drives]
