create or replace view reports.vehicles as
select vehicle_id, service, city_id, vin, plate, make, model, propulsion, transmission, seats, energy_percent, energy_low, energy_at, locked, online,
    service_state, reservation_id, trip_id, state
from read_v1.vehicles;

create or replace view reports.zones as
select zone_id, service, city_id, kind, name, zone_version, polygons, retired from read_v1.zones;

create or replace view reports.field_tasks as
select task_id, service, vehicle_id, kind, state, raised_at, closed_at from read_v1.field_tasks;
