"""What follows from what happens to a car."""

from collections.abc import Iterable
from datetime import timedelta

from domain.fleet.commands import (
    FailVehicleCommand,
    LookWhetherDriven,
    NoteLeftOpen,
    SecureVehicle,
    TakeOutOfService,
)
from domain.fleet.conversation import NO_ANSWER
from domain.fleet.damage_handlers import ReportDamage
from domain.fleet.vehicle import Vehicle
from domain.kernel.ids import VehicleId, derived_id
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


def when_unsafe_then_take_it_out_of_service(
    recorded: RecordedEvent, event: Vehicle.CrashDetected | Vehicle.DrivenWithoutTrip
) -> Iterable[Reaction]:
    """Until somebody offers it again."""
    yield TakeOutOfService(vehicle_id=VehicleId(event.originator_id), reason=_what(recorded))


def when_unlocked_without_trip_then_secure_it(recorded: RecordedEvent, event: Vehicle.Unlocked) -> Iterable[Reaction]:
    """Be it that it opens long after a start was given up, or that somebody has a key."""
    if not event.in_trip:
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


def when_switched_on_without_trip_then_look_whether_it_is_driven(
    recorded: RecordedEvent, event: Vehicle.IgnitionOn
) -> Iterable[Reaction]:
    """A car that is only switched on is cleaned or charged; what drives away is seen by its speed or odometer."""
    if not event.in_trip:
        car, since = VehicleId(event.originator_id), event.timestamp
        look = LookWhetherDriven(vehicle_id=car, since=since, odometer_m=event.odometer_m)
        for later in LOOKS:
            yield Scheduled(due_at=event.timestamp + later, command=look)


def when_crashed_then_report_a_damage(recorded: RecordedEvent, event: Vehicle.CrashDetected) -> Iterable[Reaction]:
    """Where and what it is, somebody sees who looks at the car."""
    damage_id = derived_id("fleet.damage", event.originator_id, event.originator_version)
    which, when = VehicleId(event.originator_id), event.timestamp
    yield ReportDamage(damage_id=damage_id, vehicle_id=which, kind="unknown", place="unknown", found_at=when)


def _what(recorded: RecordedEvent) -> str:
    """What happened, in words."""
    return recorded.topic.rpartition(".")[2].replace("_", " ")


POLICIES: Policies = {
    Vehicle.CommandRequested: (when_command_requested_then_tell_vehicle,),
    Vehicle.CommandFailed: (when_it_did_not_lock_then_see_whether_it_stands_open,),
    Vehicle.DrivenWithoutTrip: (when_unsafe_then_take_it_out_of_service,),
    Vehicle.CrashDetected: (when_unsafe_then_take_it_out_of_service, when_crashed_then_report_a_damage),
    Vehicle.Unlocked: (when_unlocked_without_trip_then_secure_it,),
    Vehicle.ContactRestored: (when_back_in_contact_then_secure_it,),
    Vehicle.IgnitionOn: (when_switched_on_without_trip_then_look_whether_it_is_driven,),
}
