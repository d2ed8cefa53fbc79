"""What stands in the database, above all when everybody has come to an end."""

import asyncpg

from tests.torture.history import Fact, Followed, Remembered, Stored

_LOG = """
select notification_id as position, originator_id as aggregate, originator_version as version, topic,
    (metadata ->> 'command_id')::uuid as command_id, recorded_at,
    case when topic = 'torture.counter.counted' then (convert_from(state, 'utf8')::jsonb ->> 'by')::int end as by
from csbe.events order by notification_id
"""
_COMMANDS = "select command_id, position, result as answer from csbe.commands"
_FOLLOWED = "select position from public.followed order by place"
_END = "select coalesce(max(notification_id), 0) from csbe.events"
_RETRY = """
update csbe.followers set failed_position = null, error = null
where name = $1 and failed_position is not null returning true
"""
_FOLLOWER = "select position from csbe.followers where name = $1"


async def final_facts(connection: asyncpg.Connection) -> list[Fact]:
    """The log, the commands remembered, and what the follower wrote down."""
    return [
        *(Stored.model_validate(dict(row)) for row in await connection.fetch(_LOG)),
        *(Remembered.model_validate(dict(row)) for row in await connection.fetch(_COMMANDS)),
        *(Followed.model_validate(dict(row)) for row in await connection.fetch(_FOLLOWED)),
    ]


async def end_of_log(connection: asyncpg.Connection) -> int:
    """The last position."""
    end: int = await connection.fetchval(_END)
    return end


async def follower_reached(connection: asyncpg.Connection, name: str, position: int) -> bool:
    """Whether a follower is there."""
    row = await connection.fetchrow(_FOLLOWER, name)
    return row is not None and row["position"] >= position


async def retry(connection: asyncpg.Connection, name: str) -> bool:
    """What `csbe followers retry` does; false when the follower is not stopped."""
    return bool(await connection.fetchval(_RETRY, name))
