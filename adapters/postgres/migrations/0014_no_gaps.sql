-- No way to append leaves a gap in the versions of an aggregate: who remembers events that the log has lost (a failover to a
-- standby that was behind, a restored backup) is in conflict, and loads again. The signatures are those of before, so that
-- earlier versions of CSBE are kept from it as well.

create or replace function csbe.append_one(
    command_id uuid,
    append_id uuid,
    fingerprint text,
    result text,
    originator_id uuid,
    originator_version bigint,
    topic text,
    state bytea,
    metadata text
) returns bigint
language plpgsql
set enable_seqscan = off
set plan_cache_mode = force_generic_plan
as $$
declare
    reached bigint;
begin
    -- Before the lock, since the log only grows: whoever knows of an event has seen it there.
    if $6 > 1 and (select true from csbe.events s where s.originator_id = $5 and s.originator_version = $6 - 1) is null then
        raise unique_violation using message = 'an event has no predecessor in the history of its aggregate';
    end if;

    perform pg_advisory_xact_lock(4842195);
    insert into csbe.events (originator_id, originator_version, topic, state, notification_id, recorded_at, metadata)
    values ($5, $6, $7, $8, nextval('csbe.events_notification_id_seq'), clock_timestamp(), $9::jsonb)
    returning notification_id into reached;
    insert into csbe.commands (command_id, append_id, fingerprint, result, position)
    values ($1, $2, $3, $4, reached);
    perform pg_notify('csbe_events', '');
    return reached;
end
$$;

create or replace function csbe.append_batch(
    command_ids uuid[],
    append_ids uuid[],
    fingerprints text[],
    results text[],
    ends integer[],
    originator_ids uuid[],
    originator_versions bigint[],
    topics text[],
    states bytea[],
    metadatas text[]
) returns bigint
language plpgsql
set enable_seqscan = off
set plan_cache_mode = force_generic_plan
as $$
declare
    events constant integer := cardinality(originator_ids);
    facts constant jsonb[] := metadatas::jsonb[];  -- parsed before the lock is taken
    moment timestamptz;
    base bigint;
begin
    -- Before the lock, since the log only grows: whoever knows of an event has seen it there.
    perform from unnest(originator_ids, originator_versions) with ordinality as e (id, version, place)
    where e.version > 1
    and (e.id, e.version - 1) is distinct from (originator_ids[e.place - 1], originator_versions[e.place - 1])
    and (select true from csbe.events s where s.originator_id = e.id and s.originator_version = e.version - 1) is null;
    if found then
        raise unique_violation using message = 'an event has no predecessor in the history of its aggregate';
    end if;

    -- Held until commit: positions become visible in the order in which they are given out.
    perform pg_advisory_xact_lock(4842195);
    moment := clock_timestamp();

    if events = 0 then
        select coalesce(max(s.notification_id), 0) into base from csbe.events s;
    else
        base := nextval('csbe.events_notification_id_seq') - 1;
    end if;
    if events > 1 then
        perform setval('csbe.events_notification_id_seq', base + events);
    end if;

    insert into csbe.events (originator_id, originator_version, topic, state, notification_id, recorded_at, metadata)
    select e.originator_id, e.originator_version, e.topic, e.state, base + e.place, moment, e.metadata
    from unnest(originator_ids, originator_versions, topics, states, facts)
        with ordinality as e (originator_id, originator_version, topic, state, metadata, place);

    insert into csbe.commands (command_id, append_id, fingerprint, result, position)
    select c.command_id, c.append_id, c.fingerprint, c.result, base + c.until
    from unnest(command_ids, append_ids, fingerprints, results, ends)
        as c (command_id, append_id, fingerprint, result, until);

    perform pg_notify('csbe_events', '');
    return base;
end
$$;

-- What earlier versions of CSBE call for batches is the same now.
create or replace function csbe.append_new(
    command_ids uuid[],
    append_ids uuid[],
    fingerprints text[],
    results text[],
    ends integer[],
    originator_ids uuid[],
    originator_versions bigint[],
    topics text[],
    states bytea[],
    metadatas text[]
) returns bigint
language sql
as 'select csbe.append_batch($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)';

create or replace function csbe.append(
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
           where s.originator_id = e.originator_id and s.originator_version = e.originator_version)
    or (e.originator_version > 1
        and (select true from csbe.events s
             where s.originator_id = e.originator_id and s.originator_version = e.originator_version - 1) is null
        and (e.entry, e.originator_id, e.originator_version - 1) not in (
             select o.entry, o.originator_id, o.originator_version
             from unnest(event_entries, originator_ids, originator_versions)
                 as o (entry, originator_id, originator_version)));

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
    'versions is taken or has no version before it, is left out and reported; no two entries may share a command or an '
    'aggregate.';
comment on function csbe.append_new is
    'Appends many independent entries in one transaction, in safe order, when none of them is known or in conflict: a unique '
    'violation otherwise, also when a version has none before it, after which csbe.append tells which. `ends` counts the events '
    'up to the end of each entry; those of one aggregate stand together. Returns the position before the first event.';

-- A generation has its follower from the beginning; those that came back after it was dropped go.
insert into csbe.followers (name) select follower from csbe.generations where state <> 'dropped' on conflict do nothing;
delete from csbe.followers using csbe.generations
where followers.name = generations.follower and generations.state = 'dropped';
