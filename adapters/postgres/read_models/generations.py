"""Generations of a read model: its tables in a schema of their own, made beside the live ones and shown by views."""

import re
from collections.abc import Awaitable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Protocol

import asyncpg

from adapters.postgres.database import LOCK_TIMEOUT, Connection
from adapters.postgres.errors import GenerationError
from adapters.postgres.followers import shards
from adapters.postgres.locks import Lock, alone
from domain.kernel.messages import RecordedEvent

_ALL = """
select projection, number, state, digest, reports from csbe.generations
where projection = $1 and state <> 'dropped' order by number
"""
_LIVE_FOLLOWERS = "select follower from csbe.generations where state = 'live' and projection = any($1)"
_NUMBER = "select coalesce(max(number), 0) + 1 from csbe.generations where projection = $1"
_ADD = "insert into csbe.generations (projection, number, state, digest, reports) values ($1, $2, $3, $4, $5)"
_STATE = "update csbe.generations set state = $3, changed_at = now() where projection = $1 and number = $2"
_REPORT = "update csbe.generations set reports = $3 where projection = $1 and number = $2"
_HAD_ITS_TURN = """
select exists (
    select from csbe.generations where projection = $1 and digest = $2 and state in ('previous', 'dropped')
)
"""
_FOLLOWED = "insert into csbe.followers (name) values ($1) on conflict do nothing"

TABLES = "select relname from pg_class where relnamespace = to_regnamespace($1) and relkind = 'r' order by relname"
_COMMENTS = """
select format('comment on view read_v1.%I is %L', c.relname, obj_description(c.oid)) from pg_class c
where c.relnamespace = to_regnamespace($1) and c.relkind = 'r'
union all
select format('comment on column read_v1.%I.%I is %L', c.relname, a.attname, col_description(c.oid, a.attnum))
from pg_class c join pg_attribute a on a.attrelid = c.oid
where c.relnamespace = to_regnamespace($1) and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped
"""
_INDEX = re.compile(r"^create index [^;]*;", re.MULTILINE)
_REPORTS = re.compile(r"create or replace view (reports\.\w+)")
_OTHER_SHAPE = (asyncpg.InvalidTableDefinitionError, asyncpg.UndefinedColumnError, asyncpg.DatatypeMismatchError)


class ReadModel(Protocol):
    """A projector, as the store sees it."""

    PARALLEL: ClassVar[bool]
    """Whether several processes may build it, each for some aggregates."""
    NAME: ClassVar[str]

    @property
    def READS(self) -> frozenset[str] | None: ...  # noqa: N802 (a constant of the class)

    @property
    def digest(self) -> str: ...

    @property
    def topics(self) -> tuple[str, ...]: ...

    def tables_sql(self) -> str: ...

    def reports_sql(self) -> str: ...

    def apply(self, events: Sequence[RecordedEvent], db: Any, schema: str) -> Awaitable[None]: ...


@dataclass(frozen=True)
class Generation:
    """One making of a read model."""

    projection: str
    number: int
    state: str
    digest: str
    reports: str

    @property
    def schema(self) -> str:
        """Where its tables are."""
        return f"{self.projection}_v{self.number}"

    @property
    def follower(self) -> str:
        """Under which its position is kept."""
        return f"projection/{self.projection}/v{self.number}"


async def generations_of(connection: asyncpg.Pool | Connection, projection: str) -> list[Generation]:
    """All that are not dropped, the oldest first."""
    return [Generation(*row) for row in await connection.fetch(_ALL, projection)]


async def live_followers(connection: asyncpg.Pool | Connection, projections: Sequence[str]) -> list[str]:
    """Under which the positions of their live generations are kept."""
    return [row[0] for row in await connection.fetch(_LIVE_FOLLOWERS, projections)]


async def prepare(connection: Connection, model: ReadModel) -> None:
    """Make and show the first generation where there is none; one that this code cannot write stays as it is.

    Where generations are there and none is live, the newest that was built is shown. Raises `GenerationError` when
    there is none.
    """
    if _is_prepared(_live(await generations_of(connection, model.NAME)), model):
        return  # without waiting for whoever makes indexes of another generation
    await one_at_a_time(connection, model.NAME)
    await connection.execute(LOCK_TIMEOUT)
    found = await generations_of(connection, model.NAME)
    live = _live(found)
    if live is None:
        new = _newest_built(found, model) if found else await make(connection, model, "live")
        await set_state(connection, new, "live")
        await show(connection, new, None)
    elif not _is_prepared(live, model):
        await connection.execute(_REPORT, live.projection, live.number, model.reports_sql())
        await show(connection, replace(live, reports=model.reports_sql()), live)


async def had_its_turn(connection: asyncpg.Pool | Connection, model: ReadModel) -> bool:
    """Whether a generation that was made for this code was shown before, or dropped."""
    had: bool = await connection.fetchval(_HAD_ITS_TURN, model.NAME, model.digest)
    return had


async def make(connection: Connection, model: ReadModel, state: str) -> Generation:
    """Empty tables for a new generation."""
    number = await connection.fetchval(_NUMBER, model.NAME)
    new = Generation(model.NAME, number, state, model.digest, model.reports_sql())
    await connection.execute(f"create schema {new.schema}")
    await connection.execute(f"comment on schema {new.schema} is 'Generation {number} of a read model: see read_v1.'")
    await _execute_in(connection, new, _INDEX.sub("", model.tables_sql()))
    if state != "building":
        await add_indexes(connection, model, new)
    await connection.execute(_ADD, new.projection, number, state, new.digest, new.reports)
    await connection.execute(_FOLLOWED, new.follower)
    return new


async def add_indexes(connection: Connection, model: ReadModel, generation: Generation) -> None:
    """Those that only queries need: a build does without, and makes them of what it has filled in, much faster."""
    await connection.execute("set local statement_timeout = 0")
    for index in _INDEX.findall(model.tables_sql()):
        await _execute_in(connection, generation, index.replace("create index", "create index if not exists"))


async def show(connection: Connection, new: Generation, old: Generation | None) -> None:
    """Let the views of `read_v1` and of `reports` show a generation in the place of another."""
    tables = [row[0] for row in await connection.fetch(TABLES, new.schema)]
    shown = [row[0] for row in await connection.fetch(TABLES, old.schema)] if old else []
    try:
        async with connection.transaction():
            await _replace_views(connection, new, tables)
    except _OTHER_SHAPE:
        await _drop_views(connection, [new, *([old] if old else [])], {*shown, *tables})
        await _replace_views(connection, new, tables)
    for gone in set(shown) - set(tables):
        await connection.execute(f"drop view if exists read_v1.{gone}")


async def drop(connection: Connection, generation: Generation) -> None:
    """Remove a generation's tables. Whoever follows it finds out."""
    await connection.execute(_STATE, generation.projection, generation.number, "dropped")
    await connection.execute(f"drop schema if exists {generation.schema} cascade")
    await shards.remove(connection, generation.follower)


async def set_state(connection: asyncpg.Pool | Connection, generation: Generation, state: str) -> None:
    """Note what became of a generation."""
    await connection.execute(_STATE, generation.projection, generation.number, state)


async def one_at_a_time(connection: Connection, projection: str) -> None:
    """Keep others from making, swapping or dropping generations of this projection until the transaction ends."""
    await alone(connection, Lock.GENERATIONS, projection)


async def _execute_in(connection: Connection, generation: Generation, sql: str) -> None:
    await connection.execute(f"set local search_path to {generation.schema}")
    await connection.execute(sql)
    await connection.execute("set local search_path to default")


def _live(found: Sequence[Generation]) -> Generation | None:
    return next((generation for generation in found if generation.state == "live"), None)


def _is_prepared(live: Generation | None, model: ReadModel) -> bool:
    """Whether a start has nothing to do: other code made it, or this code did and would show it the same."""
    return live is not None and (live.digest != model.digest or live.reports == model.reports_sql())


def _newest_built(found: Sequence[Generation], model: ReadModel) -> Generation:
    built = [generation for generation in found if generation.state != "building"]
    if not built:
        schemas = ", ".join(generation.schema for generation in found)
        forget = f"update csbe.generations set state = 'dropped' where projection = '{model.NAME}'"  # noqa: S608
        raise GenerationError(
            model.NAME,
            "has neither a live generation nor one that was built. The next start makes it anew once you run: "
            f"drop schema {schemas} cascade; {forget}",
        )
    return built[-1]


async def _replace_views(connection: Connection, new: Generation, tables: Sequence[str]) -> None:
    for table in tables:
        await connection.execute(
            f"create or replace view read_v1.{table} as select * from {new.schema}.{table}"  # noqa: S608
        )
    for (comment,) in await connection.fetch(_COMMENTS, new.schema):
        await connection.execute(comment)
    await connection.execute(new.reports)


async def _drop_views(connection: Connection, of: Sequence[Generation], tables: Collection[str]) -> None:
    """Ours only: a view that somebody else made over them keeps them from being dropped, and is named in the error."""
    reports = [report for generation in of for report in _REPORTS.findall(generation.reports)]
    views = sorted({*reports, *(f"read_v1.{table}" for table in tables)})
    await connection.execute(f"drop view if exists {', '.join(views)}")
