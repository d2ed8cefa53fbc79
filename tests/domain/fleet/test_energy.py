"""Stories of fuel and charge: a low level is seen to once, until the car was filled."""

import pytest

from domain.fleet.commands import CancelTask, ConfirmVehicleCommand
from domain.fleet.state import Observation
from domain.fleet.task import Task
from domain.fleet.vehicle import Vehicle
from domain.kernel.ids import TaskId, VehicleId
from tests.support.people_and_cars import area, car, commissioned, member, says, started
from tests.support.world import World

LOW, RESTORED = "fleet.vehicle.energy_low", "fleet.vehicle.energy_restored"
CHANGED = "fleet.vehicle.energy_changed"
OPENED = ("fleet.vehicle.task_opened", "fleet.task.raised")
CLOSED = ("fleet.vehicle.task_closed", "fleet.task.done")


async def levels(world: World, which: VehicleId, *percents: float) -> list[str]:
    """What follows when the car reports one level after the other."""
    before = len(world.store.log)
    for percent in percents:
        await says(world, which, energy_percent=percent)
    return world.news(before)


async def test_a_car_that_is_commissioned_with_a_low_level_is_seen_to_when_it_reports(world: World) -> None:
    x1 = await commissioned(world, energy_percent=10.0)

    await says(world, x1, energy_percent=10.0)

    assert len(world.events(Vehicle.EnergyLow)) == 1


async def test_a_low_level_raises_one_task_however_often_it_is_reported(world: World) -> None:
    x1 = await car(world)

    assert await levels(world, x1, 15.1) == [CHANGED]
    assert await levels(world, x1, 15.0, 14.0, 3.0) == [LOW, *OPENED, CHANGED]


async def test_a_level_is_told_again_when_it_differs_by_some_percent(world: World) -> None:
    x1 = await car(world)

    told = [await levels(world, x1, percent) for percent in (80.0, 75.1, 75.0, 74.0, 80.0)]

    assert told == [[], [], [CHANGED], [], [CHANGED]]


async def test_a_level_that_wavers_around_the_limit_raises_one_task(world: World) -> None:
    x1 = await car(world)

    assert await levels(world, x1, 15.0, 16.0, 15.0, 24.9, 14.0) == [LOW, *OPENED, CHANGED, CHANGED]


async def test_a_filled_car_can_become_low_again(world: World) -> None:
    x1 = await car(world)

    assert await levels(world, x1, 15.0, 25.0, 15.0) == [LOW, *OPENED, RESTORED, *CLOSED, LOW, *OPENED]


async def test_a_task_that_the_crew_has_closed_stays_closed_when_the_car_shows_it(world: World) -> None:
    x1 = await car(world)
    await levels(world, x1, 10.0)
    (raised,) = world.events(Task.Raised)
    await world.do(CancelTask(task_id=TaskId(raised.originator_id), reason="the member fills it"))

    assert await levels(world, x1, 90.0) == [RESTORED]


@pytest.mark.parametrize(
    ("propulsion", "kind"), [("combustion", "refuel"), ("combustion_diesel", "refuel"), ("electric", "charge")]
)
async def test_a_car_is_filled_with_what_it_runs_on(world: World, propulsion: str, kind: str) -> None:
    i3 = await car(world, propulsion=propulsion)

    await levels(world, i3, 10.0)

    assert [task.kind for task in world.events(Task.Raised)] == [kind]


async def test_each_service_says_what_is_low(world: World) -> None:
    x1 = await car(world)
    fleet = world.rulebook.fleet.model_copy(update={"low_energy": 30.0, "restored_energy": 60.0})
    world.rulebook = world.rulebook.model_copy(update={"fleet": fleet})

    assert await levels(world, x1, 30.0, 59.0, 60.0) == [LOW, *OPENED, CHANGED, RESTORED, *CLOSED]


async def test_a_low_level_told_with_the_answer_to_a_command_counts_too(world: World) -> None:
    await area(world)
    ada, x1 = await member(world), await car(world)
    world.cars[x1] = "silent"
    await started(world, ada, x1)
    (asked,) = world.unanswered

    answer = Observation(observed_at=world.now(), locked=False, energy_percent=12.0)
    await world.do(ConfirmVehicleCommand(vehicle_id=x1, request_id=asked.request_id, observation=answer))

    assert len(world.events(Vehicle.EnergyLow)) == 1
    assert [task.kind for task in world.events(Task.Raised)] == ["refuel"]
