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
comment on column csbe.telemetry.anomalies is 'What was wrong with it: duplicate, out_of_order, late, clock_skew, frozen, jump.';
comment on column csbe.telemetry.signals is 'All signals of the message by VSS path.';

create table csbe.telemetry_tracks (
    vin text primary key,
    track jsonb,
    reported jsonb,
    updated_at timestamptz not null default now()
);

comment on table csbe.telemetry_tracks is 'What ingest remembers of each car between messages; its row is locked while a batch of that car is worked on.';
comment on column csbe.telemetry_tracks.vin is 'Vehicle identification number.';
comment on column csbe.telemetry_tracks.track is 'Plausibility: recent sequence numbers, believed fix, distance driven in metres, count of each anomaly.';
comment on column csbe.telemetry_tracks.reported is 'The readings that fleet was reported last; the next observation is sent when something that means something differs.';
comment on column csbe.telemetry_tracks.updated_at is 'When the car''s last batch was stored.';

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

create table csbe.provider_operations (
    idempotency_key text primary key,
    payment_id uuid not null,
    operation text not null check (operation in ('hold', 'capture', 'release', 'refund')),
    amount_minor bigint not null check (amount_minor >= 0),
    currency text not null,
    accepted boolean not null,
    reference text not null,
    decline_code text,
    performed_at timestamptz not null default now(),
    check (accepted = (decline_code is null))
);

create index provider_operations_by_payment on csbe.provider_operations (payment_id);

comment on table csbe.provider_operations is 'The simulated payment provider''s own books: every operation it was asked for and its answer. A real provider keeps these on its side.';
comment on column csbe.provider_operations.idempotency_key is 'The caller''s key; the same key gets the same answer.';
comment on column csbe.provider_operations.payment_id is 'The payment that it belongs to.';
comment on column csbe.provider_operations.operation is 'hold, capture, release or refund.';
comment on column csbe.provider_operations.amount_minor is 'Amount in minor units of the currency.';
comment on column csbe.provider_operations.currency is 'ISO 4217 code.';
comment on column csbe.provider_operations.accepted is 'Whether the provider did it.';
comment on column csbe.provider_operations.reference is 'The provider''s reference of the operation.';
comment on column csbe.provider_operations.decline_code is 'Why it did not, when it did not.';
comment on column csbe.provider_operations.performed_at is 'When it answered first.';

create table csbe.messages_sent (
    idempotency_key text primary key,
    sent_at timestamptz not null default now()
);

comment on table csbe.messages_sent is 'Messages to members that a mail server has taken, so that none is sent twice. Holds no address and no content.';
comment on column csbe.messages_sent.idempotency_key is 'Id of the effect that asked for the message.';
comment on column csbe.messages_sent.sent_at is 'When the mail server took it.';
