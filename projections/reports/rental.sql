create or replace view reports.reservations as
select reservation_id, service, member_id, vehicle_id, city_id, state, placed_at, free_until, expires_at, trip_id from read_v1.reservations;
comment on view reports.reservations is 'One row per reservation.';
comment on column reports.reservations.reservation_id is 'The reservation.';
comment on column reports.reservations.service is 'Key of the rulebook.';
comment on column reports.reservations.member_id is 'Who holds the car.';
comment on column reports.reservations.vehicle_id is 'The car.';
comment on column reports.reservations.city_id is 'City.';
comment on column reports.reservations.state is 'open, converted, cancelled or expired.';
comment on column reports.reservations.placed_at is 'When it began.';
comment on column reports.reservations.free_until is 'End of the free time.';
comment on column reports.reservations.expires_at is 'End of the reservation.';
comment on column reports.reservations.trip_id is 'The trip that it became.';

create or replace view reports.trips as
select trip_id, service, member_id, vehicle_id, reservation_id, city_id, state, requested_at, started_at, ended_at,
    driving_s, parked_s, distance_m, forced, case when state = 'start_failed' then reason end as reason
from read_v1.trips;
comment on view reports.trips is 'One row per trip.';
comment on column reports.trips.trip_id is 'The trip.';
comment on column reports.trips.service is 'Key of the rulebook.';
comment on column reports.trips.member_id is 'Who drives.';
comment on column reports.trips.vehicle_id is 'The car.';
comment on column reports.trips.reservation_id is 'The reservation that it came from.';
comment on column reports.trips.city_id is 'City of its start.';
comment on column reports.trips.state is 'requested, starting, running, parked, ending, ended or start_failed.';
comment on column reports.trips.requested_at is 'When it was asked for.';
comment on column reports.trips.started_at is 'When the car confirmed that it was open.';
comment on column reports.trips.ended_at is 'When it ended; billing stops here.';
comment on column reports.trips.driving_s is 'Seconds of driving.';
comment on column reports.trips.parked_s is 'Seconds of parking.';
comment on column reports.trips.distance_m is 'Metres driven.';
comment on column reports.trips.forced is 'Whether an agent ended it.';
comment on column reports.trips.reason is 'Why it failed to start.';
