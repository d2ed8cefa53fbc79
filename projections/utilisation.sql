create table fleet_days (
    day date not null,
    service text not null,
    city_id text not null,
    trips integer not null default 0,
    driving_s bigint not null default 0,
    parked_s bigint not null default 0,
    distance_m bigint not null default 0,
    revenue_minor bigint not null default 0,
    currency text,
    primary key (service, day, city_id)
);
comment on table fleet_days is 'One row per day, service and city.';
comment on column fleet_days.day is 'Day in the city on which the trips ended.';
comment on column fleet_days.service is 'Key of the rulebook.';
comment on column fleet_days.city_id is 'City.';
comment on column fleet_days.trips is 'Trips that ended.';
comment on column fleet_days.driving_s is 'Seconds of driving.';
comment on column fleet_days.parked_s is 'Seconds of parking.';
comment on column fleet_days.distance_m is 'Metres driven.';
comment on column fleet_days.revenue_minor is 'Net revenue of what ended on the day, less what was credited since, in minor units.';
comment on column fleet_days.currency is 'ISO 4217.';

create table vehicle_days (
    vehicle_id uuid not null,
    day date not null,
    service text not null,
    city_id text not null,
    trips integer not null default 0,
    driving_s bigint not null default 0,
    parked_s bigint not null default 0,
    distance_m bigint not null default 0,
    revenue_minor bigint not null default 0,
    currency text,
    primary key (vehicle_id, day, city_id)
);
create index vehicle_days_by_day on vehicle_days (service, day);
comment on table vehicle_days is 'One row per day, car and city, for days on which something of it ended.';
comment on column vehicle_days.vehicle_id is 'The car.';
comment on column vehicle_days.day is 'Day in the city on which the trips ended.';
comment on column vehicle_days.service is 'Key of the rulebook.';
comment on column vehicle_days.city_id is 'City in which the trips began.';
comment on column vehicle_days.trips is 'Trips that ended.';
comment on column vehicle_days.driving_s is 'Seconds of driving.';
comment on column vehicle_days.parked_s is 'Seconds of parking.';
comment on column vehicle_days.distance_m is 'Metres driven.';
comment on column vehicle_days.revenue_minor is 'Net revenue of trips and reservations with it that ended on the day, less what was credited since, in minor units.';
comment on column vehicle_days.currency is 'ISO 4217.';

create table charged_vehicles (
    subject_id uuid primary key,
    vehicle_id uuid not null
);
comment on table charged_vehicles is 'One row per reservation and trip: the car that its charges are for.';
comment on column charged_vehicles.subject_id is 'The reservation or trip.';
comment on column charged_vehicles.vehicle_id is 'The car.';

create table charge_days (
    charge_id uuid primary key,
    day date not null,
    city_id text not null,
    vehicle_id uuid
);
comment on table charge_days is 'One row per charge: in which rows of fleet_days and vehicle_days its revenue stands.';
comment on column charge_days.charge_id is 'The charge.';
comment on column charge_days.day is 'Day in the city on which what it is for ended.';
comment on column charge_days.city_id is 'City.';
comment on column charge_days.vehicle_id is 'The car that it is for; null for what no car was taken for.';
