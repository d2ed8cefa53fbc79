"""Waiting for what another process, or another part of this one, is going to do."""

import asyncio
from collections.abc import Awaitable, Callable

import asyncpg

PATIENCE_S = 20.0
_LOCKED = """
select exists (
    select from pg_locks where locktype = 'advisory'
        and database = (select oid from pg_database where datname = current_database())
)
"""


async def until(holds: Callable[[], Awaitable[bool]], patience_s: float = PATIENCE_S, every_s: float = 0.02) -> None:
    """Ask again and again until it is so."""
    async with asyncio.timeout(patience_s):
        while not await holds():
            await asyncio.sleep(every_s)


async def until_desks_are_free(pool: asyncpg.Pool) -> None:
    """The database notices a little later that a connection has ended, and with it the locks of who sat there."""

    async def free() -> bool:
        return not await pool.fetchval(_LOCKED)

    await until(free)
