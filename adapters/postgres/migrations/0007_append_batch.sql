create function csbe.append_batch(
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
as $$
declare
    events constant integer := cardinality(originator_ids);
    facts constant jsonb[] := metadatas::jsonb[];  -- parsed before the lock is taken
    moment timestamptz;
    base bigint;
begin
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
comment on function csbe.append_batch is
    'csbe.append_new in less time under the lock: metadata is parsed before it is taken, and the positions are drawn all at '
    'once. Earlier versions of CSBE, which may still run beside this one, call csbe.append_new.';
