"""Stories of orders: on record with who and why, open until they have ended."""

from datetime import date
from uuid import UUID

import pytest

from domain.kernel.messages import Actor, Role
from domain.operations.commands import (
    BuildReadModel,
    ConfirmOrder,
    DropDeadLetter,
    DropGeneration,
    DropJob,
    DropTelemetry,
    FailOrder,
    GivenOrder,
    GiveOrder,
    RetryDeadLetter,
    RetryFollower,
    RetryJob,
    RollBackReadModel,
    SkipEvent,
    SwapReadModel,
)
from domain.operations.follower_orders import FollowerOrders
from domain.operations.kinds import ORDERS
from domain.operations.orders import Order, OrderCarriedOut, OrderFailed
from tests.support.world import World

OLGA = Actor(role=Role.OPERATOR, id="olga")
JOB = {"job_id": UUID(int=7), "policy": "when_trip_ended", "kind": "billing.price_trip", "error": "no answer"}
LETTER = {"letter_id": 7, "mqtt_topic": "csbe/v1/x", "error": "no vehicle has this VIN"}
WHERE = {"follower": "policies", "position": 7, "error": "UnreadableEventError"}
RETRY = RetryFollower.model_validate({**WHERE, "reason": "mended"})
SKIP = SkipEvent.model_validate({**WHERE, "reason": "damaged"})
EVERY: tuple[GiveOrder, ...] = (
    RETRY,
    SKIP,
    RetryJob.model_validate({**JOB, "reason": "back"}),
    DropJob.model_validate({**JOB, "reason": "paid in cash"}),
    BuildReadModel(read_model="members", reason="new"),
    SwapReadModel(read_model="members", generation=2, reason="new"),
    RollBackReadModel(read_model="members", generation=1, reason="wrong"),
    DropGeneration(read_model="members", generation=1, reason="old"),
    RetryDeadLetter.model_validate({**LETTER, "reason": "the car is known now"}),
    DropDeadLetter.model_validate({**LETTER, "reason": "nobody's"}),
    DropTelemetry(first_kept=date(2026, 1, 1), reason="old"),
)


@pytest.fixture
def world() -> World:
    return World()


async def given(world: World, order: GiveOrder) -> GivenOrder:
    return GivenOrder.model_validate_json((await world.do(order, actor=OLGA)).value or "")


async def still_open(world: World, order: GivenOrder) -> list[int]:
    """The numbers of the open orders about the same thing."""
    return [one.number for one in (await world.store.load(ORDERS[order.orders], order.orders_id)).open]


@pytest.mark.parametrize("order", EVERY, ids=lambda order: order.NAME)
async def test_an_order_is_on_record_with_all_its_facts_and_open(world: World, order: GiveOrder) -> None:
    number = await given(world, order)

    [event] = world.events(Order)
    assert event.model_dump().items() >= order.model_dump().items()
    assert (event.by, event.originator_version) == ("olga", number.number)
    assert await still_open(world, number) == [number.number]


@pytest.mark.parametrize("order", EVERY, ids=lambda order: order.NAME)
async def test_an_order_ends_once(world: World, order: GiveOrder) -> None:
    number = await given(world, order)

    for _ in range(2):
        await world.do(ConfirmOrder(order=number, done=("something",)))
        await world.do(FailOrder(order=number, error="too late"))

    [end] = world.events(OrderCarriedOut, OrderFailed)
    assert (end.order, end.done) == (number.number, ("something",))
    assert await still_open(world, number) == []


async def test_what_cannot_be_done_is_closed_with_the_error(world: World) -> None:
    number = await given(world, SKIP)

    await world.do(FailOrder(order=number, error="no such follower"))

    assert [end.error for end in world.events(FollowerOrders.Failed)] == ["no such follower"]
    assert await still_open(world, number) == []


async def test_the_end_of_an_order_closes_the_same_one_that_was_interrupted_before(world: World) -> None:
    await given(world, SKIP)
    again = await given(world, SKIP)

    await world.do(ConfirmOrder(order=again, done=()))

    assert await still_open(world, again) == []


async def test_the_end_of_an_order_closes_no_other_kind_and_no_later_one(world: World) -> None:
    first, retry, later = [await given(world, order) for order in (SKIP, RETRY, SKIP)]

    await world.do(ConfirmOrder(order=first, done=()))

    assert await still_open(world, first) == [retry.number, later.number]


async def test_orders_about_two_followers_stand_apart(world: World) -> None:
    one, two = await given(world, SKIP), await given(world, SKIP.model_copy(update={"follower": "projection/fleet/v1"}))

    await world.do(ConfirmOrder(order=one, done=()))

    assert await still_open(world, two) == [two.number]
