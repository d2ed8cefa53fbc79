"""Migrations give the schema that docs/reference/database.md shows."""

import asyncpg

from adapters.postgres.migrate import migrate
from tests.adapters.postgres.schema_page import PAGE, page_of
from tests.support.databases import empty_database


async def test_migrating_an_empty_database_gives_what_the_page_shows(postgres_server: str) -> None:
    async with empty_database(postgres_server) as dsn:
        await migrate(dsn)
        connection = await asyncpg.connect(dsn)
        made = await page_of(connection)
        await connection.close()

    assert made == PAGE.read_text("utf-8"), "make the page anew: python -m tests.adapters.postgres.schema_page"
    assert "None" not in made, "something has no comment"
