"""A command is decided on what the process remembers; only what the log still says so counts."""

from collections.abc import AsyncIterator
from typing import TypeVar
from uuid import UUID, uuid4

import asyncpg
import pytest

from adapters.postgres.event_store.store import PostgresEventStore
from domain.kernel.aggregate import Aggregate
from domain.kernel.errors import NotFoundError, RefusedError, StaleVersionError
from tests.support.boxes import Box, FillBox, FillLike, give, save
from tests.support.keys import KEYS

A = TypeVar("A", bound=Aggregate)


class CountingStore(PostgresEventStore):
    """Counts how often an aggregate is looked up in the log."""

    loads = 0

    async def load(self, aggregate_class: type[A], id: UUID, /, *, service: str | None = None) -> A:
        self.loads += 1
        return await super().load(aggregate_class, id, service=service)


@pytest.fixture
async def here(pool: asyncpg.Pool) -> AsyncIterator[CountingStore]:
    store = CountingStore(pool, master_keys=KEYS)
    await store.listener.erasures.wait(0, 10)  # what is remembered is forgotten once, when listening begins
    yield store
    await store.close()


@pytest.fixture
async def elsewhere(pool: asyncpg.Pool) -> AsyncIterator[PostgresEventStore]:
    """The store of another process on the same database."""
    store = PostgresEventStore(pool, master_keys=KEYS)
    yield store
    await store.close()


async def made(store: PostgresEventStore) -> UUID:
    box = Box.make()
    await save(store, box)
    return box.id


async def total(store: PostgresEventStore, box_id: UUID) -> int:
    return (await store.load(Box, box_id)).total_g


async def test_what_the_process_remembers_is_not_looked_up(here: CountingStore) -> None:
    box_id = await made(here)

    for _ in range(3):
        await give(here, FillBox(box_id=box_id, weight_g=2))

    assert here.loads == 0
    assert await total(here, box_id) == 6


async def test_what_another_process_changed_is_decided_again(
    here: CountingStore, elsewhere: PostgresEventStore
) -> None:
    box_id = await made(here)
    await give(elsewhere, FillBox(box_id=box_id, weight_g=7))

    await give(here, FillBox(box_id=box_id, weight_g=3))

    assert await total(elsewhere, box_id) == 10


async def test_a_limit_that_another_process_has_used_up_holds(
    here: CountingStore, elsewhere: PostgresEventStore
) -> None:
    box_id = await made(here)
    await give(elsewhere, FillBox(box_id=box_id, weight_g=8))

    with pytest.raises(RefusedError):
        await give(here, FillBox(box_id=box_id, weight_g=3))

    assert await total(here, box_id) == 8


async def test_a_refusal_that_another_process_has_made_groundless_is_not_given(
    here: CountingStore, elsewhere: PostgresEventStore
) -> None:
    box_id = await made(here)
    await give(here, FillBox(box_id=box_id, weight_g=9))
    await give(elsewhere, FillBox(box_id=box_id, weight_g=-9))

    await give(here, FillBox(box_id=box_id, weight_g=4))

    assert await total(here, box_id) == 4


async def test_what_was_only_looked_at_must_be_as_it_was_remembered(
    here: CountingStore, elsewhere: PostgresEventStore
) -> None:
    model_id, box_id = await made(here), await made(here)
    await give(elsewhere, FillBox(box_id=model_id, weight_g=5))

    await give(here, FillLike(box_id=box_id, model_id=model_id))

    assert await total(here, box_id) == 5


async def test_the_version_that_a_caller_has_seen_is_compared_with_the_log(
    here: CountingStore, elsewhere: PostgresEventStore
) -> None:
    box_id = await made(here)
    await give(elsewhere, FillBox(box_id=box_id, weight_g=5))

    with pytest.raises(StaleVersionError):
        await give(here, FillBox(box_id=box_id, weight_g=1), seen=1)
    await give(here, FillBox(box_id=box_id, weight_g=1), seen=2)

    assert await total(here, box_id) == 6


async def test_what_belongs_to_another_service_is_not_there_though_remembered(here: CountingStore) -> None:
    box_id = await made(here)

    with pytest.raises(NotFoundError):
        await give(here, FillBox(box_id=box_id, weight_g=1), service="reachnow-usa")


async def test_what_nobody_has_seen_is_not_remembered(here: CountingStore) -> None:
    with pytest.raises(NotFoundError):
        await give(here, FillBox(box_id=uuid4(), weight_g=1))
