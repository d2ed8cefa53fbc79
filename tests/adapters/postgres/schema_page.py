"""Writes docs/reference/database.md, the shape of schema `csbe`, from the catalogue of a database that was migrated.

    python -m tests.adapters.postgres.schema_page

The server is `CSBE_TEST_POSTGRES_DSN`, or an embedded one. The page is the same whatever version it has.
"""

import asyncio
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg

from adapters.embedded.postgres import EmbeddedPostgres
from adapters.postgres.migrate import migrate
from tests.support.databases import empty_database

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "database.md"

_HEAD = """\
# Database

Schema `csbe`: the event store and the machinery beside it. Its tables are no interface: analysts read
[reports](reports.md), and events are appended only by the functions below. Telemetry has a partition for each day
beside these tables. The page is made from a migrated database by `python -m tests.adapters.postgres.schema_page`.
"""

_TABLES = """
select oid, relname as name, obj_description(oid, 'pg_class') as comment,
    array_to_string(reloptions, ', ') as options,
    case when relkind = 'p' then pg_get_partkeydef(oid) end as partitioned
from pg_class where relnamespace = 'csbe'::regnamespace and relkind in ('r', 'p') and not relispartition
order by relname
"""
_COLUMNS = """
select a.attname as name, format_type(a.atttypid, a.atttypmod) as type, a.attnotnull as required,
    col_description(a.attrelid, a.attnum) as comment,
    case when a.attidentity <> '' then 'identity' when a.attgenerated <> '' then 'generated: ' else '' end
        || coalesce(pg_get_expr(d.adbin, d.adrelid), '') as value
from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where a.attrelid = $1 and a.attnum > 0 and not a.attisdropped order by a.attnum
"""
_RULES = """
select conname as name, pg_get_constraintdef(oid) as rule, obj_description(oid, 'pg_constraint') as comment
from pg_constraint where conrelid = $1 and contype <> 'n'
union all
select c.relname, regexp_replace(pg_get_indexdef(i.indexrelid), ' INDEX \\S+ ON (ONLY )?\\S+', ' INDEX'),
    obj_description(c.oid, 'pg_class')
from pg_index i join pg_class c on c.oid = i.indexrelid
where i.indrelid = $1 and not exists (select from pg_constraint where conindid = i.indexrelid)
union all
select tgname, regexp_replace(pg_get_triggerdef(oid), 'TRIGGER \\S+ ', 'TRIGGER '), obj_description(oid, 'pg_trigger')
from pg_trigger where tgrelid = $1 and not tgisinternal
order by 1
"""
_TYPES = """
select c.relname as name, obj_description(t.oid, 'pg_type') as comment,
    (select string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', ' order by a.attnum)
        from pg_attribute a where a.attrelid = c.oid and a.attnum > 0) as fields
from pg_class c join pg_type t on t.oid = c.reltype
where c.relnamespace = 'csbe'::regnamespace and c.relkind = 'c' order by c.relname
"""
_FUNCTIONS = """
select proname as name, pg_get_function_arguments(oid) as arguments, pg_get_function_result(oid) as result,
    obj_description(oid, 'pg_proc') as comment, array_to_string(proconfig, ', ') as settings
from pg_proc where pronamespace = 'csbe'::regnamespace order by proname, 2
"""


async def page_of(connection: asyncpg.Connection) -> str:
    """The page for a database."""
    return "\n".join([line async for line in _lines(connection)]) + "\n"


async def _lines(connection: asyncpg.Connection) -> AsyncIterator[str]:
    yield _HEAD.rstrip()
    for table in await connection.fetch(_TABLES):
        columns, rules = await connection.fetch(_COLUMNS, table["oid"]), await connection.fetch(_RULES, table["oid"])
        for line in (*_table(table), *map(_column, columns), "", *map(_rule, rules)):
            yield line
    yield "\n## Types"
    for type in await connection.fetch(_TYPES):
        yield f"\n### {type['name']}\n\n{type['comment']}\n\n`({type['fields']})`"
    yield "\n## Functions"
    for function in await connection.fetch(_FUNCTIONS):
        for line in _function(function):
            yield line


def _table(table: asyncpg.Record) -> Iterator[str]:
    yield f"\n## {table['name']}\n\n{table['comment']}\n"
    if table["partitioned"]:
        yield f"Partitioned by `{table['partitioned']}`.\n"
    if table["options"]:
        yield f"With `{table['options']}`.\n"
    yield "| column | type | null | default | what it holds |\n|---|---|---|---|---|"


def _column(column: asyncpg.Record) -> str:
    null = "" if column["required"] else "null"
    value = column["value"].replace("|", "\\|")
    default = f"`{value}`" if value else ""
    return f"| `{column['name']}` | {column['type']} | {null} | {default} | {column['comment']} |"


def _rule(rule: asyncpg.Record) -> str:
    comment = f" {rule['comment']}" if rule["comment"] else ""
    return f"- {rule['name']}: `{rule['rule']}`{comment}"


def _function(function: asyncpg.Record) -> Iterator[str]:
    yield f"\n### {function['name']}\n\n{function['comment']}\n"
    arguments = function["arguments"].replace(", ", ",\n    ")
    between = f"\n    {arguments}\n" if arguments else ""
    yield f"```text\n{function['name']}({between}) returns {function['result']}"
    if function["settings"]:
        yield f"with {function['settings']}"
    yield "```"


async def _write(server: str) -> None:
    async with empty_database(server) as dsn:
        await migrate(dsn)
        connection = await asyncpg.connect(dsn)
        PAGE.write_text(await page_of(connection), "utf-8")
        await connection.close()


@contextmanager
def on_a_server() -> Iterator[str]:
    """The DSN of the server of the tests."""
    if dsn := os.environ.get("CSBE_TEST_POSTGRES_DSN"):
        yield dsn
        return
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        embedded = EmbeddedPostgres(Path(folder) / "postgres")
        try:
            yield embedded.start()
        finally:
            embedded.stop()


def main() -> None:
    """Write the page."""
    with on_a_server() as server:
        asyncio.run(_write(server))


if __name__ == "__main__":
    main()
