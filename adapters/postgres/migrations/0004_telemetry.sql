create table csbe.telemetry (
    received_at timestamptz not null,
    measured_at timestamptz not null,
    vin text not null,
    service text not null,
    seq bigint not null,
    latitude double precision,
    longitude double precision,
    speed_kmh real,
    odometer_m bigint,
    energy_percent real,
    anomalies text[] not null,
    signals jsonb not null
) partition by range (received_at);

create index telemetry_by_vehicle on csbe.telemetry (vin, received_at);

comment on table csbe.telemetry is 'Raw telemetry as received, one row per message, in one partition per UTC day of receipt; old days are dropped. Not events: what means something is in the event log.';
comment on column csbe.telemetry.received_at is 'When the backend took it from the broker; decides the partition.';
comment on column csbe.telemetry.measured_at is 'When the car says that it measured, by its own clock.';
comment on column csbe.telemetry.vin is 'Vehicle identification number.';
comment on column csbe.telemetry.service is 'Key of the rulebook, from the topic.';
comment on column csbe.telemetry.seq is 'The car''s own count of its messages.';
comment on column csbe.telemetry.latitude is 'WGS 84 degrees, as reported.';
comment on column csbe.telemetry.longitude is 'WGS 84 degrees, as reported.';
comment on column csbe.telemetry.speed_kmh is 'Speedometer, km/h.';
comment on column csbe.telemetry.odometer_m is 'Odometer, metres.';
comment on column csbe.telemetry.energy_percent is 'Fuel level or state of charge, percent.';
comment on column csbe.telemetry.anomalies is 'What was wrong with it: duplicate, out_of_order, late, clock_skew, no_fix, inaccurate, frozen, jump, odometer, contradicted.';
comment on column csbe.telemetry.signals is 'All signals of the message by VSS path.';

create table csbe.vehicle_twins (
    vin text primary key,
    twin json,
    told json,
    online boolean,
    revision bigint not null default 0,
    heard_at timestamptz,
    heard_minute timestamp generated always as (date_trunc('minute', heard_at at time zone 'UTC')) stored,
    asked_at timestamptz
);

create index vehicle_twins_by_silence on csbe.vehicle_twins (heard_minute) where online is distinct from false;

comment on table csbe.vehicle_twins is 'Each car as it shows itself, beside the log; its row is locked while a batch of that car is worked on.';
comment on column csbe.vehicle_twins.vin is 'Vehicle identification number.';
comment on column csbe.vehicle_twins.twin is 'Of each signal the newest value and its time; the clock, the believed place, the way driven in metres, the odometer, and how often there was each anomaly.';
comment on column csbe.vehicle_twins.told is 'What fleet was told last; it is told again when something that means something differs.';
comment on column csbe.vehicle_twins.online is 'Whether fleet was told last that it can be reached; null before it was told either.';
comment on column csbe.vehicle_twins.revision is 'How often it was stored; a process that remembers this one need not read the rest.';
comment on column csbe.vehicle_twins.heard_at is 'When anything came from it last.';
comment on column csbe.vehicle_twins.heard_minute is 'The minute of heard_at in UTC, by which those that have fallen silent are found: it changes seldom enough that most messages leave the index alone.';
comment on column csbe.vehicle_twins.asked_at is 'Since when it has been asked for its state anew, after the backend had been away; null once it was heard of again.';

create table csbe.dead_letters (
    id bigint generated always as identity primary key,
    received_at timestamptz not null default now(),
    topic text not null,
    payload bytea not null,
    reason text not null
);

create index dead_letters_by_time on csbe.dead_letters (received_at);

comment on table csbe.dead_letters is 'Messages from vehicles that could not be used, with the reason; nothing is dropped silently.';
comment on column csbe.dead_letters.id is 'Order of arrival.';
comment on column csbe.dead_letters.received_at is 'When the backend took it from the broker.';
comment on column csbe.dead_letters.topic is 'MQTT topic that it came on.';
comment on column csbe.dead_letters.payload is 'The first 64 KiB of the payload, as received.';
comment on column csbe.dead_letters.reason is 'What is wrong with it.';
