"""Whether the server keeps what it says it has kept."""

import logging

import asyncpg

from adapters.postgres.database import Connection

log = logging.getLogger(__name__)

DURABLE = ("fsync", "full_page_writes", "synchronous_commit")
"""Settings without which nothing that was acknowledged is certain."""

_OFF = "select name from pg_settings where name = any($1) and setting = 'off' order by name"


async def warn_of_loss(connection: asyncpg.Pool | Connection) -> None:
    """Log a warning for each setting under which a crash of the server may lose, or damage, what was acknowledged."""
    for (name,) in await connection.fetch(_OFF, DURABLE):
        log.warning("PostgreSQL runs with %s off: what was acknowledged may be lost when it crashes", name)
