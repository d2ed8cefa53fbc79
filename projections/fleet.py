"""Cars on the map, zones, and work in the field."""

from domain import contexts
from domain.fleet.damage import Damage
from domain.fleet.task import Task
from domain.fleet.vehicle import Vehicle
from domain.fleet.vehicle_event_bases import CarEvent
from domain.fleet.zone import Zone
from domain.kernel.aggregate import Event
from domain.kernel.messages import RecordedEvent
from projections.kernel.changes import Changes, Table
from projections.kernel.projector import Projector

VEHICLES = Table("vehicles", ("vehicle_id",))
ZONES = Table("zones", ("zone_id",))
FIELD_TASKS = Table("field_tasks", ("task_id",))
PROMISED_PERIODS = Table("promised_periods", ("vehicle_id", "reservation_id"))
DAMAGES = Table("damages", ("damage_id",))

NEAREST_FREE = """
with free as not materialized (
    select *, point(longitude, latitude) as place, read_v1.metres_between($1, $2, latitude, longitude) as away_m
    from read_v1.vehicles
    where service = $3 and state = 'available' and online and latitude is not null
    and ($4::text is null or city_id = $4) and ($5::text is null or model = $5)
    and ($6::float8 is null or energy_percent >= $6)
    and (
        select true from read_v1.promised_periods as promised
        where promised.vehicle_id = vehicles.vehicle_id and open and now() >= closed_from and now() < booked_until
        limit 1) is null
), nearest_by_degrees as (select away_m from free order by place <-> point($2, $1) limit $7)
select vehicle_id, plate, make, model, propulsion, transmission, seats, full_range_m, image_url, plugged_in, city_id,
    latitude, longitude, position_at, energy_percent, energy_at, energy_low, state, online,
    (select min(booked_from) from read_v1.promised_periods as promised
        where promised.vehicle_id = free.vehicle_id and open and booked_until > now()) as available_until,
    round(away_m)::bigint as distance_m
from free
where place <@ (select read_v1.box_around($1, $2, max(away_m)) from nearest_by_degrees)
order by away_m, vehicle_id limit $7
"""
"""The free cars nearest to a point: $1 latitude, $2 longitude, $3 service; each of $4 city, $5 model and $6 energy
(at least) may be null; $7 how many.

Whether a car is promised is asked for each that is looked at, and not first of all that are.

An index finds what is nearest in degrees. That order is wrong, as a degree of longitude is the shorter the further
north, but it tells how far to look: no car beyond the farthest of those can be among the nearest in metres.
"""

_SERVICE_STATES: dict[type[Event], str] = {
    Vehicle.PutIntoService: "in_service",
    Vehicle.TakenOutOfService: "out_of_service",
    Vehicle.Decommissioned: "decommissioned",
}
_ENERGY_LOW: dict[type[Event], bool] = {Vehicle.EnergyLow: True, Vehicle.EnergyRestored: False}
_CAR_EVENTS = [event for event in contexts.EVENTS.values() if issubclass(event, CarEvent)]


class FleetProjector(Projector):
    """One row per car, per zone, per task, per damage."""

    NAME = "fleet"
    PARALLEL = True
    TABLES = (VEHICLES, ZONES, FIELD_TASKS, PROMISED_PERIODS, DAMAGES)

    def __init__(self) -> None:
        super().__init__()
        self.on = {
            **dict.fromkeys(_CAR_EVENTS, self._seen),
            **dict.fromkeys(_SERVICE_STATES, self._service),
            Vehicle.Commissioned: self._commissioned,
            Vehicle.Described: self._described,
            Vehicle.Reserved: self._reserved,
            Vehicle.Released: self._released,
            Vehicle.Booked: self._booked,
            Vehicle.BookingClosed: self._booking_closed,
            Vehicle.TripOpened: self._trip_opened,
            Vehicle.TripClosed: self._released,
            Vehicle.ContactLost: self._contact_lost,
            Vehicle.ContactRestored: self._contact_restored,
            Zone.Defined: self._zone_defined,
            Zone.Redrawn: self._zone_redrawn,
            Zone.Retired: self._zone_retired,
            Task.Raised: self._task_raised,
            Task.ReasonAdded: self._task_reason_added,
            Task.Done: self._task_done,
            Task.Cancelled: self._task_cancelled,
            Damage.Reported: self._damage_reported,
            Damage.Repaired: self._damage_repaired,
        }

    def _commissioned(self, recorded: RecordedEvent, event: Vehicle.Commissioned) -> Changes:
        place, energy = event.position, event.energy_percent
        yield VEHICLES.insert(
            vehicle_id=event.originator_id,
            service=event.service,
            city_id=event.city_id,
            vin=event.vin,
            **event.description.model_dump(),
            latitude=place.latitude if place else None,
            longitude=place.longitude if place else None,
            position_at=event.timestamp if place else None,
            energy_percent=energy,
            energy_at=None if energy is None else event.timestamp,
        )

    def _described(self, recorded: RecordedEvent, event: Vehicle.Described) -> Changes:
        yield VEHICLES.update(event.originator_id, **event.description.model_dump())

    def _seen(self, recorded: RecordedEvent, event: CarEvent) -> Changes:
        """What an event does not tell stays as it was."""
        told: dict[str, object] = {}
        if event.position:
            told |= {"latitude": event.position.latitude, "longitude": event.position.longitude}
            told["position_at"] = event.observed_at
        if event.energy_percent is not None:
            told |= {"energy_percent": event.energy_percent, "energy_at": event.observed_at}
        says = event.says()
        told |= {name: says[name] for name in ("locked", "plugged_in") if says.get(name) is not None}
        if type(event) in _ENERGY_LOW:
            told["energy_low"] = _ENERGY_LOW[type(event)]
        if told:
            yield VEHICLES.update(event.originator_id, **told)

    def _service(self, recorded: RecordedEvent, event: Event) -> Changes:
        yield VEHICLES.update(event.originator_id, service_state=_SERVICE_STATES[type(event)])

    def _reserved(self, recorded: RecordedEvent, event: Vehicle.Reserved) -> Changes:
        yield VEHICLES.update(event.originator_id, reservation_id=event.reservation_id, trip_id=None)

    def _released(self, recorded: RecordedEvent, event: Vehicle.Released | Vehicle.TripClosed) -> Changes:
        yield VEHICLES.update(event.originator_id, reservation_id=None, trip_id=None)

    def _booked(self, recorded: RecordedEvent, event: Vehicle.Booked) -> Changes:
        entry = event.entry
        yield PROMISED_PERIODS.upsert(
            (event.originator_id, entry.id),
            booked_from=entry.period.begins,
            booked_until=entry.period.ends,
            closed_from=entry.led_from,
            closed_until=entry.closed.ends,
            open=True,
        )

    def _booking_closed(self, recorded: RecordedEvent, event: Vehicle.BookingClosed) -> Changes:
        yield PROMISED_PERIODS.update((event.originator_id, event.reservation_id), open=False)

    def _trip_opened(self, recorded: RecordedEvent, event: Vehicle.TripOpened) -> Changes:
        yield VEHICLES.update(event.originator_id, reservation_id=None, trip_id=event.trip_id)

    def _contact_lost(self, recorded: RecordedEvent, event: Vehicle.ContactLost) -> Changes:
        yield VEHICLES.update(event.originator_id, online=False, offline_since=event.timestamp)

    def _contact_restored(self, recorded: RecordedEvent, event: Vehicle.ContactRestored) -> Changes:
        yield VEHICLES.update(event.originator_id, online=True, offline_since=None)

    def _zone_defined(self, recorded: RecordedEvent, event: Zone.Defined) -> Changes:
        yield ZONES.insert(
            zone_id=event.originator_id,
            service=event.service,
            city_id=event.city_id,
            kind=event.kind,
            name=event.name,
            zone_version=1,
            **event.model_dump(mode="json", include={"polygons"}),
        )

    def _zone_redrawn(self, recorded: RecordedEvent, event: Zone.Redrawn) -> Changes:
        shape = event.model_dump(mode="json", include={"polygons"})
        drawn = {"name": event.name, "zone_version": event.zone_version, **shape}
        yield ZONES.update(event.originator_id, retired=False, **drawn)

    def _zone_retired(self, recorded: RecordedEvent, event: Zone.Retired) -> Changes:
        yield ZONES.update(event.originator_id, retired=True)

    def _task_raised(self, recorded: RecordedEvent, event: Task.Raised) -> Changes:
        yield FIELD_TASKS.insert(
            task_id=event.originator_id,
            service=recorded.metadata.service,
            vehicle_id=event.vehicle_id,
            kind=event.kind,
            reason=event.reason,
            raised_at=event.timestamp,
        )

    def _task_reason_added(self, recorded: RecordedEvent, event: Task.ReasonAdded) -> Changes:
        yield FIELD_TASKS.update(event.originator_id, reason="; ".join(event.reasons))

    def _task_done(self, recorded: RecordedEvent, event: Task.Done) -> Changes:
        yield FIELD_TASKS.update(event.originator_id, state="done", closed_at=event.timestamp)

    def _task_cancelled(self, recorded: RecordedEvent, event: Task.Cancelled) -> Changes:
        yield FIELD_TASKS.update(event.originator_id, state="cancelled", closed_at=event.timestamp)

    def _damage_reported(self, recorded: RecordedEvent, event: Damage.Reported) -> Changes:
        yield DAMAGES.insert(
            damage_id=event.originator_id,
            service=recorded.metadata.service,
            vehicle_id=event.vehicle_id,
            kind=event.kind,
            place=event.place,
            photos=event.model_dump(mode="json", include={"photos"})["photos"],
            source=event.source,
            found_at=event.found_at,
            reported_at=event.timestamp,
        )

    def _damage_repaired(self, recorded: RecordedEvent, event: Damage.Repaired) -> Changes:
        yield DAMAGES.update(event.originator_id, state="repaired", repaired_at=event.timestamp)
