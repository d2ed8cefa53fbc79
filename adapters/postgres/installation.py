"""Which installation a database belongs to."""

from uuid import UUID

import asyncpg


async def installation_id(pool: asyncpg.Pool) -> UUID:
    """Made with the database, and kept in its backups."""
    id: UUID = await pool.fetchval("select id from csbe.installation")
    return id
