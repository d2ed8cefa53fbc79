create or replace view reports.cities as
select service, city_id, timezone from read_v1.cities;

create or replace view reports.car_states as
select vehicle_id, service, city_id, day, state, since, until, extract(epoch from until - since)::float8 as seconds
from read_v1.car_spells
union all
select car.vehicle_id, car.service, car.city_id, each.day::date, car.state, greatest(car.since, each.day at time zone car.timezone),
    least(now(), (each.day + interval '1 day') at time zone car.timezone),
    extract(epoch from least(now(), (each.day + interval '1 day') at time zone car.timezone)
        - greatest(car.since, each.day at time zone car.timezone))::float8
from read_v1.car_watch car
cross join lateral generate_series(
    date_trunc('day', car.since at time zone car.timezone), now() at time zone car.timezone, interval '1 day'
) each (day)
where car.state is not null and car.since < now();
comment on view reports.car_states is 'One row per time that a car was in one state, cut at each midnight of its city; the last one lasts until now.';
comment on column reports.car_states.vehicle_id is 'The car.';
comment on column reports.car_states.service is 'Key of the rulebook.';
comment on column reports.car_states.city_id is 'City of operation.';
comment on column reports.car_states.day is 'Day in the city.';
comment on column reports.car_states.state is 'available, reserved, in_use, not_offered (out of service) or offline (offered, but it cannot be reached).';
comment on column reports.car_states.since is 'From then on.';
comment on column reports.car_states.until is 'Until then.';
comment on column reports.car_states.seconds is 'How long.';

create or replace view reports.availability_days as
select service, city_id, day, count(distinct vehicle_id) as cars,
    coalesce(sum(seconds) filter (where state = 'available'), 0) as available_s,
    coalesce(sum(seconds) filter (where state = 'reserved'), 0) as reserved_s,
    coalesce(sum(seconds) filter (where state = 'in_use'), 0) as in_use_s,
    coalesce(sum(seconds) filter (where state = 'not_offered'), 0) as not_offered_s,
    coalesce(sum(seconds) filter (where state = 'offline'), 0) as offline_s,
    coalesce(sum(seconds) filter (where state = 'in_use') / nullif(sum(seconds), 0), 0) as utilisation
from reports.car_states
group by service, city_id, day;
comment on view reports.availability_days is 'One row per day and city: how long its cars were in each state.';
comment on column reports.availability_days.service is 'Key of the rulebook.';
comment on column reports.availability_days.city_id is 'City of operation.';
comment on column reports.availability_days.day is 'Day in the city.';
comment on column reports.availability_days.cars is 'Cars that belonged to the fleet.';
comment on column reports.availability_days.available_s is 'Seconds in which a car could have been taken, of all cars.';
comment on column reports.availability_days.reserved_s is 'Seconds reserved.';
comment on column reports.availability_days.in_use_s is 'Seconds in a trip.';
comment on column reports.availability_days.not_offered_s is 'Seconds out of service.';
comment on column reports.availability_days.offline_s is 'Seconds in which an offered car could not be reached.';
comment on column reports.availability_days.utilisation is 'Share of its time that the fleet was in a trip, 0 to 1.';

create or replace view reports.availability as
select period, date_trunc(period, day::timestamp)::date as starts_on, service, city_id, count(*) as days, avg(cars)::float8 as cars,
    sum(available_s) as available_s, sum(reserved_s) as reserved_s, sum(in_use_s) as in_use_s,
    sum(not_offered_s) as not_offered_s, sum(offline_s) as offline_s,
    coalesce(sum(in_use_s) / nullif(sum(available_s + reserved_s + in_use_s + not_offered_s + offline_s), 0), 0) as utilisation
from reports.availability_days cross join (values ('week'), ('month'), ('year')) periods (period)
group by period, starts_on, service, city_id;
comment on view reports.availability is 'One row per week, month or year and city: how long its cars were in each state.';
comment on column reports.availability.period is 'week, month or year.';
comment on column reports.availability.starts_on is 'First day of it; a week begins on Monday.';
comment on column reports.availability.service is 'Key of the rulebook.';
comment on column reports.availability.city_id is 'City of operation.';
comment on column reports.availability.days is 'Days of it that are counted here.';
comment on column reports.availability.cars is 'Cars that belonged to the fleet, on average of these days.';
comment on column reports.availability.available_s is 'Seconds in which a car could have been taken, of all cars.';
comment on column reports.availability.reserved_s is 'Seconds reserved.';
comment on column reports.availability.in_use_s is 'Seconds in a trip.';
comment on column reports.availability.not_offered_s is 'Seconds out of service.';
comment on column reports.availability.offline_s is 'Seconds in which an offered car could not be reached.';
comment on column reports.availability.utilisation is 'Share of its time that the fleet was in a trip, 0 to 1.';

create or replace view reports.idle_cells as
select period, date_trunc(period, day::timestamp)::date as starts_on, service, city_id, cell, count(distinct vehicle_id) as cars,
    round(sum(extract(epoch from until - since)) / 3600)::bigint as idle_h
from read_v1.car_spells cross join (values ('week'), ('month'), ('year')) periods (period)
where state = 'available' and cell is not null
group by period, starts_on, service, city_id, cell
having count(distinct vehicle_id) >= 5;
comment on view reports.idle_cells is 'One row per week, month or year and cell in which at least 5 cars stood: how long they waited there for somebody, each time counted once it is over.';
comment on column reports.idle_cells.period is 'week, month or year.';
comment on column reports.idle_cells.starts_on is 'First day of it; a week begins on Monday.';
comment on column reports.idle_cells.service is 'Key of the rulebook.';
comment on column reports.idle_cells.city_id is 'City of operation.';
comment on column reports.idle_cells.cell is 'H3 cell, of about 5 square kilometres.';
comment on column reports.idle_cells.cars is 'Different cars that stood there.';
comment on column reports.idle_cells.idle_h is 'Hours in which they could have been taken, of all cars.';

create or replace view reports.zone_flows as
select period, date_trunc(period, day::timestamp)::date as starts_on, service, city_id, start_zone, end_zone, count(*) as trips
from read_v1.trip_ends cross join (values ('week'), ('month'), ('year')) periods (period)
group by period, starts_on, service, city_id, start_zone, end_zone
having count(distinct member_id) >= 5;
comment on view reports.zone_flows is 'One row per week, month or year and pair of zones between which at least 5 members drove.';
comment on column reports.zone_flows.period is 'week, month or year.';
comment on column reports.zone_flows.starts_on is 'First day of it; a week begins on Monday.';
comment on column reports.zone_flows.service is 'Key of the rulebook.';
comment on column reports.zone_flows.city_id is 'City of the start.';
comment on column reports.zone_flows.start_zone is 'Names of the zones in which the trips began; elsewhere for none.';
comment on column reports.zone_flows.end_zone is 'Names of the zones in which they ended.';
comment on column reports.zone_flows.trips is 'Trips that ended.';

create or replace view reports.cell_flows as
select period, date_trunc(period, day::timestamp)::date as starts_on, service, city_id, start_cell, end_cell, count(*) as trips
from read_v1.trip_ends join read_v1.trip_cells using (trip_id)
cross join (values ('week'), ('month'), ('year')) periods (period)
where start_cell is not null and end_cell is not null
group by period, starts_on, service, city_id, start_cell, end_cell
having count(distinct member_id) >= 5;
comment on view reports.cell_flows is 'One row per week, month or year and pair of cells between which at least 5 members drove.';
comment on column reports.cell_flows.period is 'week, month or year.';
comment on column reports.cell_flows.starts_on is 'First day of it; a week begins on Monday.';
comment on column reports.cell_flows.service is 'Key of the rulebook.';
comment on column reports.cell_flows.city_id is 'City of the start.';
comment on column reports.cell_flows.start_cell is 'H3 cell, of about 5 square kilometres, in which the trips began.';
comment on column reports.cell_flows.end_cell is 'H3 cell in which they ended.';
comment on column reports.cell_flows.trips is 'Trips that ended.';

create or replace view reports.retention as
with starts as (
    select member_id, service, city_id,
        date_trunc('month', registered_at at time zone coalesce(timezone, 'UTC'))::date as cohort
    from read_v1.member_starts left join read_v1.cities using (service, city_id)
), sizes as (
    select service, city_id, cohort, count(*) as members from starts group by service, city_id, cohort
), months as (
    select distinct member_id, date_trunc('month', day::timestamp)::date as month from read_v1.trip_ends
)
select s.service, s.city_id, s.cohort, m.month,
    ((extract(year from m.month) - extract(year from s.cohort)) * 12 + extract(month from m.month) - extract(month from s.cohort))::int as age,
    min(sizes.members) as members, count(*) as active
from starts s join months m using (member_id) join sizes using (service, city_id, cohort)
group by s.service, s.city_id, s.cohort, m.month;
comment on view reports.retention is 'One row per month of registration and month in which some of those who registered then drove.';
comment on column reports.retention.service is 'Key of the rulebook.';
comment on column reports.retention.city_id is 'Where the members registered.';
comment on column reports.retention.cohort is 'First day of the month in which they registered.';
comment on column reports.retention.month is 'First day of the month in which they drove.';
comment on column reports.retention.age is 'Months between the two.';
comment on column reports.retention.members is 'Members who registered in that month.';
comment on column reports.retention.active is 'Those of them who ended a trip in this month.';
