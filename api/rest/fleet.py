"""Vehicles over HTTP: the map, the nearest free cars, their service state, zones and tasks."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from api.auth import Allowed, Caller
from api.command_ids import new_id
from api.problems import Problem
from api.rest.commands import TAGGED, Commands, Dispatch, DispatchIfMatch, InSystem, tag
from api.rest.demand import note_search
from api.rest.pagination import InPage, InPeriod, Listing, Order, caught_up
from api.rest.routing import Router
from api.rest.schemas.base import Accepted, Moment, ReasonBody, Word
from api.rest.schemas.fleet import (
    DescriptionBody,
    TaskBody,
    TaskPage,
    TaskShown,
    TaskState,
    VehicleBody,
    VehicleOnMap,
    VehiclePage,
    VehicleShown,
    ZoneBody,
    ZonePage,
    ZoneShown,
)
from api.system import Row
from api.visibility import SEES_DRIVEN
from domain.fleet import commands, conversation
from domain.fleet.commands import TaskKind
from domain.fleet.description import Propulsion, range_m
from domain.fleet.newest import newest_readings
from domain.fleet.task import Task
from domain.fleet.vehicle import ServiceState, Vehicle, VehicleState
from domain.fleet.zone import Zone
from domain.fleet.zones import ZoneKind
from domain.kernel.ids import TaskId, VehicleId, ZoneId, derived_id
from domain.kernel.units import Position
from projections.fleet import NEAREST_FREE

router = Router(prefix="/v1", tags=["fleet"])

Reader = Annotated[Caller, Depends(Allowed("vehicles:read"))]
Operator = Annotated[Caller, Depends(Allowed("vehicles:write"))]
Energy = Annotated[float, Query(ge=0, le=100, description="Percent.")]
SEES_ALL = "fleet:read"
Crew = Annotated[Caller, Depends(Allowed("fleet:read"))]

_VEHICLES = Listing(
    "select vehicle_id, plate, make, model, propulsion, transmission, seats, full_range_m, image_url, plugged_in, "
    "city_id, latitude, longitude, position_at, energy_percent, energy_at, energy_low, "
    "state, online, offline_since, (select min(booked_from) from read_v1.promised_periods as promised "
    "where promised.vehicle_id = vehicles.vehicle_id and open and booked_until > now()) as available_until "
    "from read_v1.vehicles",
    Order("vehicles", {"vehicle_id": UUID}, descending=False),
)
_ZONES = Listing(
    "select zone_id, city_id, kind, name, zone_version, polygons, retired from read_v1.zones",
    Order("zones", {"name": str, "zone_id": UUID}, descending=False),
)
_TASKS = Listing(
    "select task_id, vehicle_id, kind, reason, state, raised_at, closed_at from read_v1.field_tasks",
    Order("tasks", {"raised_at": datetime, "task_id": UUID}, descending=False),
)
_IN_ZONE = """exists (
    select from read_v1.zones as zone
    where zone.zone_id = {} and zone.service = vehicles.service
    and read_v1.has_inside(zone.polygons, vehicles.latitude, vehicles.longitude)
)"""
_FREE = """state = {} and online and not exists (
    select from read_v1.promised_periods as promised
    where promised.vehicle_id = vehicles.vehicle_id and open and now() >= closed_from and now() < booked_until
)"""
"""Nobody has it, and nobody is promised it soon."""


@router.get("/vehicles")
async def list_vehicles(
    by: Reader,
    system: InSystem,
    page: InPage,
    *,
    near: Annotated[str | None, Query(pattern=r"^-?\d+(\.\d+)?,-?\d+(\.\d+)?$", examples=["52.52,13.405"])] = None,
    city_id: Word | None = None,
    model: Word | None = None,
    propulsion: Propulsion | None = None,
    min_energy: Energy | None = None,
    max_energy: Energy | None = None,
    state: VehicleState | None = None,
    service_state: ServiceState | None = None,
    online: bool | None = None,
    offline_before: Moment | None = None,
    plate: Word | None = None,
    vin: Word | None = None,
    zone_id: UUID | None = None,
) -> VehiclePage:
    """Cars page by page, or with `near=lat,lon` the nearest free ones. All cars for staff, else the free ones."""
    others = (propulsion, state, service_state, online, offline_before, plate, vin, zone_id, max_energy, page.cursor)
    if near is not None:
        if any(given is not None for given in others):
            raise Problem.invalid("near", "near goes with city_id, model, min_energy and limit only: it is one page")
        await caught_up(system, page.at_least)
        place = _point(near)
        here = (place.latitude, place.longitude)
        rows = await system.fetch(NEAREST_FREE, *here, by.service, city_id, model, min_energy, page.limit)
        note_search(rows, place, city_id, by, system)
        return VehiclePage(vehicles=[VehicleOnMap(**row) for row in rows], next=None)
    rows, after = await _VEHICLES.page(
        system,
        page,
        [
            ("service = {}", by.service),
            (_FREE, None if by.may(SEES_ALL) else "available"),
            ("city_id = {}", city_id),
            ("model = {}", model),
            ("propulsion = {}", propulsion),
            ("energy_percent >= {}", min_energy),
            ("energy_percent <= {}", max_energy),
            ("state = {}", state),
            ("service_state = {}", service_state),
            ("online = {}", online),
            ("offline_since < {}", offline_before),
            ("plate = {}", plate),
            ("vin = {}", vin),
            (_IN_ZONE, zone_id),
            ("state <> {}", None if zone_id is None or by.role in SEES_DRIVEN else "in_trip"),
        ],
    )
    if page.cursor is None:
        note_search(rows, None, city_id, by, system)
    return VehiclePage(vehicles=[_on_map(row, by) for row in rows], next=after)


def _on_map(row: Row, by: Caller) -> VehicleOnMap:
    hidden = row["state"] == "in_trip" and by.role not in SEES_DRIVEN
    place = dict.fromkeys(("latitude", "longitude", "position_at")) if hidden else {}
    return VehicleOnMap(**row | place)


def _point(text: str) -> Position:
    latitude, longitude = map(float, text.split(","))
    if abs(latitude) > 90 or abs(longitude) > 180:  # noqa: PLR2004 (degrees)
        raise Problem.invalid("near", "write a latitude and a longitude in degrees")
    return Position(latitude=latitude, longitude=longitude)


@router.get("/vehicles/{vehicle_id}", responses=TAGGED, response_model_exclude_none=True)
async def get_vehicle(vehicle_id: UUID, by: Reader, system: InSystem, response: Response) -> VehicleShown:
    """One car with the age of each reading."""
    found = await system.store.load(Vehicle, vehicle_id, service=by.service)
    tag(response, found.version)
    readings, hidden = await newest_readings(found, system), dict[str, None](zones=None)
    if found.trip_id is not None and by.role not in SEES_DRIVEN:
        hidden["position"] = None
    described = found.description.model_dump()
    energy = readings.energy_percent
    goes_m = range_m(found.description.full_range_m, energy.value if energy else None)
    shown = readings.model_copy(update=hidden)
    return VehicleShown.of(found, vehicle_id=found.id, readings=shown, range_m=goes_m, **described)


@router.command("/vehicles", commands.CommissionVehicle, status_code=201)
async def commission_vehicle(body: VehicleBody, by: Operator, dispatch: Dispatch) -> Accepted:
    vehicle_id = VehicleId(new_id())
    command = commands.CommissionVehicle(vehicle_id=vehicle_id, **body.model_dump())
    return await dispatch.create(command, by, among="/v1/vehicles")


@router.command("/vehicles/{vehicle_id}/describe", commands.DescribeVehicle)
async def describe_vehicle(
    vehicle_id: UUID, body: DescriptionBody, by: Operator, dispatch: DispatchIfMatch
) -> Accepted:
    command = commands.DescribeVehicle(vehicle_id=VehicleId(vehicle_id), **body.model_dump())
    return await dispatch(command, vehicle_id, by)


@router.command("/vehicles/{vehicle_id}/in-service", commands.PutIntoService)
async def put_vehicle_into_service(vehicle_id: UUID, by: Operator, dispatch: DispatchIfMatch) -> Accepted:
    return await dispatch(commands.PutIntoService(vehicle_id=VehicleId(vehicle_id)), vehicle_id, by)


@router.command("/vehicles/{vehicle_id}/out-of-service", commands.TakeOutOfService)
async def take_vehicle_out_of_service(
    vehicle_id: UUID, body: ReasonBody, by: Operator, dispatch: DispatchIfMatch
) -> Accepted:
    command = commands.TakeOutOfService(vehicle_id=VehicleId(vehicle_id), reason=body.reason)
    return await dispatch(command, vehicle_id, by)


@router.command("/vehicles/{vehicle_id}/unlock", commands.OrderVehicle, status_code=202)
async def unlock_vehicle(vehicle_id: UUID, body: ReasonBody, by: Operator, dispatch: DispatchIfMatch) -> Accepted:
    """To unlock, for who drives it or for work on it; not one that is in service and nobody has."""
    return await _tell(vehicle_id, "unlock", body, by, dispatch)


@router.command("/vehicles/{vehicle_id}/lock", commands.OrderVehicle, status_code=202)
async def lock_vehicle(vehicle_id: UUID, body: ReasonBody, by: Operator, dispatch: DispatchIfMatch) -> Accepted:
    """To lock."""
    return await _tell(vehicle_id, "lock", body, by, dispatch)


@router.command("/vehicles/{vehicle_id}/locate", commands.OrderVehicle, status_code=202)
async def locate_vehicle(vehicle_id: UUID, body: ReasonBody, by: Operator, dispatch: DispatchIfMatch) -> Accepted:
    """To say where it is."""
    return await _tell(vehicle_id, "locate", body, by, dispatch)


async def _tell(
    vehicle_id: UUID, what: conversation.Order, body: ReasonBody, by: Caller, dispatch: Commands
) -> Accepted:
    command = commands.OrderVehicle(vehicle_id=VehicleId(vehicle_id), order=what, reason=body.reason)
    return await dispatch(command, vehicle_id, by)


@router.command("/vehicles/{vehicle_id}/decommission", commands.DecommissionVehicle)
async def decommission_vehicle(vehicle_id: UUID, body: ReasonBody, by: Operator, dispatch: DispatchIfMatch) -> Accepted:
    command = commands.DecommissionVehicle(vehicle_id=VehicleId(vehicle_id), reason=body.reason)
    return await dispatch(command, vehicle_id, by)


@router.get("/zones")
async def list_zones(
    by: Reader,
    system: InSystem,
    page: InPage,
    *,
    city_id: Word | None = None,
    kind: ZoneKind | None = None,
    retired: bool = False,
) -> ZonePage:
    """Every zone that counts, with its shape and version, by name; with `retired`, those that count no more."""
    rows, after = await _ZONES.page(
        system,
        page,
        [("service = {}", by.service), ("retired = {}", retired), ("city_id = {}", city_id), ("kind = {}", kind)],
    )
    return ZonePage.model_validate({"zones": rows, "next": after})


@router.command("/zones", commands.DefineZone, status_code=201)
async def define_zone(body: ZoneBody, by: Operator, dispatch: Dispatch) -> Accepted:
    """It is known again by city, kind and name."""
    zone_id = ZoneId(derived_id("fleet.zone", by.service, body.city_id, body.kind, body.name))
    command = commands.DefineZone(zone_id=zone_id, **body.model_dump())
    return await dispatch.create(command, by, among="/v1/zones")


@router.get("/zones/{zone_id}", responses=TAGGED)
async def get_zone(zone_id: UUID, by: Reader, system: InSystem, response: Response) -> ZoneShown:
    """One zone in its newest shape, whether it counts or not."""
    found = await system.store.load(Zone, zone_id, service=by.service)
    tag(response, found.version)
    return ZoneShown.of(found, zone_id=found.id)


@router.command("/zones/{zone_id}/retire", commands.RetireZone)
async def retire_zone(zone_id: UUID, by: Operator, dispatch: DispatchIfMatch) -> Accepted:
    return await dispatch(commands.RetireZone(zone_id=ZoneId(zone_id)), zone_id, by)


@router.get("/tasks")
async def list_tasks(
    by: Crew,
    system: InSystem,
    page: InPage,
    raised: InPeriod,
    *,
    state: TaskState = "raised",
    vehicle_id: UUID | None = None,
    kind: TaskKind | None = None,
) -> TaskPage:
    """What is to be done in the field, oldest first; with `state`, what was done or cancelled."""
    rows, after = await _TASKS.page(
        system,
        page,
        [
            ("service = {}", by.service),
            ("state = {}", state),
            ("vehicle_id = {}", vehicle_id),
            ("kind = {}", kind),
            *raised.of("raised_at"),
        ],
    )
    return TaskPage.model_validate({"tasks": rows, "next": after})


@router.command("/tasks", commands.RaiseTask, status_code=201)
async def raise_task(body: TaskBody, by: Operator, dispatch: Dispatch) -> Accepted:
    command = commands.RaiseTask(task_id=TaskId(new_id()), **body.model_dump())
    return await dispatch.create(command, by, among="/v1/tasks")


@router.get("/tasks/{task_id}", responses=TAGGED)
async def get_task(task_id: UUID, by: Crew, system: InSystem, response: Response) -> TaskShown:
    """One task, open or closed."""
    found = await system.store.load(Task, task_id, service=by.service)
    tag(response, found.version)
    return TaskShown.of(found, task_id=found.id, raised_at=found.created_on)


@router.command("/tasks/{task_id}/complete", commands.CompleteTask)
async def complete_task(task_id: UUID, by: Operator, dispatch: DispatchIfMatch) -> Accepted:
    return await dispatch(commands.CompleteTask(task_id=TaskId(task_id)), task_id, by)


@router.command("/tasks/{task_id}/cancel", commands.CancelTask)
async def cancel_task(task_id: UUID, body: ReasonBody, by: Operator, dispatch: DispatchIfMatch) -> Accepted:
    return await dispatch(commands.CancelTask(task_id=TaskId(task_id), reason=body.reason), task_id, by)
