"""Compares two generations of a read model row by row."""

from dataclasses import dataclass

from adapters.postgres.database import Connection
from adapters.postgres.read_models import generations
from adapters.postgres.read_models.generations import Generation

_STAND = "select position from csbe.followers where name = any($1)"
_DIFFERENCE = "select count(*) from (select {columns} from {a} except all select {columns} from {b}) as difference"
_COLUMNS = """
select string_agg(quote_ident(a.attname), ', ' order by a.attname)
from pg_attribute a join pg_attribute b on b.attname = a.attname and b.attrelid = to_regclass($2)
where a.attrelid = to_regclass($1) and a.attnum > 0 and not a.attisdropped and not b.attisdropped
"""


@dataclass(frozen=True)
class Comparison:
    """One table of two generations at the same position, by the columns that both have."""

    table: str
    live_rows: int
    new_rows: int
    only_live: int
    only_new: int


async def compared(connection: Connection, live: Generation, new: Generation) -> list[Comparison] | None:
    """All tables of two generations, in a transaction of one snapshot; none while they stand at different positions."""
    positions = await connection.fetch(_STAND, [live.follower, new.follower])
    if len({row["position"] for row in positions}) > 1:
        return None
    tables = [row["relname"] for row in await connection.fetch(generations.TABLES, new.schema)]
    return [await _compared(connection, live, new, table) for table in tables]


async def _compared(connection: Connection, live: Generation, new: Generation, table: str) -> Comparison:
    a, b = f"{live.schema}.{table}", f"{new.schema}.{table}"
    columns = await connection.fetchval(_COLUMNS, a, b)
    if columns is None:
        return Comparison(table, 0, await connection.fetchval(f"select count(*) from {b}"), 0, 0)  # noqa: S608
    live_rows, new_rows = [await connection.fetchval(f"select count(*) from {of}") for of in (a, b)]  # noqa: S608
    only_live = await connection.fetchval(_DIFFERENCE.format(columns=columns, a=a, b=b))
    only_new = await connection.fetchval(_DIFFERENCE.format(columns=columns, a=b, b=a))
    return Comparison(table, live_rows, new_rows, only_live, only_new)
