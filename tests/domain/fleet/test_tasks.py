"""Stories of work in the field: raised, and then done or cancelled."""

import asyncio
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.fleet.commands import CancelTask, CompleteTask, RaiseTask, TaskKind
from domain.fleet.task import Task
from domain.fleet.vehicle import Vehicle
from domain.kernel.errors import NotFoundError, RefusedError
from domain.kernel.ids import TaskId, VehicleId, derived_id
from domain.kernel.messages import Command
from domain.kernel.units import Position
from tests.support.people_and_cars import ALEXANDERPLATZ, car, commissioned, says
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

    assert world.news(before) == [topic, "fleet.vehicle.task_closed"]


@pytest.mark.parametrize(("first", "then"), [(DONE, CANCELLED), (CANCELLED, DONE)])
async def test_a_closed_task_stays_as_it_was_closed(world: World, first: Command, then: Command) -> None:
    await raised(world, await commissioned(world))
    await world.do(first)

    with pytest.raises(RefusedError) as refused:
        await world.do(then)

    assert codes(refused) == {"task.closed"}


FURTHER = Position(latitude=52.5249, longitude=13.4132)
"""More than 300 m north of Alexanderplatz."""


async def open_tasks(world: World) -> list[Task]:
    tasks = [await world.store.load(Task, raised.originator_id) for raised in world.events(Task.Raised)]
    return [task for task in tasks if task.state == "raised"]


async def test_a_receiver_that_says_two_places_in_turn_raises_one_task(world: World) -> None:
    x1 = await car(world)

    for place in (FURTHER, ALEXANDERPLATZ) * 5:
        await world.advance(timedelta(minutes=1))
        await says(world, x1, position=place)

    assert len(world.events(Vehicle.MovedWhileParked)) == 10
    (task,) = world.events(Task.Raised)
    assert (task.kind, task.reason) == ("inspect", "moved while parked")
    assert world.events(Task.ReasonAdded) == []


async def test_another_reason_is_noted_on_the_task_that_is_open(world: World) -> None:
    x1 = await car(world)
    await says(world, x1, position=FURTHER)
    await world.advance(timedelta(minutes=1))

    await says(world, x1, position=FURTHER, crashed=True)

    (task,) = world.events(Task.Raised)
    (added,) = world.events(Task.ReasonAdded)
    assert added.originator_id == task.originator_id
    assert added.reasons == ("moved while parked", "crash detected")


@pytest.mark.parametrize("close", [CompleteTask, CancelTask])
async def test_once_a_task_is_closed_the_next_one_is_raised(world: World, close: type[Command]) -> None:
    x1 = await car(world)
    await says(world, x1, position=FURTHER)
    (task,) = await open_tasks(world)
    await world.do(close.model_validate({"task_id": task.id} | ({"reason": "seen"} if close is CancelTask else {})))

    await world.advance(timedelta(minutes=1))
    await says(world, x1, position=ALEXANDERPLATZ)

    assert len(world.events(Task.Raised)) == 2


async def test_who_asks_for_what_is_to_be_done_already_is_told_the_task_that_is_open(world: World) -> None:
    x1 = await commissioned(world)
    await raised(world, x1)

    again = RaiseTask(task_id=TaskId(derived_id("another")), vehicle_id=x1, kind="clean", reason="sand")
    answer = await world.do(again)

    assert answer.value == f'"{TASK}"'
    assert [task.other_reasons for task in await open_tasks(world)] == [("sand",)]


said = st.fixed_dictionaries(
    {
        "position": st.sampled_from([ALEXANDERPLATZ, FURTHER]),
        "energy_percent": st.sampled_from([3.0, 80.0]),
        "dirty": st.booleans(),
        "crashed": st.booleans(),
        "locked": st.booleans(),
    }
)


@given(reports=st.lists(said, max_size=12), electric=st.booleans(), seen_to=st.booleans())
def test_whatever_a_car_says_at_most_one_task_of_a_kind_is_open_for_it(
    reports: Sequence[dict[str, Any]], electric: bool, seen_to: bool
) -> None:
    async def live() -> None:
        world = World()
        x1 = await car(world, propulsion="electric" if electric else "combustion")
        world.cars[x1] = "refusing"
        for report in reports:
            await world.advance(timedelta(minutes=1))
            await says(world, x1, **report)
            tasks = await open_tasks(world)
            vehicle = await world.store.load(Vehicle, x1)
            assert max(Counter(task.kind for task in tasks).values(), default=0) <= 1
            assert vehicle.open_tasks == {task.kind: task.id for task in tasks}
            if seen_to and tasks:
                await world.do(CompleteTask(task_id=TaskId(tasks[0].id)))

    asyncio.run(live())
