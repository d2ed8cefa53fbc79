"""Load, decide, save: one short function per command about vehicles, zones and tasks."""

from uuid import UUID

from domain.fleet import commands, field_work
from domain.fleet.conversation import CONTRADICTED, claimed, is_contradicted
from domain.fleet.damage_handlers import DAMAGE_HANDLERS
from domain.fleet.description import Description
from domain.fleet.identity import VehicleIdentity
from domain.fleet.newest import newest_readings
from domain.fleet.observations import observe
from domain.fleet.orders import order
from domain.fleet.readiness import was_driven
from domain.fleet.task import Task
from domain.fleet.vehicle import Vehicle
from domain.fleet.zone import Zone
from domain.kernel.errors import refuse_if
from domain.kernel.ids import TaskId, VehicleId, ZoneId, derived_id
from domain.kernel.messages import Command
from domain.unit_of_work import Handler, UnitOfWork


async def commission_vehicle(command: commands.CommissionVehicle, work: UnitOfWork) -> VehicleId:
    refuse_if([work.rulebook.unknown_city(command.city_id)])
    identity = await work.find(VehicleIdentity, VehicleIdentity.id_of(command.vin))
    if identity is None:
        identity = VehicleIdentity.of(command.vin, work.now)
        work.add(identity)
    identity.take(command.vehicle_id, work.now)
    facts = command.model_dump(exclude={"vehicle_id", *Description.model_fields})
    facts |= {"service": work.rulebook.key, "description": command.alone()}
    work.add(Vehicle.begin(Vehicle.Commissioned, id=command.vehicle_id, timestamp=work.now, **facts))
    return command.vehicle_id


async def describe_vehicle(command: commands.DescribeVehicle, work: UnitOfWork) -> None:
    (await work.load(Vehicle, command.vehicle_id)).describe(command.alone(), work.rulebook, work.now)


async def put_into_service(command: commands.PutIntoService, work: UnitOfWork) -> None:
    (await work.load(Vehicle, command.vehicle_id)).put_into_service(work.rulebook, work.now)


async def take_out_of_service(command: commands.TakeOutOfService, work: UnitOfWork) -> None:
    (await work.load(Vehicle, command.vehicle_id)).take_out_of_service(command.reason, work.now)


async def decommission_vehicle(command: commands.DecommissionVehicle, work: UnitOfWork) -> None:
    vehicle = await work.load(Vehicle, command.vehicle_id)
    vehicle.decommission(command.reason, work.now)
    identity = await work.load(VehicleIdentity, VehicleIdentity.id_of(vehicle.vin))
    identity.give_up(command.vehicle_id, work.now)


async def observe_vehicle(command: commands.ObserveVehicle, work: UnitOfWork) -> None:
    vehicle = await work.load(Vehicle, command.vehicle_id)
    observe(vehicle, command.observation, work.rulebook.fleet, work.now)
    await field_work.see_to_it(vehicle, work)


async def note_contact(command: commands.NoteContact, work: UnitOfWork) -> None:
    (await work.load(Vehicle, command.vehicle_id)).note_contact(work.now, online=command.online)


async def confirm_vehicle_command(command: commands.ConfirmVehicleCommand, work: UnitOfWork) -> None:
    """Note what the car says of its state with its answer, and then that it did what it was told, if it shows that."""
    vehicle = await work.load(Vehicle, command.vehicle_id)
    _follow(vehicle, command.request_id, work)
    request = (vehicle.open_requests | vehicle.given_up).get(command.request_id)
    seen = claimed(request, command.observation)
    observe(vehicle, seen, work.rulebook.fleet, work.now)
    if request is not None and is_contradicted(request, seen):
        vehicle.fail_command(command.request_id, CONTRADICTED, work.now)
    else:
        vehicle.confirm_command(command.request_id, seen, work.now)
    await field_work.see_to_it(vehicle, work)


async def fail_vehicle_command(command: commands.FailVehicleCommand, work: UnitOfWork) -> None:
    vehicle = await work.load(Vehicle, command.vehicle_id)
    _follow(vehicle, command.request_id, work)
    if command.observation is not None:
        observe(vehicle, command.observation, work.rulebook.fleet, work.now)
    vehicle.fail_command(command.request_id, command.reason, work.now)
    await field_work.see_to_it(vehicle, work)


async def secure_vehicle(command: commands.SecureVehicle, work: UnitOfWork) -> None:
    vehicle = await work.load(Vehicle, command.vehicle_id)
    newest = await newest_readings(vehicle, work)
    if vehicle.stands_open(newest) and vehicle.can_be_told("lock", work.now):
        order(vehicle, "lock", derived_id("fleet.secure_vehicle", vehicle.id, vehicle.version), work)
    elif "lock" not in vehicle.capabilities:
        vehicle.note_left_open(newest, work.now)
    await field_work.see_to_it(vehicle, work)


async def order_vehicle(command: commands.OrderVehicle, work: UnitOfWork) -> None:
    vehicle = await work.load(Vehicle, command.vehicle_id)
    refuse_if([vehicle.locked_again() if command.order == "unlock" else None])
    work.because(command.reason)
    order(vehicle, command.order, derived_id(command.NAME, work.metadata.command_id), work)


async def note_left_open(command: commands.NoteLeftOpen, work: UnitOfWork) -> None:
    vehicle = await work.load(Vehicle, command.vehicle_id)
    vehicle.note_left_open(await newest_readings(vehicle, work), work.now)
    await field_work.see_to_it(vehicle, work)


async def note_silence(command: commands.NoteSilence, work: UnitOfWork) -> None:
    vehicle = await work.load(Vehicle, command.vehicle_id)
    vehicle.note_silence(work.now)
    await field_work.see_to_it(vehicle, work)


async def look_whether_driven(command: commands.LookWhetherDriven, work: UnitOfWork) -> None:
    vehicle = await work.load(Vehicle, command.vehicle_id)
    newest = await newest_readings(vehicle, work)
    if was_driven(newest, command.odometer_m, vehicle.shown_since("ignition_on", newest)):
        vehicle.note_driven_without_trip(newest, command.since, work.now)
    await field_work.see_to_it(vehicle, work)


def _follow(vehicle: Vehicle, request_id: UUID, work: UnitOfWork) -> None:
    """A car's answer is a part of what it was asked for."""
    if request := vehicle.open_requests.get(request_id):
        work.correlate(request.correlation_id, request.event_id)


async def define_zone(command: commands.DefineZone, work: UnitOfWork) -> ZoneId:
    zone = await work.find(Zone, command.zone_id)
    if zone is None:
        work.add(Zone.define(command, work.rulebook, work.now))
    else:
        zone.redraw(command.name, command.polygons, work.now)
    return command.zone_id


async def retire_zone(command: commands.RetireZone, work: UnitOfWork) -> None:
    (await work.load(Zone, command.zone_id)).retire(work.now)


async def raise_task(command: commands.RaiseTask, work: UnitOfWork) -> TaskId:
    vehicle = await work.load(Vehicle, command.vehicle_id)
    return await field_work.raise_task(vehicle, command.task_id, command.kind, command.reason, work)


async def complete_task(command: commands.CompleteTask, work: UnitOfWork) -> None:
    task = await work.load(Task, command.task_id)
    task.complete(work.now)
    (await work.load(Vehicle, task.vehicle_id)).close_task(command.task_id, work.now)


async def cancel_task(command: commands.CancelTask, work: UnitOfWork) -> None:
    task = await work.load(Task, command.task_id)
    task.cancel(command.reason, work.now)
    (await work.load(Vehicle, task.vehicle_id)).close_task(command.task_id, work.now)


HANDLERS: dict[type[Command], Handler] = {
    commands.CommissionVehicle: commission_vehicle,
    commands.DescribeVehicle: describe_vehicle,
    commands.PutIntoService: put_into_service,
    commands.TakeOutOfService: take_out_of_service,
    commands.DecommissionVehicle: decommission_vehicle,
    commands.ObserveVehicle: observe_vehicle,
    commands.NoteContact: note_contact,
    commands.ConfirmVehicleCommand: confirm_vehicle_command,
    commands.FailVehicleCommand: fail_vehicle_command,
    commands.SecureVehicle: secure_vehicle,
    commands.OrderVehicle: order_vehicle,
    commands.NoteLeftOpen: note_left_open,
    commands.NoteSilence: note_silence,
    commands.LookWhetherDriven: look_whether_driven,
    commands.DefineZone: define_zone,
    commands.RetireZone: retire_zone,
    commands.RaiseTask: raise_task,
    commands.CompleteTask: complete_task,
    commands.CancelTask: cancel_task,
    **DAMAGE_HANDLERS,
}
