create table if not exists read_v1.vehicles (
    vehicle_id uuid primary key,
    service text not null,
    city_id text not null,
    vin text not null,
    plate text not null,
    make text not null,
    model text not null,
    fuel_type text not null,
    latitude double precision,
    longitude double precision,
    position_at timestamptz,
    energy_percent double precision,
    energy_at timestamptz,
    locked boolean,
    online boolean not null default true,
    service_state text not null default 'commissioned',
    reservation_id uuid,
    trip_id uuid,
    state text generated always as (case when trip_id is not null then 'in_trip' when reservation_id is not null then 'reserved' when service_state = 'in_service' then 'available' else service_state end) stored
);
create index if not exists vehicles_free on read_v1.vehicles (service, city_id) where state = 'available';
create index if not exists vehicles_nearest on read_v1.vehicles using gist (point(longitude, latitude))
    where state = 'available' and online and latitude is not null;
create index if not exists vehicles_by_service on read_v1.vehicles (service, vehicle_id);
create index if not exists vehicles_by_vin on read_v1.vehicles (vin);
comment on table read_v1.vehicles is 'One row per car.';
comment on column read_v1.vehicles.vehicle_id is 'The car.';
comment on column read_v1.vehicles.service is 'Key of the rulebook.';
comment on column read_v1.vehicles.city_id is 'City of operation.';
comment on column read_v1.vehicles.vin is 'Vehicle identification number.';
comment on column read_v1.vehicles.plate is 'Licence plate.';
comment on column read_v1.vehicles.make is 'Make.';
comment on column read_v1.vehicles.model is 'Model, as tariffs name it.';
comment on column read_v1.vehicles.fuel_type is 'petrol, diesel or electric.';
comment on column read_v1.vehicles.latitude is 'WGS 84 degrees.';
comment on column read_v1.vehicles.longitude is 'WGS 84 degrees.';
comment on column read_v1.vehicles.position_at is 'When the position was measured.';
comment on column read_v1.vehicles.energy_percent is 'Fuel level or state of charge.';
comment on column read_v1.vehicles.energy_at is 'When the energy was measured.';
comment on column read_v1.vehicles.locked is 'Whether all doors are locked.';
comment on column read_v1.vehicles.online is 'Whether the car can be reached.';
comment on column read_v1.vehicles.service_state is 'commissioned, in_service, out_of_service or decommissioned.';
comment on column read_v1.vehicles.reservation_id is 'The open reservation of it.';
comment on column read_v1.vehicles.trip_id is 'The open trip with it.';
comment on column read_v1.vehicles.state is 'in_trip, reserved, available, or its service state.';

create table if not exists read_v1.zones (
    zone_id uuid primary key,
    service text not null,
    city_id text not null,
    kind text not null,
    name text not null,
    zone_version integer not null,
    polygons jsonb not null,
    retired boolean not null default false
);
comment on table read_v1.zones is 'One row per zone, in its newest shape.';
comment on column read_v1.zones.zone_id is 'The zone.';
comment on column read_v1.zones.service is 'Key of the rulebook.';
comment on column read_v1.zones.city_id is 'City.';
comment on column read_v1.zones.kind is 'home_area, no_parking or airport.';
comment on column read_v1.zones.name is 'Name on maps.';
comment on column read_v1.zones.zone_version is 'Counts its shapes.';
comment on column read_v1.zones.polygons is 'Coordinates of a GeoJSON MultiPolygon.';
comment on column read_v1.zones.retired is 'Whether it has ceased to count.';

create table if not exists read_v1.field_tasks (
    task_id uuid primary key,
    service text not null,
    vehicle_id uuid not null,
    kind text not null,
    reason text not null,
    state text not null default 'raised',
    raised_at timestamptz not null,
    closed_at timestamptz
);
create index if not exists field_tasks_open on read_v1.field_tasks (service, raised_at) where state = 'raised';
create index if not exists field_tasks_by_time on read_v1.field_tasks (service, raised_at);
comment on table read_v1.field_tasks is 'One row per task in the field.';
comment on column read_v1.field_tasks.task_id is 'The task.';
comment on column read_v1.field_tasks.service is 'Key of the rulebook.';
comment on column read_v1.field_tasks.vehicle_id is 'The car.';
comment on column read_v1.field_tasks.kind is 'refuel, charge, clean or inspect.';
comment on column read_v1.field_tasks.reason is 'Why it was raised.';
comment on column read_v1.field_tasks.state is 'raised, done or cancelled.';
comment on column read_v1.field_tasks.raised_at is 'When it was raised.';
comment on column read_v1.field_tasks.closed_at is 'When it was done or cancelled.';
