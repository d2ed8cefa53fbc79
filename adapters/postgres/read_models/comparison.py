"""Compares two generations of a read model row by row."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

import asyncpg

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
_KEY = """
select array_agg(quote_ident(attname) order by array_position(indkey::smallint[], attnum))
from pg_index join pg_attribute on attrelid = indrelid and attnum = any(indkey)
where indrelid = to_regclass($1) and indisprimary
"""
_ROWS = """
select to_jsonb(live) as live, to_jsonb(new) as new
from (select {columns} from {a}) live full join (select {columns} from {b}) new using ({key})
where live is distinct from new order by {key} limit {most}
"""
MOST_NAMED = 20
"""So many differences of a table are named; all are counted."""


@dataclass(frozen=True)
class Difference:
    """What differs in a row; in the row as a whole, where one generation does not have it."""

    key: dict[str, Any]  # as JSON: columns have many types
    column: str | None
    live: Any
    new: Any


@dataclass(frozen=True)
class Comparison:
    """One table of two generations at the same position, by the columns that both have."""

    table: str
    live_rows: int
    new_rows: int
    only_live: int
    only_new: int
    differences: tuple[Difference, ...] = ()
    """The first ones, in the order of the key."""


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
    named = await _named(connection, a, b, columns) if only_live or only_new else ()
    return Comparison(table, live_rows, new_rows, only_live, only_new, named)


async def _named(connection: Connection, a: str, b: str, columns: str) -> tuple[Difference, ...]:
    """None of tables whose rows have no key in both."""
    key: list[str] = await connection.fetchval(_KEY, b) or []
    if not key or set(key) - set(columns.split(", ")):
        return ()
    query = _ROWS.format(columns=columns, a=a, b=b, key=", ".join(key), most=MOST_NAMED)
    rows = await connection.fetch(query)
    return tuple(islice(_differences(rows, [name.strip('"') for name in key]), MOST_NAMED))


def _differences(rows: Iterable[asyncpg.Record], key: list[str]) -> Iterator[Difference]:
    for live, new in rows:
        of = {name: (live or new)[name] for name in key}
        if live is None or new is None:
            yield Difference(of, None, live and "is there", new and "is there")
            continue
        for column, value in live.items():
            if value != new[column]:
                yield Difference(of, column, value, new[column])
