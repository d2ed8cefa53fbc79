"""No way to append leaves a gap in the history of an aggregate, whatever the log has lost behind a running process."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from adapters.postgres.store import PostgresEventStore
from domain.kernel.errors import VersionConflictError
from tests.adapters.postgres.test_deciding_from_memory import FillBox, give
from tests.adapters.postgres.test_store import Box, save, versions

Version = tuple[UUID, int]
Append = Callable[[asyncpg.Pool, Sequence[Version]], Awaitable[object]]

_BATCH = "select csbe.{name}($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"
_APPEND = "select status from csbe.append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) order by entry"
_ONE = "select csbe.append_one($1, $2, 'f', null, $3, $4, 't', '', '{}')"


async def lose(pool: asyncpg.Pool, aggregate: UUID, version: int) -> None:
    """As a failover to a standby that was behind does."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("set local session_replication_role = replica")  # past the trigger that forbids it
        await connection.execute(
            "delete from csbe.events where originator_id = $1 and originator_version >= $2", aggregate, version
        )


def columns(events: Sequence[Version], places: Sequence[int], entries: int) -> list[Any]:
    commands: list[list[Any]] = [
        [uuid4() for _ in range(entries)],
        [uuid4() for _ in range(entries)],
        ["f"] * entries,
        [None] * entries,
    ]
    ids, numbers = [id for id, _ in events], [version for _, version in events]
    facts = [["t"] * len(events), [b""] * len(events), ["{}"] * len(events)]
    return [*commands, list(places), ids, numbers, *facts]


async def append_one(pool: asyncpg.Pool, events: Sequence[Version]) -> None:
    for event in events:
        await pool.execute(_ONE, uuid4(), uuid4(), *event)


def append_by(name: str) -> Append:
    async def append(pool: asyncpg.Pool, events: Sequence[Version]) -> None:
        await pool.execute(_BATCH.format(name=name), *columns(events, [len(events)], 1))

    return append


every_way = pytest.mark.parametrize(
    "append", [append_one, append_by("append_batch"), append_by("append_new")], ids=["one", "batch", "new"]
)


@every_way
@pytest.mark.parametrize("gap", [[2], [1, 3], [1, 2, 4]], ids=str)
async def test_a_version_without_the_one_before_it_is_refused(
    pool: asyncpg.Pool, append: Append, gap: list[int]
) -> None:
    box, other = uuid4(), uuid4()

    with pytest.raises(asyncpg.UniqueViolationError, match="predecessor"):
        await append(pool, [(other, 1), *((box, version) for version in gap)])

    assert await versions(pool, box) == gap[:-1] * (append is append_one)


@every_way
async def test_a_version_after_the_one_before_it_is_taken(pool: asyncpg.Pool, append: Append) -> None:
    box, other = uuid4(), uuid4()

    await append(pool, [(box, 1), (box, 2), (other, 1)])
    await append(pool, [(other, 2), (other, 3), (box, 3)])

    assert await versions(pool, box) == await versions(pool, other) == [1, 2, 3]


async def test_of_many_entries_the_one_with_a_gap_is_in_conflict(pool: asyncpg.Pool) -> None:
    with_gap, first, second = uuid4(), uuid4(), uuid4()
    events = [(first, 1), (with_gap, 1), (with_gap, 3), (second, 2), (second, 1)]

    found = await pool.fetch(_APPEND, *columns(events, [1, 2, 2, 3, 3], 3))

    assert [row["status"] for row in found] == ["appended", "conflict", "appended"]
    assert await versions(pool, with_gap) == []
    assert sorted(await versions(pool, second)) == [1, 2]


async def test_who_remembers_what_the_log_has_lost_is_in_conflict(
    store: PostgresEventStore, pool: asyncpg.Pool
) -> None:
    box = Box.make()
    box.fill(1)
    await save(store, box)
    await lose(pool, box.id, 2)

    box.fill(2)
    with pytest.raises(VersionConflictError):
        await save(store, box)

    assert (await store.load(Box, box.id)).version == 1


async def test_a_command_is_decided_again_on_what_the_log_still_has(
    store: PostgresEventStore, pool: asyncpg.Pool
) -> None:
    await store.listener.erasures.wait(0, 20)  # what is remembered is forgotten once, when listening begins
    box = Box.make()
    await save(store, box)
    await give(store, FillBox(box_id=box.id, weight_g=3))
    await lose(pool, box.id, 2)

    await give(store, FillBox(box_id=box.id, weight_g=4))

    assert await versions(pool, box.id) == [1, 2]
    assert (await PostgresEventStore(pool).load(Box, box.id)).total_g == 4
