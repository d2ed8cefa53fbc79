"""Whether what is appended goes through and is read by all that follow the log; if not, why."""

import asyncpg

from adapters.postgres.database import Connection

_IN_TURN = "set local lock_timeout = '1s'; select csbe.pass_append_order()"
_READ_ONLY = "select current_setting('transaction_read_only') = 'on'"
_HOLDER = """
select a.pid, a.usename::text as name, a.application_name as program from pg_locks l join pg_stat_activity a using (pid)
where a.datname = current_database() and (
    l.relation = 'csbe.append_order'::regclass and l.granted and l.mode <> 'AccessShareLock'
    or l.relation in ('csbe.events'::regclass, 'csbe.commands'::regclass)
        and l.mode in ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
) order by l.relation = 'csbe.append_order'::regclass, l.granted desc limit 1
"""
"""Who waits for a lock on the log is named too: appends stand behind whoever waits for what they cannot share."""
_LOG = """
select coalesce(max(notification_id), 0) as reached,
    (select last_value + is_called::int from csbe.events_notification_id_seq) as next
from csbe.events
"""
_PAST = """
with log as (select coalesce(max(notification_id), 0) as reached from csbe.events)
select name, position, reached from csbe.followers, log where position > reached order by name
"""
TIMEOUT_S = 3


async def why_writes_stand(pool: asyncpg.Pool) -> str | None:
    """In words for people; none where they go through. Raises the database's connection errors."""
    async with pool.acquire(timeout=TIMEOUT_S) as connection:
        if await connection.fetchval(_READ_ONLY, timeout=TIMEOUT_S):
            return "nothing can be written: this PostgreSQL is a standby, or read-only"
        try:
            async with connection.transaction():
                await connection.execute(_IN_TURN, timeout=TIMEOUT_S)
        except asyncpg.LockNotAvailableError:
            return _told(await connection.fetchrow(_HOLDER, timeout=TIMEOUT_S))
        return await sequence_behind_the_log(connection) or await followers_past_the_log(connection)


async def sequence_behind_the_log(connection: Connection) -> str | None:
    """Whether what is appended next would get a position that followers have passed; in words for people."""
    [(reached, following)] = await connection.fetch(_LOG, timeout=TIMEOUT_S)
    if following > reached:
        return None
    mending = "select setval('csbe.events_notification_id_seq', max(notification_id)) from csbe.events"
    return (
        f"the log stands at position {reached}, and its sequence would give {following} next, as after logical "
        f"replication. Let the owner run: {mending}"
    )


async def followers_past_the_log(connection: Connection) -> str | None:
    """Which followers would never see what is appended next, as after half a restore; in words for people."""
    if not (past := await connection.fetch(_PAST, timeout=TIMEOUT_S)):
        return None
    told = ", ".join(f"{row['name']} at {row['position']}" for row in past)
    return (
        f"the log ends at position {past[0]['reached']}, and these are past it: {told}. Log and followers are of "
        "different times: restore both from one backup"
    )


def _told(holder: asyncpg.Record | None) -> str:
    if holder is None:
        return "appends wait for each other for longer than a second"
    program = f" ({holder['program']})" if holder["program"] else ""
    return f"appends wait for {holder['name']}{program}, process {holder['pid']} of PostgreSQL"
