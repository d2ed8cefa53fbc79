create table vehicles (
    vehicle_id uuid primary key,
    service text not null,
    city_id text not null,
    vin text not null,
    plate text not null,
    make text not null,
    model text not null,
    propulsion text not null,
    transmission text,
    seats integer,
    full_range_m bigint,
    image_url text,
    latitude double precision,
    longitude double precision,
    position_at timestamptz,
    energy_percent double precision,
    energy_at timestamptz,
    energy_low boolean not null default false,
    locked boolean,
    plugged_in boolean,
    online boolean not null default true,
    offline_since timestamptz,
    service_state text not null default 'commissioned',
    reservation_id uuid,
    trip_id uuid,
    state text generated always as (case when trip_id is not null then 'in_trip' when reservation_id is not null then 'reserved' when service_state = 'in_service' then 'available' else service_state end) stored
);
create index vehicles_free on vehicles (service, city_id) where state = 'available';
create index vehicles_nearest on vehicles using gist (point(longitude, latitude))
    where state = 'available' and online and latitude is not null;
create index vehicles_by_service on vehicles (service, vehicle_id);
create index vehicles_by_vin on vehicles (vin);
create index vehicles_by_plate on vehicles (plate);
comment on table vehicles is 'One row per car.';
comment on column vehicles.vehicle_id is 'The car.';
comment on column vehicles.service is 'Key of the rulebook.';
comment on column vehicles.city_id is 'City of operation.';
comment on column vehicles.vin is 'Vehicle identification number.';
comment on column vehicles.plate is 'Licence plate.';
comment on column vehicles.make is 'Make.';
comment on column vehicles.model is 'Model, as tariffs name it.';
comment on column vehicles.propulsion is 'In words of GBFS: combustion, combustion_diesel, hybrid, plug_in_hybrid, electric or hydrogen_fuel_cell.';
comment on column vehicles.transmission is 'automatic or manual; null where not known.';
comment on column vehicles.seats is 'With that of the driver; null where not known.';
comment on column vehicles.full_range_m is 'How far it goes with a full tank or battery; null where not known.';
comment on column vehicles.image_url is 'Address of a picture.';
comment on column vehicles.latitude is 'WGS 84 degrees.';
comment on column vehicles.longitude is 'WGS 84 degrees.';
comment on column vehicles.position_at is 'When the position was measured.';
comment on column vehicles.energy_percent is 'Fuel level or state of charge.';
comment on column vehicles.energy_at is 'When the energy was measured.';
comment on column vehicles.energy_low is 'Whether it needs fuel or charge soon, by the limits of its service.';
comment on column vehicles.locked is 'Whether all doors are locked.';
comment on column vehicles.plugged_in is 'Whether a charging cable is connected; null where it has not said.';
comment on column vehicles.online is 'Whether the car can be reached.';
comment on column vehicles.offline_since is 'Since when it cannot be reached; null while it can.';
comment on column vehicles.service_state is 'commissioned, in_service, out_of_service or decommissioned.';
comment on column vehicles.reservation_id is 'The open reservation of it.';
comment on column vehicles.trip_id is 'The open trip with it.';
comment on column vehicles.state is 'in_trip, reserved, available, or its service state.';

create table zones (
    zone_id uuid primary key,
    service text not null,
    city_id text not null,
    kind text not null,
    name text not null,
    zone_version integer not null,
    polygons jsonb not null,
    retired boolean not null default false
);
comment on table zones is 'One row per zone, in its newest shape.';
comment on column zones.zone_id is 'The zone.';
comment on column zones.service is 'Key of the rulebook.';
comment on column zones.city_id is 'City.';
comment on column zones.kind is 'home_area, no_parking or airport.';
comment on column zones.name is 'Name on maps.';
comment on column zones.zone_version is 'Counts its shapes.';
comment on column zones.polygons is 'Coordinates of a GeoJSON MultiPolygon.';
comment on column zones.retired is 'Whether it has ceased to count.';

create table field_tasks (
    task_id uuid primary key,
    service text not null,
    vehicle_id uuid not null,
    kind text not null,
    reason text not null,
    state text not null default 'raised',
    raised_at timestamptz not null,
    closed_at timestamptz
);
create index field_tasks_open on field_tasks (service, raised_at) where state = 'raised';
create index field_tasks_by_time on field_tasks (service, raised_at);
comment on table field_tasks is 'One row per task in the field.';
comment on column field_tasks.task_id is 'The task.';
comment on column field_tasks.service is 'Key of the rulebook.';
comment on column field_tasks.vehicle_id is 'The car.';
comment on column field_tasks.kind is 'refuel, charge, clean or inspect.';
comment on column field_tasks.reason is 'Why it was raised, and what has asked for the same since.';
comment on column field_tasks.state is 'raised, done or cancelled.';
comment on column field_tasks.raised_at is 'When it was raised.';
comment on column field_tasks.closed_at is 'When it was done or cancelled.';

create table promised_periods (
    vehicle_id uuid not null,
    reservation_id uuid not null,
    booked_from timestamptz not null,
    booked_until timestamptz not null,
    closed_from timestamptz not null,
    closed_until timestamptz not null,
    open boolean not null,
    primary key (vehicle_id, reservation_id)
);
create index promised_periods_open on promised_periods (vehicle_id, booked_from) where open;
comment on table promised_periods is 'One row per car and reservation ahead of time.';
comment on column promised_periods.vehicle_id is 'The car.';
comment on column promised_periods.reservation_id is 'The reservation that it is promised to.';
comment on column promised_periods.booked_from is 'Begin of the period.';
comment on column promised_periods.booked_until is 'End of the period.';
comment on column promised_periods.closed_from is 'From then on nobody takes the car who has not reserved it ahead.';
comment on column promised_periods.closed_until is 'End of the buffer after the period.';
comment on column promised_periods.open is 'Whether it still holds; not once the reservation is over or has another car.';

create table damages (
    damage_id uuid primary key,
    service text not null,
    vehicle_id uuid not null,
    kind text not null,
    place text not null,
    photos jsonb not null,
    source text not null,
    state text not null default 'known',
    found_at timestamptz not null,
    reported_at timestamptz not null,
    repaired_at timestamptz
);
create index damages_by_time on damages (service, reported_at desc);
create index damages_by_vehicle on damages (vehicle_id, reported_at desc);
comment on table damages is 'One row per damage of a car.';
comment on column damages.damage_id is 'The damage.';
comment on column damages.service is 'Key of the rulebook.';
comment on column damages.vehicle_id is 'The car.';
comment on column damages.kind is 'scratch, dent, crack, broken, stain, smell, missing or unknown.';
comment on column damages.place is 'front, rear, left, right, roof, glass, wheels, inside or unknown.';
comment on column damages.photos is 'SHA-256 of each picture of it, and when it was taken.';
comment on column damages.source is 'Who reported it: member, staff or sensor.';
comment on column damages.state is 'known or repaired.';
comment on column damages.found_at is 'When it was there for certain.';
comment on column damages.reported_at is 'When it was reported.';
comment on column damages.repaired_at is 'When it was gone.';
