"""Vehicles over HTTP: the map, the nearest free cars, their service state, zones and tasks."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from pydantic import ConfigDict, Field

from api.auth import Allowed, Caller
from api.problems import Problem
from api.rest.commanding import Accepted, Body, Give, InSystem, Word, new_id, plain
from api.rest.members import Reason
from domain.fleet import commands
from domain.fleet.vehicle import Vehicle
from domain.fleet.zones import Polygons, ZoneKind
from domain.kernel.ids import TaskId, VehicleId, ZoneId
from projections.fleet import NEAREST_FREE

router = APIRouter(prefix="/v1", tags=["fleet"])

Reader = Annotated[Caller, Depends(Allowed("vehicles:read"))]
Operator = Annotated[Caller, Depends(Allowed("vehicles:write"))]

_PAGE = """
select vehicle_id, plate, model, fuel_type, city_id, latitude, longitude, position_at, energy_percent, energy_at, state,
    online
from read_v1.vehicles
where service = $1 and ($2::text is null or city_id = $2) and ($3::uuid is null or vehicle_id > $3)
order by vehicle_id limit $4
"""
_ZONES = """
select zone_id, kind, name, zone_version, polygons from read_v1.zones
where service = $1 and not retired order by name
"""
_TASKS = """
select task_id, vehicle_id, kind, reason, state, raised_at from read_v1.field_tasks
where service = $1 and state = 'raised' order by raised_at limit 500
"""


class VehicleBody(Body):
    """A car to take into the fleet."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "vin": "WBAZZZ00000000641",
                    "plate": "B-DN 641",
                    "make": "BMW",
                    "model": "BMW i3",
                    "fuel_type": "electric",
                    "city_id": "berlin",
                }
            ]
        },
    )

    vin: Annotated[str, Field(pattern="^[A-HJ-NPR-Z0-9]{17}$")]
    plate: Annotated[str, Field(max_length=20)]
    make: Annotated[str, Field(max_length=40)]
    model: Annotated[str, Field(max_length=60)]
    fuel_type: commands.FuelType
    city_id: Annotated[str, Field(max_length=40)]


class ZoneBody(Body):
    """A zone: coordinates of a GeoJSON MultiPolygon, longitude first."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "city_id": "berlin",
                    "kind": "no_parking",
                    "name": "Tiergarten",
                    "polygons": [[[[13.34, 52.51], [13.37, 52.51], [13.37, 52.52], [13.34, 52.51]]]],
                }
            ]
        },
    )

    city_id: Annotated[str, Field(max_length=40)]
    kind: ZoneKind
    name: Annotated[str, Field(max_length=80)]
    polygons: Polygons


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
) -> dict[str, Any]:
    """All cars page by page, or with `near=lat,lon` the nearest free ones."""
    if near is not None:
        latitude, longitude = _point(near)
        rows = await system.fetch(NEAREST_FREE, latitude, longitude, by.service, city_id, model, min_energy, limit)
        return {"vehicles": plain(rows), "next": None}
    rows = await system.fetch(_PAGE, by.service, city_id, cursor, limit)
    return {"vehicles": plain(rows), "next": str(rows[-1]["vehicle_id"]) if len(rows) == limit else None}


def _point(text: str) -> tuple[float, float]:
    latitude, longitude = map(float, text.split(","))
    if abs(latitude) > 90 or abs(longitude) > 180:  # noqa: PLR2004 (degrees)
        raise Problem(422, "invalid-input", "Input does not fit", "near is a latitude and a longitude in degrees")
    return latitude, longitude


@router.get("/vehicles/{vehicle_id}")
async def vehicle(vehicle_id: UUID, by: Reader, system: InSystem, response: Response) -> dict[str, Any]:
    """One car with the age of each reading."""
    found = await system.store.load(Vehicle, vehicle_id, service=by.service)
    response.headers["ETag"] = f'"{found.version}"'
    whole = by.may("vehicles:write")
    state = found.state.model_dump(mode="json", exclude={"zones"}, exclude_none=True)
    if found.trip_id is not None and not whole:
        state.pop("position", None)
    return {
        "id": str(found.id),
        "plate": found.plate,
        "model": found.model,
        "fuel_type": found.fuel_type,
        "city_id": found.city_id,
        "service_state": found.service_state,
        "taken": found.trip_id is not None or found.reservation_id is not None,
        "online": found.online,
        "state": state,
    }


@router.post("/vehicles", status_code=201)
async def commission(body: VehicleBody, by: Operator, give: Give) -> Accepted:
    """Take a car into the fleet."""
    vehicle_id = VehicleId(new_id(by, give.key, "fleet.vehicle"))
    command = commands.CommissionVehicle(vehicle_id=vehicle_id, **body.model_dump())
    return await give(command, vehicle_id, by)


@router.post("/vehicles/{vehicle_id}/in-service")
async def put_into_service(vehicle_id: UUID, by: Operator, give: Give) -> Accepted:
    """Offer a car to members."""
    command = commands.PutIntoService(vehicle_id=VehicleId(vehicle_id))
    return await give(command, vehicle_id, by)


@router.post("/vehicles/{vehicle_id}/out-of-service")
async def take_out_of_service(vehicle_id: UUID, body: Reason, by: Operator, give: Give) -> Accepted:
    """Keep a car from members."""
    command = commands.TakeOutOfService(vehicle_id=VehicleId(vehicle_id), reason=body.reason)
    return await give(command, vehicle_id, by)


@router.get("/zones")
async def zones(by: Reader, system: InSystem) -> dict[str, Any]:
    """Every zone that counts, with its shape and version."""
    return {"zones": plain(await system.fetch(_ZONES, by.service))}


@router.post("/zones", status_code=201)
async def define_zone(body: ZoneBody, by: Operator, give: Give) -> Accepted:
    """Draw a zone; one of the same city, kind and name is drawn anew."""
    zone_id = ZoneId(new_id(None, f"{by.service}/{body.city_id}/{body.kind}/{body.name}", "fleet.zone"))
    command = commands.DefineZone(zone_id=zone_id, **body.model_dump())
    return await give(command, zone_id, by)


@router.get("/tasks")
async def tasks(by: Annotated[Caller, Depends(Allowed("fleet:read"))], system: InSystem) -> dict[str, Any]:
    """What is to be done in the field, oldest first."""
    return {"tasks": plain(await system.fetch(_TASKS, by.service))}


@router.post("/tasks/{task_id}/complete")
async def complete_task(task_id: UUID, by: Operator, give: Give) -> Accepted:
    """It was done."""
    command = commands.CompleteTask(task_id=TaskId(task_id))
    return await give(command, task_id, by)
