"""Whether appends go through, and if not, who keeps them."""

import asyncpg

_IN_TURN = "set local lock_timeout = '1s'; select csbe.pass_append_order()"
_READ_ONLY = "select current_setting('transaction_read_only') = 'on'"
_HOLDER = """
select a.pid, a.usename::text as name, a.application_name as program from pg_locks l join pg_stat_activity a using (pid)
where a.datname = current_database() and l.relation = 'csbe.append_order'::regclass
    and l.granted and l.mode <> 'AccessShareLock' limit 1
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
    return None


def _told(holder: asyncpg.Record | None) -> str:
    if holder is None:
        return "appends wait for each other for longer than a second"
    program = f" ({holder['program']})" if holder["program"] else ""
    return f"appends wait for {holder['name']}{program}, process {holder['pid']} of PostgreSQL"
