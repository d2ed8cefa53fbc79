"""What follows from what happens to a car."""

from collections.abc import Iterable

from domain.fleet.commands import CompleteOpenTask, FailVehicleCommand, RaiseTask, TakeOutOfService, TaskKind
from domain.fleet.vehicle import Vehicle
from domain.fleet.vehicle_event_bases import task_for
from domain.kernel.aggregate import DomainEvent
from domain.kernel.ids import VehicleId
from domain.kernel.messages import RecordedEvent
from domain.kernel.policy import Policies, Reaction, Scheduled, TellVehicle

NO_ANSWER = "no_answer"


def when_command_requested_then_tell_vehicle(
    recorded: RecordedEvent, event: Vehicle.CommandRequested
) -> Iterable[Reaction]:
    """And give up once its time has passed; an answer before then makes the time-out change nothing."""
    vehicle_id = VehicleId(event.originator_id)
    yield TellVehicle(
        request_id=event.request_id,
        vehicle_id=vehicle_id,
        vin=event.vin,
        service=recorded.metadata.service,
        type=event.type,
        issued_at=event.timestamp,
        expires_at=event.expires_at,
    )
    timed_out = FailVehicleCommand(vehicle_id=vehicle_id, request_id=event.request_id, reason=NO_ANSWER)
    yield Scheduled(due_at=event.expires_at, command=timed_out)


def when_energy_low_then_have_it_filled(recorded: RecordedEvent, event: Vehicle.EnergyLow) -> Iterable[Reaction]:
    """A task for the field crew."""
    yield _task(event, "refuel", "energy is low")


def when_energy_restored_then_complete_task(
    recorded: RecordedEvent, event: Vehicle.EnergyRestored
) -> Iterable[Reaction]:
    """Whoever filled it need not say so."""
    yield CompleteOpenTask(vehicle_id=VehicleId(event.originator_id), kind="refuel")


def when_found_clean_then_complete_task(recorded: RecordedEvent, event: Vehicle.FoundClean) -> Iterable[Reaction]:
    """Whoever cleaned it need not say so."""
    yield CompleteOpenTask(vehicle_id=VehicleId(event.originator_id), kind="clean")


def when_found_dirty_then_have_it_cleaned(recorded: RecordedEvent, event: Vehicle.FoundDirty) -> Iterable[Reaction]:
    """A task for the field crew."""
    yield _task(event, "clean", "found dirty")


def when_something_is_wrong_then_have_it_inspected(
    recorded: RecordedEvent, event: Vehicle.MovedWhileParked | Vehicle.CrashDetected
) -> Iterable[Reaction]:
    """Moved by somebody, or crashed."""
    yield _task(event, "inspect", recorded.topic.rpartition(".")[2].replace("_", " "))


def when_crashed_then_take_it_out_of_service(
    recorded: RecordedEvent, event: Vehicle.CrashDetected
) -> Iterable[Reaction]:
    """Until somebody offers it again."""
    yield TakeOutOfService(vehicle_id=VehicleId(event.originator_id), reason="crash detected")


def _task(event: DomainEvent, kind: TaskKind, reason: str) -> RaiseTask:
    return RaiseTask(task_id=task_for(event), vehicle_id=VehicleId(event.originator_id), kind=kind, reason=reason)


POLICIES: Policies = {
    Vehicle.CommandRequested: (when_command_requested_then_tell_vehicle,),
    Vehicle.EnergyLow: (when_energy_low_then_have_it_filled,),
    Vehicle.EnergyRestored: (when_energy_restored_then_complete_task,),
    Vehicle.FoundClean: (when_found_clean_then_complete_task,),
    Vehicle.FoundDirty: (when_found_dirty_then_have_it_cleaned,),
    Vehicle.MovedWhileParked: (when_something_is_wrong_then_have_it_inspected,),
    Vehicle.CrashDetected: (when_something_is_wrong_then_have_it_inspected, when_crashed_then_take_it_out_of_service),
}
