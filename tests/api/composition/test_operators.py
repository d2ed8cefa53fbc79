"""Orders that are interrupted between record and end are seen, and finished without doing anything twice."""

from unittest.mock import AsyncMock
from uuid import UUID, uuid4

import asyncpg
import pytest

from adapters.postgres.dead_letters import DeadLetters
from adapters.postgres.event_store.store import PostgresEventStore
from adapters.postgres.jobs.queue import JobQueue
from adapters.postgres.machinery import PostgresMachinery
from adapters.postgres.telemetry import TelemetryStore
from api.composition.operators import Operators
from domain.contexts import HANDLERS
from domain.dispatcher import Dispatcher
from domain.operations.commands import DropGeneration, DropJob, SkipEvent
from domain.operations.job_orders import JobOrders
from domain.operations.ports import ImpossibleOrderError
from domain.operations.read_model_orders import ReadModelOrders
from tests.api.cli.test_jobs import given_up
from tests.support.clocks import SystemClock
from tests.support.services import GivenRulebooks

FOLLOWER = "insert into csbe.followers (name, position, failed_position, error) values ('bells', 6, 7, 'damaged')"
SKIP = SkipEvent(follower="bells", position=7, error="damaged", reason="see INC-7")


class CutError(Exception):
    """The process dies."""


@pytest.fixture
def operators(pool: asyncpg.Pool, store: PostgresEventStore) -> Operators:
    letters = DeadLetters(pool, AsyncMock())
    machinery = PostgresMachinery(pool, (), JobQueue(pool), TelemetryStore(pool), letters)
    return Operators(Dispatcher(store, SystemClock(), GivenRulebooks(), HANDLERS), store, machinery)


def drop(job_id: UUID) -> DropJob:
    return DropJob(job_id=job_id, policy="p", kind="billing.charge", error="no answer", reason="paid in cash")


async def cut_before() -> tuple[str, ...]:
    raise CutError


async def skipped(pool: asyncpg.Pool) -> list[tuple[object, ...]]:
    rows = await pool.fetch("select position, skipped_by, reason from csbe.skipped_events where follower = 'bells'")
    return [tuple(row) for row in rows]


async def test_a_stopped_follower_goes_on_by_an_order_alone(operators: Operators, pool: asyncpg.Pool) -> None:
    await pool.execute(FOLLOWER)

    done = await operators.give(SKIP, "olga")

    assert done == ("bells goes on after 7",)
    assert await skipped(pool) == [(7, "olga", "see INC-7")]
    assert await operators.unfinished() == []


async def test_an_order_that_was_cut_off_before_it_had_an_effect_is_seen_and_finished(
    operators: Operators, pool: asyncpg.Pool
) -> None:
    await pool.execute(FOLLOWER)
    with pytest.raises(CutError):
        await operators.give(SKIP, "olga", cut_before)

    [seen] = await operators.unfinished()
    [(finished, done)] = await operators.finish("igor")

    assert seen == finished
    assert done == ("bells goes on after 7",)
    assert await skipped(pool) == [(7, "olga", "see INC-7")]
    assert await operators.unfinished() == []


async def test_an_order_that_was_cut_off_after_its_effect_is_finished_without_a_second_one(
    operators: Operators, pool: asyncpg.Pool, store: PostgresEventStore
) -> None:
    job_id = await given_up(pool)
    order = drop(job_id)

    async def cut_after() -> tuple[str, ...]:
        await operators.machinery.drop_job(job_id, by="olga", reason=order.reason)
        raise CutError

    with pytest.raises(CutError):
        await operators.give(order, "olga", cut_after)
    [(_, done)] = await operators.finish("igor")

    ends = [e async for e in store.read(topics=[JobOrders.CarriedOut.TOPIC])]
    assert done == ()
    assert [end.metadata.actor.id for end in ends] == ["igor"]
    assert await pool.fetchval("select count(*) from csbe.dropped_jobs") == 1


async def test_an_order_changes_nothing_where_things_are_no_longer_as_it_has_them(
    operators: Operators, pool: asyncpg.Pool
) -> None:
    await pool.execute(FOLLOWER.replace("7", "9"))

    done = await operators.give(SKIP, "olga")

    assert done == ()
    assert await pool.fetchval("select failed_position from csbe.followers where name = 'bells'") == 9
    assert await operators.give(drop(uuid4()), "olga") == ()


async def test_what_is_impossible_is_closed_as_failed(operators: Operators, store: PostgresEventStore) -> None:
    with pytest.raises(ImpossibleOrderError):
        await operators.give(DropGeneration(read_model="cars", generation=1, reason="old"), "olga")

    [end] = [e.event async for e in store.read(topics=[ReadModelOrders.Failed.TOPIC])]
    assert isinstance(end, ReadModelOrders.Failed)
    assert end.error == "this release has no read model cars"
    assert await operators.unfinished() == []
