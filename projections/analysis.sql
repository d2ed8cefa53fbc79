create table cities (
    service text not null,
    city_id text not null,
    timezone text not null,
    primary key (service, city_id)
);
comment on table cities is 'One row per service and city.';
comment on column cities.service is 'Key of the rulebook.';
comment on column cities.city_id is 'City.';
comment on column cities.timezone is 'IANA name of its time zone: a day is a day there.';

create table car_watch (
    vehicle_id uuid primary key,
    service text not null,
    city_id text not null,
    timezone text not null default 'UTC',
    offered boolean not null default false,
    online boolean not null default true,
    reserved boolean not null default false,
    gone boolean not null default false,
    trip_id uuid,
    last_trip uuid,
    cell text,
    state text default 'not_offered',
    since timestamptz not null
);
comment on table car_watch is 'One row per car: its state since it became so.';
comment on column car_watch.vehicle_id is 'The car.';
comment on column car_watch.service is 'Key of the rulebook.';
comment on column car_watch.city_id is 'City of operation.';
comment on column car_watch.timezone is 'IANA name of the time zone of its city; UTC where no rulebook tells it.';
comment on column car_watch.offered is 'Whether it is in service.';
comment on column car_watch.online is 'Whether it can be reached.';
comment on column car_watch.reserved is 'Whether somebody has reserved it.';
comment on column car_watch.gone is 'Whether it has left the fleet.';
comment on column car_watch.trip_id is 'The open trip with it.';
comment on column car_watch.last_trip is 'The trip that ended where it has yet to tell.';
comment on column car_watch.cell is 'H3 cell, of about 5 square kilometres, that it stands in; null in a trip and while unknown.';
comment on column car_watch.state is 'available, reserved, in_use, not_offered or offline; null once it has left the fleet.';
comment on column car_watch.since is 'Since when it is so.';

create table car_spells (
    vehicle_id uuid not null,
    since timestamptz not null,
    until timestamptz not null,
    day date not null,
    service text not null,
    city_id text not null,
    state text not null,
    cell text,
    primary key (vehicle_id, since)
);
create index car_spells_by_day on car_spells (service, day);
comment on table car_spells is 'One row per time that a car was in one state, cut at each midnight of its city.';
comment on column car_spells.vehicle_id is 'The car.';
comment on column car_spells.since is 'From then on.';
comment on column car_spells.until is 'Until then.';
comment on column car_spells.day is 'Day in the city.';
comment on column car_spells.service is 'Key of the rulebook.';
comment on column car_spells.city_id is 'City of operation.';
comment on column car_spells.state is 'available, reserved, in_use, not_offered or offline.';
comment on column car_spells.cell is 'H3 cell that it stood in; null in a trip and while unknown.';

create table trip_cells (
    trip_id uuid primary key,
    start_cell text,
    end_cell text
);
comment on table trip_cells is 'One row per trip: the H3 cells, of about 5 square kilometres, that it went between.';
comment on column trip_cells.trip_id is 'The trip.';
comment on column trip_cells.start_cell is 'Where the car stood before; null when it had not told.';
comment on column trip_cells.end_cell is 'Where the car stood afterwards; null until it has told.';

create table trip_ends (
    trip_id uuid primary key,
    service text not null,
    city_id text not null,
    member_id uuid not null,
    day date not null,
    start_zone text not null,
    end_zone text not null
);
create index trip_ends_by_day on trip_ends (service, day);
comment on table trip_ends is 'One row per trip that ended.';
comment on column trip_ends.trip_id is 'The trip.';
comment on column trip_ends.service is 'Key of the rulebook.';
comment on column trip_ends.city_id is 'City of its start.';
comment on column trip_ends.member_id is 'Who drove.';
comment on column trip_ends.day is 'Day in the city on which it ended.';
comment on column trip_ends.start_zone is 'Names of the zones in which it began.';
comment on column trip_ends.end_zone is 'Names of the zones in which it ended.';

create table member_starts (
    member_id uuid primary key,
    service text not null,
    city_id text not null,
    registered_at timestamptz not null
);
comment on table member_starts is 'One row per member.';
comment on column member_starts.member_id is 'The member.';
comment on column member_starts.service is 'Key of the rulebook.';
comment on column member_starts.city_id is 'Where the member registered.';
comment on column member_starts.registered_at is 'When the account was opened.';
