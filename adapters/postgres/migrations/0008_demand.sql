create table csbe.demand (
    service text not null,
    city_id text not null,
    day date not null,
    hour smallint not null,
    cell text not null,
    kind text not null check (kind in ('search', 'quote', 'reservation', 'trip')),
    asks bigint not null,
    met bigint not null,
    askers bigint not null,
    primary key (service, day, city_id, hour, cell, kind)
);

create index demand_by_day on csbe.demand (day);

comment on table csbe.demand is 'How often people asked for a car, counted by hour and cell; nobody is named. Not events: a process that is killed loses the last seconds.';
comment on column csbe.demand.service is 'Key of the rulebook.';
comment on column csbe.demand.city_id is 'City; empty where a search found no car.';
comment on column csbe.demand.day is 'Day in the city.';
comment on column csbe.demand.hour is 'Hour there, 0 to 23.';
comment on column csbe.demand.cell is 'H3 cell, of about 5 square kilometres, where they asked; empty while unknown.';
comment on column csbe.demand.kind is 'search, quote, reservation or trip.';
comment on column csbe.demand.asks is 'How often.';
comment on column csbe.demand.met is 'How often they found, or got, what they asked for.';
comment on column csbe.demand.askers is 'How many different people, each counted once a day and cell, in the hour of their first time.';

create table csbe.refusals (
    service text not null,
    city_id text not null,
    day date not null,
    hour smallint not null,
    cell text not null,
    kind text not null,
    code text not null,
    asks bigint not null,
    primary key (service, day, city_id, hour, cell, kind, code)
);

create index refusals_by_day on csbe.refusals (day);

comment on table csbe.refusals is 'Why asks were not met, counted by hour and cell; one that broke several rules counts for each.';
comment on column csbe.refusals.service is 'Key of the rulebook.';
comment on column csbe.refusals.city_id is 'City; empty where a search found no car.';
comment on column csbe.refusals.day is 'Day in the city.';
comment on column csbe.refusals.hour is 'Hour there, 0 to 23.';
comment on column csbe.refusals.cell is 'H3 cell where they asked; empty while unknown.';
comment on column csbe.refusals.kind is 'search, quote, reservation or trip.';
comment on column csbe.refusals.code is 'Code of the rule that said no; search.nothing_found for a search without a car.';
comment on column csbe.refusals.asks is 'How often.';

create table csbe.zone_demand (
    service text not null,
    city_id text not null,
    day date not null,
    hour smallint not null,
    zone text not null,
    kind text not null check (kind in ('search', 'quote', 'reservation', 'trip')),
    asks bigint not null,
    met bigint not null,
    askers bigint not null,
    primary key (service, day, city_id, hour, zone, kind)
);
create index zone_demand_by_day on csbe.zone_demand (day);

comment on table csbe.zone_demand is 'How often people asked for a car, counted by hour and zone: the asks of demand, which are counted by cell.';
comment on column csbe.zone_demand.service is 'Key of the rulebook.';
comment on column csbe.zone_demand.city_id is 'City; empty where a search found no car.';
comment on column csbe.zone_demand.day is 'Day in the city.';
comment on column csbe.zone_demand.hour is 'Hour there, 0 to 23.';
comment on column csbe.zone_demand.zone is 'Names of the zones in which they asked, as they were then; elsewhere for none, empty while unknown.';
comment on column csbe.zone_demand.kind is 'search, quote, reservation or trip.';
comment on column csbe.zone_demand.asks is 'How often.';
comment on column csbe.zone_demand.met is 'How often they found, or got, what they asked for.';
comment on column csbe.zone_demand.askers is 'How many different people, each counted once a day and zone, in the hour of their first time.';

create table csbe.zone_refusals (
    service text not null,
    city_id text not null,
    day date not null,
    hour smallint not null,
    zone text not null,
    kind text not null,
    code text not null,
    asks bigint not null,
    primary key (service, day, city_id, hour, zone, kind, code)
);
create index zone_refusals_by_day on csbe.zone_refusals (day);

comment on table csbe.zone_refusals is 'Why asks were not met, counted by hour and zone; one that broke several rules counts for each.';
comment on column csbe.zone_refusals.service is 'Key of the rulebook.';
comment on column csbe.zone_refusals.city_id is 'City; empty where a search found no car.';
comment on column csbe.zone_refusals.day is 'Day in the city.';
comment on column csbe.zone_refusals.hour is 'Hour there, 0 to 23.';
comment on column csbe.zone_refusals.zone is 'Names of the zones in which they asked; elsewhere for none, empty while unknown.';
comment on column csbe.zone_refusals.kind is 'search, quote, reservation or trip.';
comment on column csbe.zone_refusals.code is 'Code of the rule that said no; search.nothing_found for a search without a car.';
comment on column csbe.zone_refusals.asks is 'How often.';
