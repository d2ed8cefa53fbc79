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
comment on column csbe.events.recorded_at is 'When it was appended, by the clock of the database; ascends with the position.';
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
comment on column csbe.commands.fingerprint is 'Digest of what was asked, to tell a retry from another command under the same id.';
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
    recorded_at timestamptz not null default transaction_timestamp()
);
comment on table csbe.snapshots is 'The latest remembered state of long-lived aggregates. Only a cache: may be emptied at any time.';
comment on column csbe.snapshots.originator_id is 'The aggregate.';
comment on column csbe.snapshots.originator_version is 'The version that the state is of.';
comment on column csbe.snapshots.topic is 'Permanent name of the aggregate class.';
comment on column csbe.snapshots.schema_fingerprint is 'Digest of the state''s JSON schema; a state of another schema is ignored.';
comment on column csbe.snapshots.state is 'The state as UTF-8 JSON, encrypted as a whole when the aggregate knows something about a person.';
comment on column csbe.snapshots.recorded_at is 'When it was taken.';

create table csbe.keys (
    subject uuid primary key,
    key bytea,
    created_at timestamptz not null default transaction_timestamp(),
    destroyed_at timestamptz
);
comment on table csbe.keys is 'One AES-256 key per person, under which everything about that person is stored.';
comment on column csbe.keys.subject is 'The person.';
comment on column csbe.keys.key is 'The key, wrapped by the master key where there is one; null once destroyed, which erases the person.';
comment on column csbe.keys.created_at is 'When the first fact about the person was stored.';
comment on column csbe.keys.destroyed_at is 'When the person was erased.';

create table csbe.followers (
    name text primary key,
    position bigint not null default 0,
    updated_at timestamptz not null default transaction_timestamp(),
    failed_position bigint,
    error text
);
comment on table csbe.followers is 'How far each reader of the log (projection, policy, Merkle log) has come.';
comment on column csbe.followers.name is 'Name of the reader.';
comment on column csbe.followers.position is 'The last position that it has dealt with.';
comment on column csbe.followers.updated_at is 'When the position or the failure was last written.';
comment on column csbe.followers.failed_position is 'The event that it could not deal with; it stands still until an operator retries or skips.';
comment on column csbe.followers.error is 'What went wrong there.';

create function csbe.append(
    command_ids uuid[],
    append_ids uuid[],
    fingerprints text[],
    results text[],
    event_entries integer[],
    originator_ids uuid[],
    originator_versions bigint[],
    topics text[],
    states bytea[],
    metadatas text[]
) returns table (entry integer, status text, last_position bigint)
language plpgsql
set enable_seqscan = off
set plan_cache_mode = force_generic_plan
set jit = off
as $$
declare
    known integer[];
    conflicting integer[];
    moment timestamptz;
begin
    -- Held until commit: positions become visible in the order in which they are given out.
    perform pg_advisory_xact_lock(4842195);
    moment := clock_timestamp();

    select coalesce(array_agg(c.entry), '{}') into known
    from unnest(command_ids) with ordinality as c (command_id, entry)
    where exists (select from csbe.commands k where k.command_id = c.command_id);

    select coalesce(array_agg(distinct e.entry), '{}') into conflicting
    from unnest(event_entries, originator_ids, originator_versions) as e (entry, originator_id, originator_version)
    where (select true from csbe.events s
           where s.originator_id = e.originator_id and s.originator_version = e.originator_version);

    return query
    with accepted as materialized (
        select e.*, nextval('csbe.events_notification_id_seq') as notification_id
        from (
            select *
            from unnest(event_entries, originator_ids, originator_versions, topics, states, metadatas)
                with ordinality
                as u (entry, originator_id, originator_version, topic, state, metadata, place)
            where u.entry <> all (known) and u.entry <> all (conflicting)
            order by u.place
        ) as e
    ), stored as (
        insert into csbe.events (originator_id, originator_version, topic, state, notification_id, recorded_at, metadata)
        select a.originator_id, a.originator_version, a.topic, a.state, a.notification_id, moment, a.metadata::jsonb
        from accepted a
    ), ends as (
        select a.entry, max(a.notification_id) as position from accepted a group by a.entry
    ), remembered as (
        insert into csbe.commands as r (command_id, append_id, fingerprint, result, position)
        select c.command_id, c.append_id, c.fingerprint, c.result,
            coalesce(l.position, (select max(s.notification_id) from csbe.events s), 0)
        from unnest(command_ids, append_ids, fingerprints, results)
            with ordinality as c (command_id, append_id, fingerprint, result, entry)
        left join ends l on l.entry = c.entry
        where c.entry <> all (known) and c.entry <> all (conflicting)
        returning r.command_id, r.position
    )
    select c.entry::integer,
        case
            when k.append_id = c.append_id then 'appended'
            when c.entry = any (known) then 'known'
            when c.entry = any (conflicting) then 'conflict'
            else 'appended'
        end,
        coalesce(r.position, k.position)
    from unnest(command_ids, append_ids) with ordinality as c (command_id, append_id, entry)
    left join remembered r on r.command_id = c.command_id
    left join lateral (
        select o.append_id, o.position from csbe.commands o
        where c.entry = any (known) and o.command_id = c.command_id
    ) as k on true;

    perform pg_notify('csbe_events', '');
end
$$;
comment on function csbe.append is
    'Appends many independent entries in one transaction, in safe order. An entry whose command is known, or one of whose '
    'versions is taken, is left out and reported; no two entries may share a command or an aggregate.';
