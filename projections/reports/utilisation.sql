create or replace view reports.fleet_days as
select day, service, city_id, trips, driving_s, parked_s, distance_m, revenue_minor, currency from read_v1.fleet_days;

create or replace view reports.vehicle_days as
select day, service, city_id, vehicle_id, trips, driving_s, parked_s, distance_m, revenue_minor, currency from read_v1.vehicle_days;

create or replace view reports.fleet_periods as
select period, date_trunc(period, day::timestamp)::date as starts_on, service, city_id, sum(trips)::bigint as trips,
    sum(driving_s)::bigint as driving_s, sum(parked_s)::bigint as parked_s, sum(distance_m)::bigint as distance_m,
    sum(revenue_minor)::bigint as revenue_minor, currency
from read_v1.fleet_days cross join (values ('week'), ('month'), ('year')) periods (period)
group by period, starts_on, service, city_id, currency;
comment on view reports.fleet_periods is 'One row per week, month or year, city, and currency.';
comment on column reports.fleet_periods.period is 'week, month or year.';
comment on column reports.fleet_periods.starts_on is 'First day of it; a week begins on Monday.';
comment on column reports.fleet_periods.service is 'Key of the rulebook.';
comment on column reports.fleet_periods.city_id is 'City in which the trips began.';
comment on column reports.fleet_periods.trips is 'Trips that ended.';
comment on column reports.fleet_periods.driving_s is 'Seconds of driving.';
comment on column reports.fleet_periods.parked_s is 'Seconds of parking.';
comment on column reports.fleet_periods.distance_m is 'Metres driven.';
comment on column reports.fleet_periods.revenue_minor is 'Net revenue of what ended in it, less what was credited since, in minor units.';
comment on column reports.fleet_periods.currency is 'ISO 4217; null where nothing was invoiced.';

create or replace view reports.vehicle_periods as
select period, date_trunc(period, day::timestamp)::date as starts_on, service, city_id, vehicle_id, sum(trips)::bigint as trips,
    sum(driving_s)::bigint as driving_s, sum(parked_s)::bigint as parked_s, sum(distance_m)::bigint as distance_m,
    sum(revenue_minor)::bigint as revenue_minor, currency
from read_v1.vehicle_days cross join (values ('week'), ('month'), ('year')) periods (period)
group by period, starts_on, service, city_id, vehicle_id, currency;
comment on view reports.vehicle_periods is 'One row per week, month or year, car and city, and currency.';
comment on column reports.vehicle_periods.period is 'week, month or year.';
comment on column reports.vehicle_periods.starts_on is 'First day of it; a week begins on Monday.';
comment on column reports.vehicle_periods.service is 'Key of the rulebook.';
comment on column reports.vehicle_periods.city_id is 'City in which the trips began.';
comment on column reports.vehicle_periods.vehicle_id is 'The car.';
comment on column reports.vehicle_periods.trips is 'Trips that ended.';
comment on column reports.vehicle_periods.driving_s is 'Seconds of driving.';
comment on column reports.vehicle_periods.parked_s is 'Seconds of parking.';
comment on column reports.vehicle_periods.distance_m is 'Metres driven.';
comment on column reports.vehicle_periods.revenue_minor is 'Net revenue of what ended in it, less what was credited since, in minor units.';
comment on column reports.vehicle_periods.currency is 'ISO 4217; null where nothing was invoiced.';
