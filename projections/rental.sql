create table reservations (
    reservation_id uuid primary key,
    service text not null,
    member_id uuid not null,
    vehicle_id uuid not null,
    city_id text not null,
    state text not null,
    placed_at timestamptz not null,
    free_until timestamptz not null,
    expires_at timestamptz not null,
    trip_id uuid
);
create index reservations_by_member on reservations (service, member_id, placed_at desc);
create index reservations_by_time on reservations (service, placed_at desc);
create index reservations_by_vehicle on reservations (vehicle_id, placed_at desc);
comment on table reservations is 'One row per reservation.';
comment on column reservations.reservation_id is 'The reservation.';
comment on column reservations.service is 'Key of the rulebook.';
comment on column reservations.member_id is 'Who holds the car.';
comment on column reservations.vehicle_id is 'The car.';
comment on column reservations.city_id is 'City.';
comment on column reservations.state is 'open, converted, cancelled or expired.';
comment on column reservations.placed_at is 'When it began.';
comment on column reservations.free_until is 'End of the free time.';
comment on column reservations.expires_at is 'End of the reservation.';
comment on column reservations.trip_id is 'The trip that it became.';

create table scheduled_reservations (
    scheduled_reservation_id uuid primary key,
    service text not null,
    member_id uuid not null,
    vehicle_id uuid not null,
    car_chosen boolean not null,
    city_id text not null,
    model text not null,
    state text not null,
    purpose text not null,
    placed_at timestamptz not null,
    booked_from timestamptz not null,
    booked_until timestamptz not null,
    trip_id uuid
);
create index scheduled_reservations_by_member on scheduled_reservations (service, member_id, booked_from desc);
create index scheduled_reservations_by_time on scheduled_reservations (service, booked_from desc);
create index scheduled_reservations_by_vehicle on scheduled_reservations (vehicle_id, booked_from desc);
comment on table scheduled_reservations is 'One row per reservation ahead of time.';
comment on column scheduled_reservations.scheduled_reservation_id is 'The reservation.';
comment on column scheduled_reservations.service is 'Key of the rulebook.';
comment on column scheduled_reservations.member_id is 'To whom a car is promised.';
comment on column scheduled_reservations.vehicle_id is 'The car; until it is pinned it may become another one.';
comment on column scheduled_reservations.car_chosen is 'Whether the member asked for this car, and not for any of its model.';
comment on column scheduled_reservations.city_id is 'City.';
comment on column scheduled_reservations.model is 'Model of the car.';
comment on column scheduled_reservations.state is 'placed, pinned, converted, completed, cancelled, no_show or no_car.';
comment on column scheduled_reservations.purpose is 'private or business.';
comment on column scheduled_reservations.placed_at is 'When it was made.';
comment on column scheduled_reservations.booked_from is 'Begin of the period.';
comment on column scheduled_reservations.booked_until is 'End of the period, as agreed last.';
comment on column scheduled_reservations.trip_id is 'The trip that it became.';

create table trips (
    trip_id uuid primary key,
    service text not null,
    member_id uuid not null,
    vehicle_id uuid not null,
    reservation_id uuid,
    city_id text not null,
    state text not null,
    requested_at timestamptz not null,
    started_at timestamptz,
    ended_at timestamptz,
    driving_s integer,
    parked_s integer,
    distance_m bigint,
    forced boolean not null default false,
    corrected boolean not null default false,
    reason text
);
create index trips_by_member on trips (service, member_id, requested_at desc);
create index trips_by_time on trips (service, requested_at desc);
create index trips_by_vehicle on trips (vehicle_id, requested_at desc);
create index trips_ended on trips (service, ended_at) where ended_at is not null;
comment on table trips is 'One row per trip.';
comment on column trips.trip_id is 'The trip.';
comment on column trips.service is 'Key of the rulebook.';
comment on column trips.member_id is 'Who drives.';
comment on column trips.vehicle_id is 'The car.';
comment on column trips.reservation_id is 'The reservation that it came from.';
comment on column trips.city_id is 'City of its start.';
comment on column trips.state is 'requested, starting, running, parked, ending, ended or start_failed.';
comment on column trips.requested_at is 'When it was asked for.';
comment on column trips.started_at is 'When the car confirmed that it was open.';
comment on column trips.ended_at is 'When it ended; billing stops here.';
comment on column trips.driving_s is 'Seconds of driving.';
comment on column trips.parked_s is 'Seconds of parking.';
comment on column trips.distance_m is 'Metres driven.';
comment on column trips.forced is 'Whether an agent ended it.';
comment on column trips.corrected is 'Whether its end, times or distance were corrected after it had ended.';
comment on column trips.reason is 'Why it failed to start.';
