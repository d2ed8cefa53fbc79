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
