create or replace view reports.fleet_days as
select day, service, city_id, trips, driving_s, parked_s, distance_m, revenue_minor, currency from read_v1.fleet_days;
comment on view reports.fleet_days is 'One row per day, service and city.';
comment on column reports.fleet_days.day is 'Day in the city on which the trips ended.';
comment on column reports.fleet_days.service is 'Key of the rulebook.';
comment on column reports.fleet_days.city_id is 'City.';
comment on column reports.fleet_days.trips is 'Trips that ended.';
comment on column reports.fleet_days.driving_s is 'Seconds of driving.';
comment on column reports.fleet_days.parked_s is 'Seconds of parking.';
comment on column reports.fleet_days.distance_m is 'Metres driven.';
comment on column reports.fleet_days.revenue_minor is 'Net revenue of what ended on the day, less what was credited since, in minor units.';
comment on column reports.fleet_days.currency is 'ISO 4217.';
