create or replace view reports.vehicles as
select vehicle_id, service, city_id, vin, plate, make, model, fuel_type,
    case when trip_id is null then latitude end as latitude, case when trip_id is null then longitude end as longitude,
    position_at, energy_percent, energy_at, locked, online, service_state, reservation_id, trip_id, state
from read_v1.vehicles;
comment on column reports.vehicles.latitude is 'WGS 84 degrees; null in a trip, where it would locate a person.';
comment on column reports.vehicles.longitude is 'WGS 84 degrees; null in a trip, where it would locate a person.';

create or replace view reports.zones as
select zone_id, service, city_id, kind, name, zone_version, polygons, retired from read_v1.zones;

create or replace view reports.field_tasks as
select task_id, service, vehicle_id, kind, reason, state, raised_at, closed_at from read_v1.field_tasks;
