"""Writes docs/reference/roles.md, who may do what in the database, from the catalogue of one that was migrated.

    python -m tests.adapters.postgres.roles_page

The server is `CSBE_TEST_POSTGRES_DSN`, or an embedded one. The page is the same whatever version it has.
"""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg

from tests.adapters.postgres.schema_page import on_a_server
from tests.support.databases import empty_database, prepared

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "roles.md"
ROLES = ("server", "analyst", "auditor")

_HEAD = """\
# Roles in the database

`csbe migrate` runs as the owner of the database and makes three roles, which cannot log in: users are granted one.
Their names begin with `CSBE_POSTGRES_ROLES`, which is `csbe` if it is not set. The owner may do everything, and is for
`csbe migrate` alone. The page is made from a migrated database by `python -m tests.adapters.postgres.roles_page`.

- `csbe_server`: for the user of `csbe serve` and of operators' commands. It appends by function, and changes nothing
  that is recorded.
- `csbe_analyst`: for whoever reads the reports, and nothing else.
- `csbe_auditor`: for whoever reads the log and the reports. The keys of persons are not among it.
"""
_TABLES = """
select n.nspname || '.' || c.relname as name, c.oid, pg_get_userbyid(c.relowner)::text as owner
from pg_class c join pg_namespace n on n.oid = c.relnamespace
where n.nspname = 'csbe' and c.relkind in ('r', 'p') order by 1
"""
_ON_TABLE = """
select privilege, array(
    select attname::text from pg_attribute
    where attrelid = $2 and attnum > 0 and not attisdropped
        and privilege in ('SELECT', 'INSERT', 'UPDATE') and not has_table_privilege($1, $2, privilege)
        and has_column_privilege($1, $2, attnum, privilege)
    order by attnum
) as columns, has_table_privilege($1, $2, privilege) as whole
from unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) with ordinality
    as p (privilege, place) order by place
"""
_FUNCTIONS = """
select n.nspname || '.' || p.proname as name, p.oid from pg_proc p join pg_namespace n on n.oid = p.pronamespace
where n.nspname = 'csbe' order by 1
"""
_SCHEMAS = """
select nspname::text as name, oid from pg_namespace
where nspname in ('csbe', 'telemetry_days', 'read_v1', 'reports', 'rental_v1') order by 1
"""
_ON_SCHEMA = """
select array(
    select lower(p) from unnest(array['USAGE', 'CREATE']) as p where has_schema_privilege($1, $2::oid, p)
) as found, pg_get_userbyid((select nspowner from pg_namespace where oid = $2)) = $1 as owned
"""


async def page_of(connection: asyncpg.Connection) -> str:
    """The page for a database."""
    return "\n".join([line async for line in _lines(connection)]) + "\n"


async def _lines(connection: asyncpg.Connection) -> AsyncIterator[str]:
    yield _HEAD
    yield "## Tables of schema csbe\n"
    for line in _heads("table"):
        yield line
    for table in await connection.fetch(_TABLES):
        yield _row(table["name"], [await _on_table(connection, role, table) for role in ROLES])
    yield "\n## Functions of schema csbe\n"
    for line in _heads("function"):
        yield line
    for function in await connection.fetch(_FUNCTIONS):
        may = "select has_function_privilege($1, $2::oid, 'EXECUTE')"
        found = [await connection.fetchval(may, f"csbe_{role}", function["oid"]) for role in ROLES]
        yield _row(function["name"], ["execute" if one else "" for one in found])
    yield "\n## Schemas\n\nEach generation of a read model has one like `rental_v1`, which the server makes and owns.\n"
    for line in _heads("schema"):
        yield line
    for schema in await connection.fetch(_SCHEMAS):
        yield _row(schema["name"], [await _on_schema(connection, role, schema) for role in ROLES])


def _heads(of: str) -> tuple[str, str]:
    return f"| {of} | {' | '.join(ROLES)} |", f"|{'---|' * (len(ROLES) + 1)}"


def _row(name: str, cells: list[str]) -> str:
    return f"| `{name}` | {' | '.join(cells)} |"


async def _on_table(connection: asyncpg.Connection, role: str, table: asyncpg.Record) -> str:
    if table["owner"] == f"csbe_{role}":
        return "owner"
    found = await connection.fetch(_ON_TABLE, f"csbe_{role}", table["oid"])
    may = [
        row["privilege"].lower() + (f" ({', '.join(row['columns'])})" if row["columns"] else "")
        for row in found
        if row["whole"] or row["columns"]
    ]
    return ", ".join(may)


async def _on_schema(connection: asyncpg.Connection, role: str, schema: asyncpg.Record) -> str:
    [(found, owned)] = await connection.fetch(_ON_SCHEMA, f"csbe_{role}", schema["oid"])
    return "owner" if owned else ", ".join(found)


async def _write(server: str) -> None:
    async with empty_database(server) as dsn:
        await prepared(dsn)
        connection = await asyncpg.connect(dsn)
        PAGE.write_text(await page_of(connection), "utf-8")
        await connection.close()


def main() -> None:
    """Write the page."""
    with on_a_server() as server:
        asyncio.run(_write(server))


if __name__ == "__main__":
    main()
