create or replace view reports.vehicles as
select vehicle_id, service, city_id, vin, plate, make, model, propulsion, transmission, seats, energy_percent, energy_low, energy_at, locked, online,
    service_state, reservation_id, trip_id, state
from read_v1.vehicles;

create or replace view reports.zones as
select zone_id, service, city_id, kind, name, zone_version, polygons, retired from read_v1.zones;

create or replace view reports.field_tasks as
select task_id, service, vehicle_id, kind, state, raised_at, closed_at from read_v1.field_tasks;

create or replace view reports.damages as
select damage_id, service, vehicle_id, kind, place, source, state, found_at, reported_at, repaired_at, jsonb_array_length(photos) as pictures
from read_v1.damages;
comment on column reports.damages.pictures is 'How many pictures there are of it.';
