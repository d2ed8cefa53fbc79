create or replace view reports.vehicles as
select vehicle_id, service, city_id, vin, plate, make, model, fuel_type,
    case when trip_id is null then latitude end as latitude, case when trip_id is null then longitude end as longitude,
    position_at, energy_percent, energy_at, locked, online, service_state, reservation_id, trip_id, state
from read_v1.vehicles;
comment on view reports.vehicles is 'One row per car.';
comment on column reports.vehicles.vehicle_id is 'The car.';
comment on column reports.vehicles.service is 'Key of the rulebook.';
comment on column reports.vehicles.city_id is 'City of operation.';
comment on column reports.vehicles.vin is 'Vehicle identification number.';
comment on column reports.vehicles.plate is 'Licence plate.';
comment on column reports.vehicles.make is 'Make.';
comment on column reports.vehicles.model is 'Model, as tariffs name it.';
comment on column reports.vehicles.fuel_type is 'petrol, diesel or electric.';
comment on column reports.vehicles.latitude is 'WGS 84 degrees; null in a trip, where it would locate a person.';
comment on column reports.vehicles.longitude is 'WGS 84 degrees; null in a trip, where it would locate a person.';
comment on column reports.vehicles.position_at is 'When the position was measured.';
comment on column reports.vehicles.energy_percent is 'Fuel level or state of charge.';
comment on column reports.vehicles.energy_at is 'When the energy was measured.';
comment on column reports.vehicles.locked is 'Whether all doors are locked.';
comment on column reports.vehicles.online is 'Whether the car can be reached.';
comment on column reports.vehicles.service_state is 'commissioned, in_service, out_of_service or decommissioned.';
comment on column reports.vehicles.reservation_id is 'The open reservation of it.';
comment on column reports.vehicles.trip_id is 'The open trip with it.';
comment on column reports.vehicles.state is 'in_trip, reserved, available, or its service state.';

create or replace view reports.zones as
select zone_id, service, city_id, kind, name, zone_version, polygons, retired from read_v1.zones;
comment on view reports.zones is 'One row per zone, in its newest shape.';
comment on column reports.zones.zone_id is 'The zone.';
comment on column reports.zones.service is 'Key of the rulebook.';
comment on column reports.zones.city_id is 'City.';
comment on column reports.zones.kind is 'home_area, no_parking or airport.';
comment on column reports.zones.name is 'Name on maps.';
comment on column reports.zones.zone_version is 'Counts its shapes.';
comment on column reports.zones.polygons is 'Coordinates of a GeoJSON MultiPolygon.';
comment on column reports.zones.retired is 'Whether it has ceased to count.';

create or replace view reports.field_tasks as
select task_id, service, vehicle_id, kind, reason, state, raised_at, closed_at from read_v1.field_tasks;
comment on view reports.field_tasks is 'One row per task in the field.';
comment on column reports.field_tasks.task_id is 'The task.';
comment on column reports.field_tasks.service is 'Key of the rulebook.';
comment on column reports.field_tasks.vehicle_id is 'The car.';
comment on column reports.field_tasks.kind is 'refuel, charge, clean or inspect.';
comment on column reports.field_tasks.reason is 'Why it was raised.';
comment on column reports.field_tasks.state is 'raised, done or cancelled.';
comment on column reports.field_tasks.raised_at is 'When it was raised.';
comment on column reports.field_tasks.closed_at is 'When it was done or cancelled.';
