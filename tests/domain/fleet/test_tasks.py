"""Stories of work in the field: raised, and then done or cancelled."""

import pytest

from domain.fleet.commands import CancelTask, CompleteTask, RaiseTask, TaskKind
from domain.fleet.task import Task
from domain.kernel.errors import NotFoundError, RefusedError
from domain.kernel.ids import TaskId, VehicleId, derived_id
from domain.kernel.messages import Command
from tests.support.people_and_cars import commissioned
from tests.support.world import World, codes

TASK = TaskId(derived_id("a task"))
DONE, CANCELLED = CompleteTask(task_id=TASK), CancelTask(task_id=TASK, reason="the member did it")


async def raised(world: World, which: VehicleId, kind: TaskKind = "clean") -> None:
    await world.do(RaiseTask(task_id=TASK, vehicle_id=which, kind=kind, reason="a smell"))


async def test_a_task_is_raised_for_a_car(world: World) -> None:
    x1 = await commissioned(world)

    await raised(world, x1)

    (told,) = world.events(Task.Raised)
    assert (told.vehicle_id, told.kind, told.reason) == (x1, "clean", "a smell")


async def test_there_are_no_tasks_for_a_car_that_is_not_there(world: World) -> None:
    with pytest.raises(NotFoundError):
        await raised(world, VehicleId(derived_id("no car")))


@pytest.mark.parametrize(("close", "topic"), [(DONE, "fleet.task.done"), (CANCELLED, "fleet.task.cancelled")])
async def test_a_task_is_closed_once(world: World, close: Command, topic: str) -> None:
    await raised(world, await commissioned(world))
    before = len(world.store.log)

    await world.do(close)
    await world.do(close)

    assert world.news(before) == [topic]


@pytest.mark.parametrize(("first", "then"), [(DONE, CANCELLED), (CANCELLED, DONE)])
async def test_a_closed_task_stays_as_it_was_closed(world: World, first: Command, then: Command) -> None:
    await raised(world, await commissioned(world))
    await world.do(first)

    with pytest.raises(RefusedError) as refused:
        await world.do(then)

    assert codes(refused) == {"task.closed"}
