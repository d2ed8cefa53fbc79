"""Writes folded changes: one statement per table, kind of change and set of columns, whatever the number of rows."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from typing import Any, NamedTuple, Protocol

import orjson

from projections.kernel.changes import Batch, Given, Insert, Key, PendingRow, RowChange, Table, Upsert, Values


class Columns(NamedTuple):
    """The columns of the tables of a schema."""

    types: Mapping[tuple[str, str], str]
    """By table and column."""
    defaults: Mapping[str, Values]
    """What a new row of a table begins with, without the columns that PostgreSQL computes."""


_COLUMNS = """
select c.relname, a.attname, format_type(a.atttypid, a.atttypmod) as type, a.attgenerated <> '' as computed,
    coalesce(pg_get_expr(d.adbin, d.adrelid), 'null') as initial
from pg_class c join pg_attribute a on a.attrelid = c.oid
left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where c.relnamespace = to_regnamespace($1) and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped
"""
_SETTINGS = """
set local plan_cache_mode = force_generic_plan; set local enable_seqscan = off; set local jit = off;
set local synchronous_commit = off
"""
"""A row is found by its key. Left to itself, the planner reads a whole table to change some thousand rows of it.

No waiting for the disk: when PostgreSQL crashes, rows and position are lost together, and made again from the log.
"""
_UNIQUE_VIOLATION = "23505"
COPIED = 100
"""From so many new rows on, they are copied. `jsonb` is not: the connection has no binary form for it."""


class Database(Protocol):
    """What is needed of a connection; the follower's transaction is open on it."""

    async def execute(self, query: str, *args: Any) -> str:
        """Run one bound statement, or several that are not bound."""
        ...

    async def fetch(self, query: str, *args: Any) -> list[Any]:
        """The rows of one bound query."""
        ...

    async def copy_records_to_table(
        self, table_name: str, *, schema_name: str, columns: Sequence[str], records: Iterable[Sequence[Any]]
    ) -> str:
        """Add rows; refuses those that are there already."""
        ...

    def transaction(self) -> AbstractAsyncContextManager[Any]:
        """A block that is undone alone when an error leaves it."""
        ...


async def columns_in(db: Database, schema: str) -> Columns:
    """The columns of the tables of a schema."""
    rows = await db.fetch(_COLUMNS, schema)
    initial: dict[str, list[str]] = defaultdict(list)
    for row in rows:
        if not row["computed"]:
            initial[row["relname"]].append(f"{row['initial']} as {row['attname']}")
    defaults = {table: (await db.fetch(f"select {', '.join(values)}"))[0] for table, values in initial.items()}
    return Columns({(row["relname"], row["attname"]): row["type"] for row in rows}, defaults)


class RowWriter:
    """Takes the changes of one batch and writes them into the tables of a schema, all in one transaction."""

    def __init__(self, db: Database, schema: str, columns: Columns) -> None:
        self._db = db
        self._schema = schema
        self._columns = columns
        self._batch = Batch()
        self._stored: dict[tuple[Table, Key], Values | None] = {}
        self._is_set = False

    async def take(self, changes: Sequence[RowChange]) -> None:
        """Note changes, in the order in which they happened."""
        await self._look_up([change for change in changes if isinstance(change, Given)])
        for change in changes:
            if isinstance(change, Given):
                await self.take(list(change.then(row)) if (row := await self._row(change)) else ())
            elif not self._batch.fold(change):
                await self.write()
                self._batch.fold(change)

    async def write(self) -> None:
        """Write all that is pending."""
        rows = list(self._batch.taken())
        self._stored.clear()
        if rows and not self._is_set:
            await self._db.execute(_SETTINGS)
            self._is_set = True
        for table, pending in rows:
            for (kind, columns, added), group in _alike(pending).items():
                await self._statement(table, kind, (*columns, *added), frozenset(added), group)

    async def _statement(
        self,
        table: Table,
        kind: type,
        columns: Sequence[str],
        added: frozenset[str],
        group: list[tuple[Key, PendingRow]],
    ) -> None:
        names = columns if kind is Insert else (*table.key, *columns)
        types = tuple(self._type(table, name) for name in names)
        if kind is Insert and len(group) >= COPIED and "jsonb" not in types and await self._copy(table, names, group):
            return
        query = _query(self._schema, table, kind, names, types, added)
        found = await self._db.fetch(query, *_arrays(kind, names, types, group))
        if kind is Insert and len(found) < len(group):
            await self._follow_up(group, {tuple(row) for row in found})

    async def _copy(self, table: Table, names: Sequence[str], group: list[tuple[Key, PendingRow]]) -> bool:
        """Add many new rows at a third of the cost; false, and nothing done, when one of them was there already."""
        records = list(map(itemgetter(*names), (pending.set for _, pending in group)))
        try:
            async with self._db.transaction():
                await self._db.copy_records_to_table(
                    table.name, schema_name=self._schema, columns=names, records=records
                )
        except Exception as error:
            if getattr(error, "sqlstate", None) != _UNIQUE_VIOLATION:
                raise
            return False
        return True

    async def _follow_up(self, group: list[tuple[Key, PendingRow]], inserted: set[Key]) -> None:
        """Rows that were there already stay, and see only what came later."""
        await self.take(list(chain.from_iterable(pending.later for key, pending in group if key not in inserted)))
        await self.write()

    async def _look_up(self, givens: Sequence[Given]) -> None:
        """Read the rows that changes depend on, all of a table at once."""
        wanted: dict[Table, dict[Key, Values | None]] = defaultdict(dict)
        for given in givens:
            wanted[given.table][given.key] = None
        for table, rows in wanted.items():
            types = [self._type(table, column) for column in table.key]
            query = _lookup(self._schema, table, tuple(types))
            for row in await self._db.fetch(query, *map(list, zip(*rows, strict=True))):
                rows[tuple([row[column] for column in table.key])] = row
            self._stored |= {(table, key): row for key, row in rows.items()}

    async def _row(self, given: Given) -> Values | None:
        if (given.table, given.key) not in self._stored:  # written since
            await self._look_up([given])
        stored = self._stored[given.table, given.key]
        return self._batch.standing(given.table, given.key, stored, self._columns.defaults[given.table.name])

    def _type(self, table: Table, column: str) -> str:
        try:
            return self._columns.types[table.name, column]
        except KeyError:
            raise LookupError(f"there is no column {column} in {self._schema}.{table.name}") from None


_Alike = dict[tuple[type, tuple[str, ...], tuple[str, ...]], list[tuple[Key, PendingRow]]]


def _alike(rows: Mapping[Key, PendingRow]) -> _Alike:
    """Rows by what they have in common: the kind of change and the columns."""
    groups: _Alike = defaultdict(list)
    for key, pending in rows.items():
        groups[pending.kind, _sorted(tuple(pending.set)), _sorted(tuple(pending.add))].append((key, pending))
    return groups


@lru_cache(maxsize=1024)
def _sorted(columns: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(columns))


def _arrays(
    kind: type, names: Sequence[str], types: Sequence[str], group: list[tuple[Key, PendingRow]]
) -> list[list[Any]]:
    """One array per column."""
    if kind is Insert:
        arrays = [[pending.set[name] for _, pending in group] for name in names]
    else:
        keys = len(group[0][0])
        arrays = [[key[n] for key, _ in group] for n in range(keys)]
        for name in names[keys:]:
            arrays.append([p.set[name] if name in p.set else p.add[name] for _, p in group])
    return [
        [orjson.dumps(value).decode() for value in array] if kind_of == "jsonb" else array
        for array, kind_of in zip(arrays, types, strict=True)
    ]


@lru_cache(maxsize=1024)
def _lookup(schema: str, table: Table, types: tuple[str, ...]) -> str:
    """The rows of many keys."""
    arrays = ", ".join(f"${n}::{of}[]" for n, of in enumerate(types, 1))
    keys = ", ".join(table.key)
    return f"select kept.* from unnest({arrays}) as given ({keys}) join {schema}.{table.name} as kept using ({keys})"  # noqa: S608


@lru_cache(maxsize=1024)
def _query(
    schema: str, table: Table, kind: type, names: tuple[str, ...], types: tuple[str, ...], added: frozenset[str]
) -> str:
    """The statement for many rows at once; `names` begins with the key unless rows are inserted."""
    arrays = ", ".join(f"${n}::{_sent_as(of)}[]" for n, of in enumerate(types, 1))
    given = f"unnest({arrays}) as given ({', '.join(names)})"
    values = ", ".join(f"given.{name}::{of}" for name, of in zip(names, types, strict=True))
    into = f"insert into {schema}.{table.name} as kept ({', '.join(names)}) select {values} from {given}"  # noqa: S608
    keys = ", ".join(table.key)
    if kind is Insert:
        return f"{into} on conflict ({keys}) do nothing returning {keys}"
    source = "excluded" if kind is Upsert else "given"
    columns = list(zip(names, types, strict=True))[len(table.key) :]
    changed = ", ".join(_assigned(name, of, source, add=name in added) for name, of in columns)
    if kind is Upsert:
        return f"{into} on conflict ({keys}) do update set {changed}"
    same = " and ".join(f"kept.{column} = given.{column}" for column in table.key)
    return f"update {schema}.{table.name} as kept set {changed} from {given} where {same}"  # noqa: S608


def _assigned(column: str, of: str, source: str, *, add: bool) -> str:
    value = f"{source}.{column}::{of}"
    return f"{column} = kept.{column} + {value}" if add else f"{column} = {value}"


def _sent_as(of: str) -> str:
    return "text" if of == "jsonb" else of
