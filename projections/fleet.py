"""Cars on the map, zones, and work in the field."""

from domain import contexts
from domain.fleet.task import Task
from domain.fleet.vehicle import Vehicle
from domain.fleet.vehicle_events import CarEvent
from domain.fleet.zone import Zone
from domain.kernel.aggregate import Event
from domain.kernel.messages import RecordedEvent
from projections.projector import Database, Projector

NEAREST_FREE = """
with free as not materialized (
    select *, point(longitude, latitude) as place, read_v1.metres_between($1, $2, latitude, longitude) as away_m
    from read_v1.vehicles
    where service = $3 and state = 'available' and online and latitude is not null
    and ($4::text is null or city_id = $4) and ($5::text is null or model = $5)
    and ($6::float8 is null or energy_percent >= $6)
), nearest_by_degrees as (select away_m from free order by place <-> point($2, $1) limit $7)
select vehicle_id, plate, model, fuel_type, city_id, latitude, longitude, position_at, energy_percent, energy_at,
    state, online, round(away_m)::bigint as distance_m
from free
where place <@ (select read_v1.box_around($1, $2, max(away_m)) from nearest_by_degrees)
order by away_m, vehicle_id limit $7
"""
"""The free cars nearest to a point: $1 latitude, $2 longitude, $3 service; each of $4 city, $5 model and $6 energy
(at least) may be null; $7 how many.

An index finds what is nearest in degrees. That order is wrong, as a degree of longitude is the shorter the further
north, but it tells how far to look: no car beyond the farthest of those can be among the nearest in metres.
"""

_COMMISSIONED = """
insert into read_v1.vehicles
    (vehicle_id, service, city_id, vin, plate, make, model, fuel_type, latitude, longitude, position_at,
    energy_percent, energy_at)
values ($1, $2, $3, $4, $5, $6, $7, $8, $9::float8, $10, case when $9::float8 is not null then $12::timestamptz end,
    $11::float8, case when $11::float8 is not null then $12::timestamptz end)
on conflict (vehicle_id) do nothing
"""
_SEEN = """
update read_v1.vehicles set
    latitude = coalesce($2, latitude), longitude = coalesce($3, longitude),
    position_at = case when $2 is null then position_at else $5 end,
    energy_percent = coalesce($4, energy_percent), energy_at = case when $4 is null then energy_at else $5 end,
    locked = coalesce($6, locked)
where vehicle_id = $1
"""
_ONLINE = "update read_v1.vehicles set online = $2 where vehicle_id = $1"
_SERVICE = "update read_v1.vehicles set service_state = $2 where vehicle_id = $1"
_TAKEN = "update read_v1.vehicles set reservation_id = $2, trip_id = $3 where vehicle_id = $1"
_ZONE = """
insert into read_v1.zones (zone_id, service, city_id, kind, name, zone_version, polygons)
values ($1, $2, $3, $4, $5, 1, $6::text::jsonb -> 'polygons') on conflict (zone_id) do nothing
"""
_REDRAWN = """
update read_v1.zones set name = $2, zone_version = $3, polygons = $4::text::jsonb -> 'polygons', retired = false
where zone_id = $1
"""
_RETIRED = "update read_v1.zones set retired = true where zone_id = $1"
_TASK = """
insert into read_v1.field_tasks (task_id, service, vehicle_id, kind, reason, raised_at) values ($1, $2, $3, $4, $5, $6)
on conflict (task_id) do nothing
"""
_TASK_CLOSED = "update read_v1.field_tasks set state = $2, closed_at = $3 where task_id = $1"

_SERVICE_STATES: dict[type[Event], str] = {
    Vehicle.EnteredService: "in_service",
    Vehicle.LeftService: "out_of_service",
    Vehicle.Decommissioned: "decommissioned",
}
_CAR_EVENTS = [event for event in contexts.EVENTS.values() if issubclass(event, CarEvent)]


class FleetProjector(Projector):
    """One row per car, per zone, per task."""

    NAME = "fleet"
    TABLES = ("read_v1.vehicles", "read_v1.zones", "read_v1.field_tasks")

    def __init__(self) -> None:
        self.on = {
            **dict.fromkeys(_CAR_EVENTS, self._seen),
            **dict.fromkeys(_SERVICE_STATES, self._service),
            Vehicle.Commissioned: self._commissioned,
            Vehicle.Reserved: self._reserved,
            Vehicle.Released: self._released,
            Vehicle.TripOpened: self._trip_opened,
            Vehicle.TripClosed: self._released,
            Vehicle.ContactLost: self._contact_lost,
            Vehicle.ContactRestored: self._contact_restored,
            Zone.Defined: self._zone_defined,
            Zone.Redrawn: self._zone_redrawn,
            Zone.Retired: self._zone_retired,
            Task.Raised: self._task_raised,
            Task.Done: self._task_done,
            Task.Cancelled: self._task_cancelled,
        }

    async def _commissioned(self, recorded: RecordedEvent, event: Vehicle.Commissioned, db: Database) -> None:
        await db.execute(
            _COMMISSIONED,
            event.originator_id,
            event.service,
            event.city_id,
            event.vin,
            event.plate,
            event.make,
            event.model,
            event.fuel_type,
            event.position.latitude if event.position else None,
            event.position.longitude if event.position else None,
            event.energy_percent,
            event.timestamp,
        )

    async def _seen(self, recorded: RecordedEvent, event: CarEvent, db: Database) -> None:
        place = event.position
        await db.execute(
            _SEEN,
            event.originator_id,
            place.latitude if place else None,
            place.longitude if place else None,
            event.energy_percent,
            event.observed_at,
            event.says().get("locked"),
        )

    async def _service(self, recorded: RecordedEvent, event: Event, db: Database) -> None:
        await db.execute(_SERVICE, event.originator_id, _SERVICE_STATES[type(event)])

    async def _reserved(self, recorded: RecordedEvent, event: Vehicle.Reserved, db: Database) -> None:
        await db.execute(_TAKEN, event.originator_id, event.reservation_id, None)

    async def _released(
        self, recorded: RecordedEvent, event: Vehicle.Released | Vehicle.TripClosed, db: Database
    ) -> None:
        await db.execute(_TAKEN, event.originator_id, None, None)

    async def _trip_opened(self, recorded: RecordedEvent, event: Vehicle.TripOpened, db: Database) -> None:
        await db.execute(_TAKEN, event.originator_id, None, event.trip_id)

    async def _contact_lost(self, recorded: RecordedEvent, event: Vehicle.ContactLost, db: Database) -> None:
        await db.execute(_ONLINE, event.originator_id, False)

    async def _contact_restored(self, recorded: RecordedEvent, event: Vehicle.ContactRestored, db: Database) -> None:
        await db.execute(_ONLINE, event.originator_id, True)

    async def _zone_defined(self, recorded: RecordedEvent, event: Zone.Defined, db: Database) -> None:
        shape = event.model_dump_json(include={"polygons"})
        await db.execute(_ZONE, event.originator_id, event.service, event.city_id, event.kind, event.name, shape)

    async def _zone_redrawn(self, recorded: RecordedEvent, event: Zone.Redrawn, db: Database) -> None:
        shape = event.model_dump_json(include={"polygons"})
        await db.execute(_REDRAWN, event.originator_id, event.name, event.zone_version, shape)

    async def _zone_retired(self, recorded: RecordedEvent, event: Zone.Retired, db: Database) -> None:
        await db.execute(_RETIRED, event.originator_id)

    async def _task_raised(self, recorded: RecordedEvent, event: Task.Raised, db: Database) -> None:
        row = (recorded.metadata.service, event.vehicle_id, event.kind, event.reason, event.timestamp)
        await db.execute(_TASK, event.originator_id, *row)

    async def _task_done(self, recorded: RecordedEvent, event: Task.Done, db: Database) -> None:
        await db.execute(_TASK_CLOSED, event.originator_id, "done", event.timestamp)

    async def _task_cancelled(self, recorded: RecordedEvent, event: Task.Cancelled, db: Database) -> None:
        await db.execute(_TASK_CLOSED, event.originator_id, "cancelled", event.timestamp)
