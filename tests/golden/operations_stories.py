"""Orders of operators, each of which ends well once and badly once."""

from datetime import date
from typing import Any
from uuid import UUID

from domain.kernel.messages import Actor, Role
from domain.operations import commands
from domain.operations.commands import ConfirmOrder, FailOrder, GivenOrder
from tests.support.world import World

OLGA = Actor(role=Role.OPERATOR, id="olga")
STOPPED = {"follower": "policies", "position": 4711, "error": "UnreadableEventError: event 3 cannot be read"}
JOB = {
    "job_id": UUID(int=7),
    "policy": "when_trip_ended_then_price_it",
    "kind": "billing.price_trip",
    "error": "no answer",
}
LETTER: dict[str, Any] = {
    "letter_id": 4711,
    "mqtt_topic": "csbe/v1/drivenow-europe/vehicles/WBA00000000000000/telemetry",
    "error": "no vehicle has this VIN",
}
ORDERS: tuple[commands.GiveOrder, ...] = (
    commands.RetryFollower.model_validate({**STOPPED, "reason": "mended by release 0.1.1"}),
    commands.SkipEvent.model_validate({**STOPPED, "reason": "damaged row, see INC-7"}),
    commands.RetryJob.model_validate({**JOB, "reason": "the provider is back"}),
    commands.DropJob.model_validate({**JOB, "reason": "refunded by hand"}),
    commands.BuildReadModel(read_model="rental", workers=2, reason="a new column"),
    commands.SwapReadModel(read_model="rental", generation=2, reason="compared: no row differs"),
    commands.RollBackReadModel(read_model="rental", generation=1, reason="a report is wrong"),
    commands.DropGeneration(read_model="rental", generation=2, reason="not needed any more"),
    commands.DropTelemetry(first_kept=date(2026, 1, 31), reason="older than a month"),
    commands.RetryDeadLetter(**LETTER, reason="the car is in the fleet now"),
    commands.DropDeadLetter(**LETTER, reason="nobody's car"),
)


async def operators_put_things_right(world: World) -> None:
    """And give up what cannot be done."""
    for order in ORDERS:
        for end in (_done, _failed):
            answer = await world.do(order, actor=OLGA)
            await world.do(end(GivenOrder.model_validate_json(answer.value or "")), actor=OLGA)


def _done(order: GivenOrder) -> ConfirmOrder:
    return ConfirmOrder(order=order, done=("generation 2 is live",))


def _failed(order: GivenOrder) -> FailOrder:
    return FailOrder(order=order, error="rental has no generation 2 to show")
