"""Which work in the field follows from what happens to a car, decided in the same piece of work.

Of each kind at most one task is open for a car; another reason for it is noted on that one.
"""

from collections.abc import Mapping

from domain.fleet.commands import TaskKind
from domain.fleet.task import Task, kind_for
from domain.fleet.vehicle import Vehicle
from domain.kernel.ids import TaskId, derived_id
from domain.unit_of_work import UnitOfWork

ASKED_FOR_BY: Mapping[type[object], tuple[TaskKind, str]] = {
    Vehicle.EnergyLow: ("refuel", "energy is low"),
    Vehicle.FoundDirty: ("clean", "found dirty"),
    Vehicle.LeftOpen: ("secure", "left open"),
    Vehicle.MovedWhileParked: ("inspect", "moved while parked"),
    Vehicle.CrashDetected: ("inspect", "crash detected"),
    Vehicle.DrivenWithoutTrip: ("inspect", "driven without trip"),
    Vehicle.NotAnswering: ("inspect", "not answering"),
}
DONE_BY: Mapping[type[object], TaskKind] = {
    Vehicle.EnergyRestored: "refuel",
    Vehicle.FoundClean: "clean",
    Vehicle.Locked: "secure",
}
"""Whoever filled, cleaned or locked it need not say so."""


async def see_to_it(vehicle: Vehicle, work: UnitOfWork) -> None:
    """Raise and complete tasks as what has just happened to a car asks for."""
    for event in list(vehicle.pending_events):
        if asked := ASKED_FOR_BY.get(type(event)):
            task_id = TaskId(derived_id("fleet.task", event.originator_id, event.originator_version))
            await raise_task(vehicle, task_id, *asked, work)
        if done := DONE_BY.get(type(event)):
            await _complete(vehicle, done, work)


async def raise_task(vehicle: Vehicle, task_id: TaskId, kind: TaskKind, reason: str, work: UnitOfWork) -> TaskId:
    """Have something done to a car; returns the task that is open for it then."""
    right = kind_for(kind, vehicle.description.propulsion)
    known = vehicle.open_tasks.get(right)
    if known is not None:
        (await work.load(Task, known)).note_reason(reason, work.now)
        return known
    work.add(Task.raise_(task_id, vehicle.id, right, reason, work.now))
    vehicle.open_task(task_id, right, work.now)
    return task_id


async def _complete(vehicle: Vehicle, kind: TaskKind, work: UnitOfWork) -> None:
    task_id = vehicle.open_tasks.get(kind_for(kind, vehicle.description.propulsion))
    if task_id is not None:
        (await work.load(Task, task_id)).complete(work.now)
        vehicle.close_task(task_id, work.now)
