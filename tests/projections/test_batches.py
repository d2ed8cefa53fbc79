"""However a log is cut into batches, the read models are the same."""

from collections.abc import Sequence

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import projections
from projections.kernel.changes import Table
from projections.kernel.writer import COPIED, RowWriter, columns_in
from tests.projections.following import live_schema
from tests.support.planting import Log

ROWS = Table("rows", ("id",))

_MAKE = """
drop schema if exists batches cascade; create schema batches;
create table batches.rows (id int primary key, note text, amount bigint not null default 5, facts jsonb)
"""

_keys = st.integers(1, 3)
_values = st.fixed_dictionaries({}, optional={"note": st.sampled_from("abc"), "facts": st.lists(st.integers(0, 9))})
_amounts = st.fixed_dictionaries({}, optional={"amount": st.integers(-9, 9)})
_changes = st.one_of(
    st.builds(lambda key, values: ROWS.insert(id=key, **values), _keys, _values),
    st.builds(lambda key, values: ROWS.insert(id=key, amount=0, **values), _keys, _values),
    st.builds(lambda key, add, note: ROWS.update(key, add, note=note), _keys, _amounts, st.sampled_from("xyz")),
    st.builds(lambda key, amount: ROWS.update(key, amount=amount), _keys, st.integers(0, 9)),
    st.builds(lambda key, amount: ROWS.upsert(key, {"amount": amount}, note="up"), _keys, st.integers(1, 9)),
    st.builds(
        lambda key, other: ROWS.given(key, lambda row: [ROWS.upsert(other, note=f"saw {row['amount']} {row['note']}")]),
        _keys,
        _keys,
    ),
)


def _many(first: int) -> list[object]:
    return [ROWS.insert(id=id, note="many") for id in range(first, first + COPIED)]


async def _written(pool: asyncpg.Pool, batches: Sequence[Sequence[object]]) -> list[tuple[object, ...]]:
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(_MAKE)
        columns = await columns_in(connection, "batches")
        for batch in batches:
            writer = RowWriter(connection, "batches", columns)
            await writer.take(batch)  # type: ignore[arg-type]
            await writer.write()
        return [tuple(row) for row in await connection.fetch("select * from batches.rows order by id")]


@given(changes=st.lists(_changes, max_size=12), cut=st.integers(0, 12))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_changes_in_one_batch_in_two_or_one_by_one_give_the_same_rows(
    pool: asyncpg.Pool, changes: list[object], cut: int
) -> None:
    one_by_one = await _written(pool, [[change] for change in changes])

    assert await _written(pool, [changes]) == one_by_one
    assert await _written(pool, [changes[:cut], changes[cut:]]) == one_by_one


@pytest.mark.parametrize("there", [[], [ROWS.insert(id=7, note="first"), ROWS.update(7, {"amount": 1})]])
async def test_many_new_rows_are_written_as_one_by_one_even_when_one_was_there_already(
    pool: asyncpg.Pool, there: list[object]
) -> None:
    changes = [*_many(0), ROWS.update(7, note="later"), *_many(50)]
    one_by_one = await _written(pool, [[change] for change in (*there, *changes)])

    assert await _written(pool, [there, changes]) == one_by_one


@pytest.mark.usefixtures("followers")
@given(data=st.data())
@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_any_batches_of_a_story_make_the_same_read_models_as_one_event_at_a_time(
    pool: asyncpg.Pool, log: Log, data: st.DataObject
) -> None:
    cuts = sorted(data.draw(st.sets(st.integers(1, len(log) - 1), max_size=6)))
    batches = [log[a:b] for a, b in zip([0, *cuts], [*cuts, len(log)], strict=True)]

    assert await _read_models(pool, batches) == await _read_models(pool, [[recorded] for recorded in log])


async def _read_models(pool: asyncpg.Pool, batches: Sequence[Log]) -> dict[str, list[str]]:
    rows = {}
    async with pool.acquire() as connection, connection.transaction():
        for projector in projections.PROJECTORS:
            schema = await live_schema(pool, projector.NAME)
            for table in projector.TABLES:
                await connection.execute(f"delete from {schema}.{table.name}")  # noqa: S608
            for batch in batches:
                await projector.apply(batch, connection, schema)
            for table in projector.TABLES:
                query = f"select t::text from {schema}.{table.name} t order by 1"  # noqa: S608
                rows[table.name] = [row[0] for row in await connection.fetch(query)]
    return rows
