"""What follows from what happens to a car."""

from collections.abc import Iterable
from datetime import timedelta

from domain.fleet.commands import (
    CompleteOpenTask,
    FailVehicleCommand,
    LookWhetherDriven,
    NoteLeftOpen,
    RaiseTask,
    SecureVehicle,
    TakeOutOfService,
    TaskKind,
)
from domain.fleet.conversation import NO_ANSWER
from domain.fleet.vehicle import Vehicle
from domain.fleet.vehicle_event_bases import CarEvent, task_for
from domain.kernel.aggregate import DomainEvent
from domain.kernel.ids import VehicleId
from domain.kernel.messages import RecordedEvent
from domain.kernel.policy import Policies, Reaction, Scheduled, TellVehicle

LOOKS = (timedelta(minutes=2), timedelta(minutes=10))
"""When to look whether a car was driven that was switched on while nobody had it."""


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
    recorded: RecordedEvent,
    event: Vehicle.MovedWhileParked | Vehicle.CrashDetected | Vehicle.DrivenWithoutTrip | Vehicle.NotAnswering,
) -> Iterable[Reaction]:
    """Moved by somebody, crashed, driven by nobody knows whom, or silent."""
    yield _task(event, "inspect", _what(recorded))


def when_unsafe_then_take_it_out_of_service(
    recorded: RecordedEvent, event: Vehicle.CrashDetected | Vehicle.DrivenWithoutTrip
) -> Iterable[Reaction]:
    """Until somebody offers it again."""
    yield TakeOutOfService(vehicle_id=VehicleId(event.originator_id), reason=_what(recorded))


def when_unlocked_without_trip_then_secure_it(recorded: RecordedEvent, event: Vehicle.Unlocked) -> Iterable[Reaction]:
    """Be it that it opens long after a start was given up, or that somebody has a key."""
    if _nobody_drives(event):
        yield SecureVehicle(vehicle_id=VehicleId(event.originator_id))


def when_back_in_contact_then_secure_it(recorded: RecordedEvent, event: Vehicle.ContactRestored) -> Iterable[Reaction]:
    """It may have been left open while it could not be reached."""
    yield SecureVehicle(vehicle_id=VehicleId(event.originator_id))


def when_it_did_not_lock_then_see_whether_it_stands_open(
    recorded: RecordedEvent, event: Vehicle.CommandFailed
) -> Iterable[Reaction]:
    """In a trip that is for its member to mend."""
    if event.type == "lock":
        yield NoteLeftOpen(vehicle_id=VehicleId(event.originator_id))


def when_left_open_then_have_it_secured(recorded: RecordedEvent, event: Vehicle.LeftOpen) -> Iterable[Reaction]:
    """A task for the field crew."""
    yield _task(event, "secure", _what(recorded))


def when_locked_then_complete_task(recorded: RecordedEvent, event: Vehicle.Locked) -> Iterable[Reaction]:
    """Whoever locked it need not say so."""
    if _nobody_drives(event):
        yield CompleteOpenTask(vehicle_id=VehicleId(event.originator_id), kind="secure")


def when_switched_on_without_trip_then_look_whether_it_is_driven(
    recorded: RecordedEvent, event: Vehicle.IgnitionOn
) -> Iterable[Reaction]:
    """A car that is only switched on is cleaned or charged; what drives away is seen by its speed or odometer."""
    if _nobody_drives(event):
        car, since = VehicleId(event.originator_id), event.timestamp
        look = LookWhetherDriven(vehicle_id=car, since=since, odometer_m=event.odometer_m)
        for later in LOOKS:
            yield Scheduled(due_at=event.timestamp + later, command=look)


def _nobody_drives(event: CarEvent) -> bool:
    """Whether it happened to the car in no trip."""
    return event.holder_id == event.originator_id


def _what(recorded: RecordedEvent) -> str:
    """What happened, in words."""
    return recorded.topic.rpartition(".")[2].replace("_", " ")


def _task(event: DomainEvent, kind: TaskKind, reason: str) -> RaiseTask:
    return RaiseTask(task_id=task_for(event), vehicle_id=VehicleId(event.originator_id), kind=kind, reason=reason)


POLICIES: Policies = {
    Vehicle.CommandRequested: (when_command_requested_then_tell_vehicle,),
    Vehicle.CommandFailed: (when_it_did_not_lock_then_see_whether_it_stands_open,),
    Vehicle.EnergyLow: (when_energy_low_then_have_it_filled,),
    Vehicle.EnergyRestored: (when_energy_restored_then_complete_task,),
    Vehicle.FoundClean: (when_found_clean_then_complete_task,),
    Vehicle.FoundDirty: (when_found_dirty_then_have_it_cleaned,),
    Vehicle.MovedWhileParked: (when_something_is_wrong_then_have_it_inspected,),
    Vehicle.NotAnswering: (when_something_is_wrong_then_have_it_inspected,),
    Vehicle.DrivenWithoutTrip: (
        when_something_is_wrong_then_have_it_inspected,
        when_unsafe_then_take_it_out_of_service,
    ),
    Vehicle.CrashDetected: (when_something_is_wrong_then_have_it_inspected, when_unsafe_then_take_it_out_of_service),
    Vehicle.Unlocked: (when_unlocked_without_trip_then_secure_it,),
    Vehicle.ContactRestored: (when_back_in_contact_then_secure_it,),
    Vehicle.LeftOpen: (when_left_open_then_have_it_secured,),
    Vehicle.Locked: (when_locked_then_complete_task,),
    Vehicle.IgnitionOn: (when_switched_on_without_trip_then_look_whether_it_is_driven,),
}
