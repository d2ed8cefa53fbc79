"""Vehicles, zones and tasks in the field."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, computed_field

from api.rest.schemas.base import TASK_ID, VEHICLE_ID, ZONE_ID, Because, Body, Shown, example
from domain.fleet.commands import TaskKind
from domain.fleet.description import Description, Propulsion, Transmission, range_m
from domain.fleet.state import VehicleReadings
from domain.fleet.vehicle import ServiceState, VehicleState
from domain.fleet.zones import Polygons, ZoneKind
from domain.kernel.units import VIN

TaskState = Literal["raised", "done", "cancelled"]
MARKET_SQUARE = [[[[13.34, 52.51], [13.37, 52.51], [13.37, 52.52], [13.34, 52.51]]]]


DESCRIPTION = {
    "plate": "B-DN 641",
    "make": "BMW",
    "model": "BMW i3",
    "propulsion": "electric",
    "transmission": "automatic",
    "seats": 4,
    "full_range_m": 285_000,
    "image_url": "https://cars.example/bmw-i3.png",
}


class DescriptionBody(Description, Body):
    """What is known of a car, whole: what is left out is not known any more."""

    model_config = example(DESCRIPTION, extra="forbid")


class VehicleBody(DescriptionBody):
    """A car to take into the fleet."""

    model_config = example({"vin": "WBAZZZ00000000641", "city_id": "berlin", **DESCRIPTION}, extra="forbid")

    vin: Annotated[str, Field(pattern=f"^{VIN}$")]
    city_id: Annotated[str, Field(max_length=40)]


class ZoneBody(Body):
    """A zone: coordinates of a GeoJSON MultiPolygon, longitude first."""

    model_config = example(
        {"city_id": "berlin", "kind": "no_parking", "name": "Tiergarten", "polygons": MARKET_SQUARE}, extra="forbid"
    )

    city_id: Annotated[str, Field(max_length=40)]
    kind: ZoneKind
    name: Annotated[str, Field(max_length=80)]
    polygons: Polygons


class VehicleOnMap(BaseModel):
    """A car as the map shows it; `distance_m` from the point that was asked about.

    `available_until` is when a reservation ahead of time begins, which it is promised to.
    """

    vehicle_id: UUID
    plate: str
    make: str
    model: str
    propulsion: Propulsion
    transmission: Transmission | None
    seats: int | None
    full_range_m: int | None
    image_url: str | None
    plugged_in: bool | None
    city_id: str
    latitude: float | None
    longitude: float | None
    position_at: AwareDatetime | None
    energy_percent: float | None
    energy_at: AwareDatetime | None
    energy_low: bool
    state: VehicleState
    online: bool
    offline_since: AwareDatetime | None = None
    available_until: AwareDatetime | None = None
    distance_m: int | None = None

    @computed_field
    def range_m(self) -> int | None:
        """How far it goes now, in metres."""
        return range_m(self.full_range_m, self.energy_percent)


class VehiclePage(BaseModel):
    """Cars, and the cursor of the next page."""

    model_config = example(
        {
            "vehicles": [
                {
                    "vehicle_id": VEHICLE_ID,
                    **DESCRIPTION,
                    "plugged_in": False,
                    "city_id": "berlin",
                    "latitude": 52.5219,
                    "longitude": 13.4132,
                    "position_at": "2027-01-05T10:14:58Z",
                    "energy_percent": 71.5,
                    "energy_at": "2027-01-05T10:14:58Z",
                    "energy_low": False,
                    "state": "available",
                    "online": True,
                    "offline_since": None,
                    "available_until": None,
                    "distance_m": 212,
                    "range_m": 203_775,
                }
            ],
            "next": None,
        }
    )

    vehicles: list[VehicleOnMap]
    next: str | None


class VehicleShown(Shown):
    """One car, with the time of each reading. The place of a car in a trip is shown to operators only."""

    model_config = example(
        {
            "vehicle_id": VEHICLE_ID,
            "version": 3,
            **DESCRIPTION,
            "range_m": 203_775,
            "city_id": "berlin",
            "state": "available",
            "service_state": "in_service",
            "online": True,
            "readings": {
                "position": {
                    "value": {"latitude": 52.5219, "longitude": 13.4132},
                    "at": "2027-01-05T10:14:58Z",
                },
                "energy_percent": {"value": 71.5, "at": "2027-01-05T10:14:58Z"},
                "locked": {"value": True, "at": "2027-01-05T10:14:58Z"},
            },
        }
    )

    vehicle_id: UUID
    version: int
    plate: str
    make: str
    model: str
    propulsion: Propulsion
    transmission: Transmission | None = None
    seats: int | None = None
    full_range_m: int | None = None
    range_m: int | None = None
    """How far it goes now."""
    image_url: str | None = None
    city_id: str
    state: VehicleState
    service_state: ServiceState
    online: bool
    readings: VehicleReadings


_ZONE = {
    "zone_id": ZONE_ID,
    "city_id": "berlin",
    "kind": "no_parking",
    "name": "Tiergarten",
    "zone_version": 2,
    "polygons": MARKET_SQUARE,
    "retired": False,
}
_TASK = {
    "task_id": TASK_ID,
    "vehicle_id": VEHICLE_ID,
    "kind": "charge",
    "reason": "energy is low",
    "state": "raised",
    "raised_at": "2027-01-05T10:14:58Z",
    "closed_at": None,
}


class ZoneShown(Shown):
    """A zone with its shape and version."""

    model_config = example(_ZONE)

    zone_id: UUID
    city_id: str
    kind: ZoneKind
    name: str
    zone_version: int
    polygons: Polygons
    retired: bool


class ZonePage(BaseModel):
    """Zones, and the cursor of the next page."""

    model_config = example({"zones": [_ZONE], "next": None})

    zones: list[ZoneShown]
    next: str | None


class TaskBody(Body):
    """What is to be done to a car, and why. What fills a car is `charge` or `refuel`, as the car needs it."""

    model_config = example({"vehicle_id": VEHICLE_ID, "kind": "clean", "reason": "sand on the seats"}, extra="forbid")

    vehicle_id: UUID
    kind: TaskKind
    reason: Because


class TaskShown(Shown):
    """Something to be done to a car in the field."""

    model_config = example(_TASK)

    task_id: UUID
    vehicle_id: UUID
    kind: TaskKind
    reason: str
    state: TaskState
    raised_at: AwareDatetime
    closed_at: AwareDatetime | None


class TaskPage(BaseModel):
    """Tasks, oldest first, and the cursor of the next page."""

    model_config = example({"tasks": [_TASK], "next": None})

    tasks: list[TaskShown]
    next: str | None
