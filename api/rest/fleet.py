"""Vehicles over HTTP: the map, the nearest free cars, their service state, zones and tasks."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from api.auth import Allowed, Caller
from api.command_ids import new_id
from api.problems import Problem
from api.rest.commands import TAGGED, CommandRouter, Dispatch, DispatchIfMatch, InSystem, tag
from api.rest.demand import note_search
from api.rest.schemas.base import Accepted, ReasonBody, Word
from api.rest.schemas.fleet import Tasks, VehicleBody, VehicleOnMap, VehiclePage, VehicleShown, ZoneBody, Zones
from domain.fleet import commands
from domain.fleet.newest import newest_readings
from domain.fleet.vehicle import Vehicle
from domain.kernel.ids import TaskId, VehicleId, ZoneId, derived_id
from domain.kernel.units import Position
from projections.fleet import NEAREST_FREE

router = CommandRouter(prefix="/v1", tags=["fleet"])

Reader = Annotated[Caller, Depends(Allowed("vehicles:read"))]
Operator = Annotated[Caller, Depends(Allowed("vehicles:write"))]
Crew = Annotated[Caller, Depends(Allowed("fleet:read"))]

_PAGE = """
select vehicle_id, plate, model, fuel_type, city_id, latitude, longitude, position_at, energy_percent, energy_at, state,
    online
from read_v1.vehicles
where service = $1 and ($2::text is null or city_id = $2) and ($3::text is null or model = $3)
and ($4::float8 is null or energy_percent >= $4) and ($5::uuid is null or vehicle_id > $5)
and ($7 or (state = 'available' and online))
order by vehicle_id limit $6
"""
_ZONES = """
select zone_id, kind, name, zone_version, polygons from read_v1.zones
where service = $1 and not retired order by name
"""
_TASKS = """
select task_id, vehicle_id, kind, reason, state, raised_at from read_v1.field_tasks
where service = $1 and state = 'raised' order by raised_at limit 500
"""


@router.get("/vehicles")
async def vehicles(
    by: Reader,
    system: InSystem,
    near: Annotated[str | None, Query(pattern=r"^-?\d+(\.\d+)?,-?\d+(\.\d+)?$", examples=["52.52,13.405"])] = None,
    city_id: Word | None = None,
    model: Word | None = None,
    min_energy: Annotated[float | None, Query(ge=0, le=100)] = None,
    cursor: UUID | None = None,
    limit: Annotated[int, Query(ge=1, le=1000)] = 100,
) -> VehiclePage:
    """Cars page by page, or with `near=lat,lon` the nearest free ones. All cars for operators, else the free ones."""
    if near is not None:
        place = _point(near)
        here = (place.latitude, place.longitude)
        rows = await system.fetch(NEAREST_FREE, *here, by.service, city_id, model, min_energy, limit)
        note_search(rows, place, city_id, by, system)
        return VehiclePage(vehicles=[VehicleOnMap(**row) for row in rows], next=None)
    everything = by.may("vehicles:write")
    rows = await system.fetch(_PAGE, by.service, city_id, model, min_energy, cursor, limit, everything)
    if cursor is None:
        note_search(rows, None, city_id, by, system)
    last = rows[-1]["vehicle_id"] if len(rows) == limit else None
    return VehiclePage(vehicles=[VehicleOnMap(**row) for row in rows], next=last)


def _point(text: str) -> Position:
    latitude, longitude = map(float, text.split(","))
    if abs(latitude) > 90 or abs(longitude) > 180:  # noqa: PLR2004 (degrees)
        raise Problem.invalid("near", "near is a latitude and a longitude in degrees")
    return Position(latitude=latitude, longitude=longitude)


@router.get("/vehicles/{vehicle_id}", responses=TAGGED, response_model_exclude_none=True)
async def vehicle(vehicle_id: UUID, by: Reader, system: InSystem, response: Response) -> VehicleShown:
    """One car with the age of each reading."""
    found = await system.store.load(Vehicle, vehicle_id, service=by.service)
    tag(response, found.version)
    readings, hidden = await newest_readings(found, system), dict[str, None](zones=None)
    if found.trip_id is not None and not by.may("vehicles:write"):
        hidden["position"] = None
    return VehicleShown.of(found, vehicle_id=found.id, readings=readings.model_copy(update=hidden))


@router.command("/vehicles", commands.CommissionVehicle, status_code=201)
async def commission(body: VehicleBody, by: Operator, dispatch: Dispatch) -> Accepted:
    vehicle_id = VehicleId(new_id())
    command = commands.CommissionVehicle(vehicle_id=vehicle_id, **body.model_dump())
    return await dispatch(command, vehicle_id, by)


@router.command("/vehicles/{vehicle_id}/in-service", commands.PutIntoService)
async def put_into_service(vehicle_id: UUID, by: Operator, dispatch: DispatchIfMatch) -> Accepted:
    return await dispatch(commands.PutIntoService(vehicle_id=VehicleId(vehicle_id)), vehicle_id, by)


@router.command("/vehicles/{vehicle_id}/out-of-service", commands.TakeOutOfService)
async def take_out_of_service(vehicle_id: UUID, body: ReasonBody, by: Operator, dispatch: DispatchIfMatch) -> Accepted:
    command = commands.TakeOutOfService(vehicle_id=VehicleId(vehicle_id), reason=body.reason)
    return await dispatch(command, vehicle_id, by)


@router.command("/vehicles/{vehicle_id}/decommission", commands.DecommissionVehicle)
async def decommission(vehicle_id: UUID, body: ReasonBody, by: Operator, dispatch: DispatchIfMatch) -> Accepted:
    command = commands.DecommissionVehicle(vehicle_id=VehicleId(vehicle_id), reason=body.reason)
    return await dispatch(command, vehicle_id, by)


@router.get("/zones")
async def zones(by: Reader, system: InSystem) -> Zones:
    """Every zone that counts, with its shape and version."""
    return Zones.model_validate({"zones": await system.fetch(_ZONES, by.service)})


@router.command("/zones", commands.DefineZone, status_code=201)
async def define_zone(body: ZoneBody, by: Operator, dispatch: Dispatch) -> Accepted:
    """It is known again by city, kind and name."""
    zone_id = ZoneId(derived_id("fleet.zone", by.service, body.city_id, body.kind, body.name))
    command = commands.DefineZone(zone_id=zone_id, **body.model_dump())
    return await dispatch(command, zone_id, by)


@router.command("/zones/{zone_id}/retire", commands.RetireZone)
async def retire_zone(zone_id: UUID, by: Operator, dispatch: DispatchIfMatch) -> Accepted:
    return await dispatch(commands.RetireZone(zone_id=ZoneId(zone_id)), zone_id, by)


@router.get("/tasks")
async def tasks(by: Crew, system: InSystem) -> Tasks:
    """What is to be done in the field, oldest first."""
    return Tasks.model_validate({"tasks": await system.fetch(_TASKS, by.service)})


@router.command("/tasks/{task_id}/complete", commands.CompleteTask)
async def complete_task(task_id: UUID, by: Operator, dispatch: DispatchIfMatch) -> Accepted:
    return await dispatch(commands.CompleteTask(task_id=TaskId(task_id)), task_id, by)


@router.command("/tasks/{task_id}/cancel", commands.CancelTask)
async def cancel_task(task_id: UUID, body: ReasonBody, by: Operator, dispatch: DispatchIfMatch) -> Accepted:
    return await dispatch(commands.CancelTask(task_id=TaskId(task_id), reason=body.reason), task_id, by)
