create or replace view reports.reservations as
select reservation_id, service, member_id, vehicle_id, city_id, state, placed_at, free_until, expires_at, trip_id from read_v1.reservations;

create or replace view reports.trips as
select trip_id, service, member_id, vehicle_id, reservation_id, city_id, state, requested_at, started_at, ended_at,
    driving_s, parked_s, distance_m, forced, corrected, reason
from read_v1.trips;
comment on column reports.trips.reason is 'Why it failed to start.';

create or replace view reports.scheduled_reservations as
select scheduled_reservation_id, service, member_id, vehicle_id, car_chosen, city_id, model, state, purpose, placed_at, booked_from, booked_until, trip_id
from read_v1.scheduled_reservations;
