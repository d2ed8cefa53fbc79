create or replace view reports.demand_hours as
select service, city_id, day, hour, kind, sum(asks)::bigint as asks, sum(met)::bigint as met, sum(asks - met)::bigint as unmet
from csbe.demand group by service, city_id, day, hour, kind;
comment on view reports.demand_hours is 'One row per hour, city and kind of ask: how often people asked for a car.';
comment on column reports.demand_hours.service is 'Key of the rulebook.';
comment on column reports.demand_hours.city_id is 'City; empty where a search found no car and named no city.';
comment on column reports.demand_hours.day is 'Day in the city.';
comment on column reports.demand_hours.hour is 'Hour there, 0 to 23.';
comment on column reports.demand_hours.kind is 'search, quote, reservation or trip.';
comment on column reports.demand_hours.asks is 'How often.';
comment on column reports.demand_hours.met is 'How often they found, or got, what they asked for.';
comment on column reports.demand_hours.unmet is 'How often not.';

create or replace view reports.demand_cells as
select period, date_trunc(period, day::timestamp)::date as starts_on, service, city_id, cell, hour, kind,
    sum(asks)::bigint as asks, sum(met)::bigint as met, sum(asks - met)::bigint as unmet
from csbe.demand cross join (values ('week'), ('month'), ('year')) periods (period)
where cell <> ''
group by period, starts_on, service, city_id, cell, hour, kind
having sum(askers) >= 5;
comment on view reports.demand_cells is 'One row per week, month or year, cell, hour of the day and kind, where at least 5 people asked.';
comment on column reports.demand_cells.period is 'week, month or year.';
comment on column reports.demand_cells.starts_on is 'First day of it; a week begins on Monday.';
comment on column reports.demand_cells.service is 'Key of the rulebook.';
comment on column reports.demand_cells.city_id is 'City; empty where a search found no car and named no city.';
comment on column reports.demand_cells.cell is 'H3 cell, of about 5 square kilometres, where they asked, or where the car stood.';
comment on column reports.demand_cells.hour is 'Hour there, 0 to 23.';
comment on column reports.demand_cells.kind is 'search, quote, reservation or trip.';
comment on column reports.demand_cells.asks is 'How often.';
comment on column reports.demand_cells.met is 'How often they found, or got, what they asked for.';
comment on column reports.demand_cells.unmet is 'How often not.';

create or replace view reports.demand_zones as
select period, date_trunc(period, day::timestamp)::date as starts_on, service, city_id, zone, hour, kind,
    sum(asks)::bigint as asks, sum(met)::bigint as met, sum(asks - met)::bigint as unmet
from csbe.zone_demand cross join (values ('week'), ('month'), ('year')) periods (period)
where zone <> ''
group by period, starts_on, service, city_id, zone, hour, kind
having sum(askers) >= 5;
comment on view reports.demand_zones is 'One row per week, month or year, zone, hour of the day and kind, where at least 5 people asked.';
comment on column reports.demand_zones.period is 'week, month or year.';
comment on column reports.demand_zones.starts_on is 'First day of it; a week begins on Monday.';
comment on column reports.demand_zones.service is 'Key of the rulebook.';
comment on column reports.demand_zones.city_id is 'City; empty where a search found no car and named no city.';
comment on column reports.demand_zones.zone is 'Names of the zones in which they asked, or in which the car stood; elsewhere for none.';
comment on column reports.demand_zones.hour is 'Hour there, 0 to 23.';
comment on column reports.demand_zones.kind is 'search, quote, reservation or trip.';
comment on column reports.demand_zones.asks is 'How often.';
comment on column reports.demand_zones.met is 'How often they found, or got, what they asked for.';
comment on column reports.demand_zones.unmet is 'How often not.';

create or replace view reports.refusal_hours as
select service, city_id, day, hour, kind, code, sum(asks)::bigint as asks
from csbe.refusals group by service, city_id, day, hour, kind, code;
comment on view reports.refusal_hours is 'One row per hour, city, kind of ask and reason why it was not met; an ask that broke several rules counts for each.';
comment on column reports.refusal_hours.service is 'Key of the rulebook.';
comment on column reports.refusal_hours.city_id is 'City; empty where a search found no car and named no city.';
comment on column reports.refusal_hours.day is 'Day in the city.';
comment on column reports.refusal_hours.hour is 'Hour there, 0 to 23.';
comment on column reports.refusal_hours.kind is 'search, quote, reservation or trip.';
comment on column reports.refusal_hours.code is 'Code of the rule that said no; search.nothing_found for a search without a car.';
comment on column reports.refusal_hours.asks is 'How often.';

create or replace view reports.refusal_cells as
with shown as (
    select period, starts_on, service, city_id, cell, hour, kind from reports.demand_cells
)
select period, starts_on, service, city_id, cell, hour, kind, code, sum(asks)::bigint as asks
from shown join csbe.refusals using (service, city_id, cell, hour, kind)
where date_trunc(period, day::timestamp)::date = starts_on
group by period, starts_on, service, city_id, cell, hour, kind, code;
comment on view reports.refusal_cells is 'The rows of demand_cells by the reasons why asks were not met; an ask that broke several rules counts for each.';
comment on column reports.refusal_cells.period is 'week, month or year.';
comment on column reports.refusal_cells.starts_on is 'First day of it; a week begins on Monday.';
comment on column reports.refusal_cells.service is 'Key of the rulebook.';
comment on column reports.refusal_cells.city_id is 'City; empty where a search found no car and named no city.';
comment on column reports.refusal_cells.cell is 'H3 cell where they asked, or where the car stood.';
comment on column reports.refusal_cells.hour is 'Hour there, 0 to 23.';
comment on column reports.refusal_cells.kind is 'search, quote, reservation or trip.';
comment on column reports.refusal_cells.code is 'Code of the rule that said no; search.nothing_found for a search without a car.';
comment on column reports.refusal_cells.asks is 'How often.';

create or replace view reports.refusal_zones as
with shown as (
    select period, starts_on, service, city_id, zone, hour, kind from reports.demand_zones
)
select period, starts_on, service, city_id, zone, hour, kind, code, sum(asks)::bigint as asks
from shown join csbe.zone_refusals using (service, city_id, zone, hour, kind)
where date_trunc(period, day::timestamp)::date = starts_on
group by period, starts_on, service, city_id, zone, hour, kind, code;
comment on view reports.refusal_zones is 'The rows of demand_zones by the reasons why asks were not met; an ask that broke several rules counts for each.';
comment on column reports.refusal_zones.period is 'week, month or year.';
comment on column reports.refusal_zones.starts_on is 'First day of it; a week begins on Monday.';
comment on column reports.refusal_zones.service is 'Key of the rulebook.';
comment on column reports.refusal_zones.city_id is 'City; empty where a search found no car and named no city.';
comment on column reports.refusal_zones.zone is 'Names of the zones in which they asked, or in which the car stood.';
comment on column reports.refusal_zones.hour is 'Hour there, 0 to 23.';
comment on column reports.refusal_zones.kind is 'search, quote, reservation or trip.';
comment on column reports.refusal_zones.code is 'Code of the rule that said no; search.nothing_found for a search without a car.';
comment on column reports.refusal_zones.asks is 'How often.';

create or replace view reports.funnel as
select period, date_trunc(period, day::timestamp)::date as starts_on, service, city_id,
    coalesce(sum(asks) filter (where kind = 'search'), 0)::bigint as searches,
    coalesce(sum(met) filter (where kind = 'search'), 0)::bigint as searches_with_cars,
    coalesce(sum(met) filter (where kind = 'quote'), 0)::bigint as quotes,
    coalesce(sum(met) filter (where kind = 'reservation'), 0)::bigint as reservations,
    coalesce(sum(met) filter (where kind = 'trip'), 0)::bigint as trips
from csbe.demand cross join (values ('week'), ('month'), ('year')) periods (period)
group by period, starts_on, service, city_id;
comment on view reports.funnel is 'One row per week, month or year and city: from the search to the trip.';
comment on column reports.funnel.period is 'week, month or year.';
comment on column reports.funnel.starts_on is 'First day of it; a week begins on Monday.';
comment on column reports.funnel.service is 'Key of the rulebook.';
comment on column reports.funnel.city_id is 'City; empty where a search found no car and named no city.';
comment on column reports.funnel.searches is 'Searches for free cars near a place or in a city.';
comment on column reports.funnel.searches_with_cars is 'Those that found one.';
comment on column reports.funnel.quotes is 'Prices that were shown.';
comment on column reports.funnel.reservations is 'Cars that were reserved.';
comment on column reports.funnel.trips is 'Trips that were asked for and not refused, with or without a reservation.';

