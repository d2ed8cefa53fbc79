create schema if not exists csbe;
comment on schema csbe is 'The event store and the machinery beside it. Analysts read schema reports instead.';

create table csbe.events (
    originator_id uuid not null,
    originator_version bigint not null,
    topic text not null,
    state bytea not null,
    notification_id bigserial not null,
    recorded_at timestamptz not null default transaction_timestamp(),
    metadata jsonb,
    primary key (originator_id, originator_version)
) with (
    autovacuum_vacuum_threshold = 100000000,
    autovacuum_vacuum_scale_factor = 0.5,
    autovacuum_analyze_threshold = 1000,
    autovacuum_analyze_scale_factor = 0.01
);
create unique index events_notification_id_idx on csbe.events (notification_id);

comment on table csbe.events is
    'Every fact ever recorded; rows are only added. Readable by the PostgreSQL recorder of the eventsourcing library.';
comment on column csbe.events.originator_id is 'The aggregate that the event is about.';
comment on column csbe.events.originator_version is 'Place of the event in the history of its aggregate, from 1, without gaps.';
comment on column csbe.events.topic is 'Permanent name of the event class, e.g. rental.reservation.placed.';
comment on column csbe.events.state is 'The event as UTF-8 JSON; values about a person are encrypted under that person''s key.';
comment on column csbe.events.notification_id is
    'Position in the log. Positions become visible in ascending order; one may be missing when a transaction failed.';
comment on column csbe.events.recorded_at is
    'When it was appended, by the clock of the database, which may be set back: what must be in order goes by the position.';
comment on column csbe.events.metadata is 'Which command caused the event, for whom, in which service, as part of what.';

create table csbe.commands (
    command_id uuid primary key,
    fingerprint text not null,
    result text,
    position bigint not null,
    append_id uuid not null,
    recorded_at timestamptz not null default transaction_timestamp()
);
comment on table csbe.commands is 'Every command that was carried out, remembered for ever: the same id never acts twice.';
comment on column csbe.commands.command_id is 'Id given by whoever asked.';
comment on column csbe.commands.fingerprint is 'Digest of what was asked, to tell a retry from another command under the same id; under the person''s key where it tells of one.';
comment on column csbe.commands.result is 'The first result as JSON, given again to every retry.';
comment on column csbe.commands.position is 'Position of its last event; the end of the log then, if it had no event.';
comment on column csbe.commands.append_id is 'Made by the writer for one append, to recognise its own after a cut connection.';
comment on column csbe.commands.recorded_at is 'When it was carried out, by the clock of the database.';

create table csbe.snapshots (
    originator_id uuid primary key,
    originator_version bigint not null,
    topic text not null,
    schema_fingerprint text not null,
    state bytea not null,
    digest bytea not null,
    recorded_at timestamptz not null default transaction_timestamp()
);
comment on table csbe.snapshots is 'The latest remembered state of long-lived aggregates. Only a cache: may be emptied at any time.';
comment on column csbe.snapshots.originator_id is 'The aggregate.';
comment on column csbe.snapshots.originator_version is 'The version that the state is of.';
comment on column csbe.snapshots.topic is 'Permanent name of the aggregate class.';
comment on column csbe.snapshots.schema_fingerprint is
    'Digest of the state''s JSON schema and of the code that makes it; a state of another one is ignored.';
comment on column csbe.snapshots.state is 'The state as UTF-8 JSON, encrypted as a whole when the aggregate knows something about a person.';
comment on column csbe.snapshots.digest is
    'SHA-256 over aggregate, topic, version, schema, state and the stored bytes of the last event that the state knows.';
comment on column csbe.snapshots.recorded_at is 'When it was taken.';

create table csbe.keys (
    subject uuid primary key,
    key bytea,
    created_at timestamptz not null default transaction_timestamp(),
    destroyed_at timestamptz
);
comment on table csbe.keys is 'One AES-256 key per person, under which everything about that person is stored.';
comment on column csbe.keys.subject is 'The person.';
comment on column csbe.keys.key is
    'The key, wrapped: the id of the master key, a nonce, and the ciphertext. Null once destroyed, which erases the person.';
comment on column csbe.keys.created_at is 'When the first fact about the person was stored.';
comment on column csbe.keys.destroyed_at is 'When the person was erased.';

create table csbe.stand_ins (
    digest bytea primary key,
    stand_in uuid not null unique,
    created_at timestamptz not null default transaction_timestamp()
);
comment on table csbe.stand_ins is 'Which id stands for an address, a licence or a card in the log. Without its row nothing leads from one to the other.';
comment on column csbe.stand_ins.digest is 'HMAC-SHA-256 of service, kind and value under the installation''s key stand_ins.';
comment on column csbe.stand_ins.stand_in is 'Made by chance: the aggregate members.identifier in csbe.events.';
comment on column csbe.stand_ins.created_at is 'When the value came first.';

create table csbe.installation_keys (
    name text primary key,
    key bytea not null,
    created_at timestamptz not null default transaction_timestamp()
);
comment on table csbe.installation_keys is 'Keys of the installation itself. They never change: ids that follow from one must come out the same for ever.';
comment on column csbe.installation_keys.name is 'What it is for: command_ids, fingerprints, mqtt, stand_ins.';
comment on column csbe.installation_keys.key is 'The key, wrapped as those of persons are.';
comment on column csbe.installation_keys.created_at is 'When it was made.';

create table csbe.master_keys (
    id bytea primary key check (length(id) = 8),
    known_since timestamptz not null default transaction_timestamp()
);
comment on table csbe.master_keys is
    'The master keys that keys here are wrapped by, never the keys themselves: who starts with another one is refused.';
comment on column csbe.master_keys.id is 'The first 8 bytes of a digest of the master key; each wrapped key begins with one.';
comment on column csbe.master_keys.known_since is 'When it was first used.';

create table csbe.installation (
    id uuid not null default gen_random_uuid(),
    made_at timestamptz not null default transaction_timestamp(),
    one boolean primary key default true check (one)
);
insert into csbe.installation default values;
comment on table csbe.installation is 'Which installation this database belongs to: one row, made with it and kept in its copies.';
comment on column csbe.installation.id is 'A process that finds another one behind its connections stops using them.';
comment on column csbe.installation.made_at is 'When the database was made.';
comment on column csbe.installation.one is 'Keeps it at one row.';

create table csbe.append_order ();
comment on table csbe.append_order is
    'Holds nothing: each append locks it, so that positions become visible in the order in which they are given out. '
    'Nobody but the functions that append may lock it.';

create table csbe.locks (name text, slot integer check (slot between 0 and 255), primary key (name, slot));
insert into csbe.locks (name, slot)
select name, slot from unnest(array['generations', 'provider_payment', 'webhook']) as name, generate_series(0, 255) as slot;
comment on table csbe.locks is 'Rows that a transaction locks where it has to be alone; see adapters/postgres/locks.py.';
comment on column csbe.locks.name is 'What is done alone.';
comment on column csbe.locks.slot is 'The last 8 bits of the hash of what it is done with; two that share it only wait longer.';

create table csbe.session_locks (
    name text,
    of text,
    key bigint not null default ('x' || left(replace(gen_random_uuid()::text, '-', ''), 16))::bit(64)::bigint,
    primary key (name, of)
);
comment on table csbe.session_locks is 'What a process has for itself as long as its connection lasts, by an advisory lock.';
comment on column csbe.session_locks.name is 'What it does with it: ingest_session, job_worker, webhook_sender, parallel_build, telemetry_days.';
comment on column csbe.session_locks.of is 'What it has.';
comment on column csbe.session_locks.key is
    'The advisory lock: at random, and another one as soon as somebody has it who is not the server, since anybody may lock it.';

create type csbe.new_command as (command_id uuid, fingerprint text, result text, until integer);
comment on type csbe.new_command is 'A command on its way into csbe.commands. Of its batch, so many events stand up to the end of its own.';
create type csbe.new_event as (originator_id uuid, originator_version bigint, topic text, state bytea, metadata text);
comment on type csbe.new_event is 'An event on its way into csbe.events.';

-- The one function that stands here and not in functions.sql, which is run later: the triggers need it.
create function csbe.refuse_change() returns trigger
language plpgsql
as $$
begin
    raise exception '% on %.%: what is recorded is never changed', tg_op, tg_table_schema, tg_table_name
        using errcode = 'insufficient_privilege';
end
$$;
comment on function csbe.refuse_change is 'Stands before every change of the log, whoever asks for it.';

create trigger append_only before update or delete or truncate on csbe.events
    for each statement execute function csbe.refuse_change();
create trigger append_only before update or delete or truncate on csbe.commands
    for each statement execute function csbe.refuse_change();
comment on trigger append_only on csbe.events is 'Facts are added, never changed.';
comment on trigger append_only on csbe.commands is 'What was answered once is answered for ever.';

create table csbe.publications (position bigint primary key);
comment on table csbe.publications is 'Where rulebooks were published in the log: what was decided before the newest one is decided again.';
comment on column csbe.publications.position is 'Of an event publishing.rulebook.published.';

create function csbe.note_publication() returns trigger
language plpgsql
as $$
begin
    insert into csbe.publications (position) values (new.notification_id);
    return null;
end
$$;
comment on function csbe.note_publication is 'Keeps csbe.publications, in the transaction of the publication.';

create trigger note_publication after insert on csbe.events
    for each row when (new.topic = 'publishing.rulebook.published') execute function csbe.note_publication();
comment on trigger note_publication on csbe.events is 'Every other event passes it by.';
