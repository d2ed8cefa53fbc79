"""Load, decide, save: one short function per command about vehicles, zones and tasks."""

from uuid import UUID

from domain.fleet import commands
from domain.fleet.observations import observe
from domain.fleet.task import Task
from domain.fleet.vehicle import Vehicle
from domain.fleet.zone import Zone
from domain.kernel.errors import refuse_if
from domain.kernel.ids import TaskId, VehicleId, ZoneId
from domain.kernel.messages import Command
from domain.unit_of_work import Handler, UnitOfWork


async def commission_vehicle(command: commands.CommissionVehicle, work: UnitOfWork) -> VehicleId:
    refuse_if([work.rulebook.unknown_city(command.city_id)])
    facts = command.model_dump(exclude={"vehicle_id"})
    work.add(
        Vehicle.begin(
            Vehicle.Commissioned, id=command.vehicle_id, timestamp=work.now, service=work.rulebook.key, **facts
        )
    )
    return command.vehicle_id


async def put_into_service(command: commands.PutIntoService, work: UnitOfWork) -> None:
    (await work.load(Vehicle, command.vehicle_id)).put_into_service(work.rulebook, work.now)


async def take_out_of_service(command: commands.TakeOutOfService, work: UnitOfWork) -> None:
    (await work.load(Vehicle, command.vehicle_id)).take_out_of_service(command.reason, work.now)


async def decommission_vehicle(command: commands.DecommissionVehicle, work: UnitOfWork) -> None:
    (await work.load(Vehicle, command.vehicle_id)).decommission(command.reason, work.now)


async def observe_vehicle(command: commands.ObserveVehicle, work: UnitOfWork) -> None:
    vehicle = await work.load(Vehicle, command.vehicle_id)
    observe(vehicle, command.observation, work.rulebook.fleet, work.now)


async def note_contact(command: commands.NoteContact, work: UnitOfWork) -> None:
    (await work.load(Vehicle, command.vehicle_id)).note_contact(work.now, online=command.online)


async def confirm_vehicle_command(command: commands.ConfirmVehicleCommand, work: UnitOfWork) -> None:
    """Note what the car says of its state with its answer, which a confirmation would make old news, and then that."""
    vehicle = await work.load(Vehicle, command.vehicle_id)
    _follow(vehicle, command.request_id, work)
    observe(vehicle, command.observation, work.rulebook.fleet, work.now)
    vehicle.confirm_command(command.request_id, command.observation, work.now)


async def fail_vehicle_command(command: commands.FailVehicleCommand, work: UnitOfWork) -> None:
    vehicle = await work.load(Vehicle, command.vehicle_id)
    _follow(vehicle, command.request_id, work)
    vehicle.fail_command(command.request_id, command.reason, work.now)


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
    work.add(Task.raise_(command, vehicle.fuel_type, work.now))
    return command.task_id


async def complete_task(command: commands.CompleteTask, work: UnitOfWork) -> None:
    (await work.load(Task, command.task_id)).complete(work.now)


async def complete_open_task(command: commands.CompleteOpenTask, work: UnitOfWork) -> None:
    """A task that is closed already stays as it is."""
    vehicle = await work.load(Vehicle, command.vehicle_id)
    if task_id := vehicle.asked_for.get(command.kind):
        (await work.load(Task, task_id)).complete_if_open(work.now)


async def cancel_task(command: commands.CancelTask, work: UnitOfWork) -> None:
    (await work.load(Task, command.task_id)).cancel(command.reason, work.now)


HANDLERS: dict[type[Command], Handler] = {
    commands.CommissionVehicle: commission_vehicle,
    commands.PutIntoService: put_into_service,
    commands.TakeOutOfService: take_out_of_service,
    commands.DecommissionVehicle: decommission_vehicle,
    commands.ObserveVehicle: observe_vehicle,
    commands.NoteContact: note_contact,
    commands.ConfirmVehicleCommand: confirm_vehicle_command,
    commands.FailVehicleCommand: fail_vehicle_command,
    commands.DefineZone: define_zone,
    commands.RetireZone: retire_zone,
    commands.RaiseTask: raise_task,
    commands.CompleteTask: complete_task,
    commands.CompleteOpenTask: complete_open_task,
    commands.CancelTask: cancel_task,
}
