create function csbe.append_new(
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
    moment timestamptz;
    base bigint;
begin
    -- Held until commit: positions become visible in the order in which they are given out.
    perform pg_advisory_xact_lock(4842195);
    moment := clock_timestamp();

    with stored as (
        insert into csbe.events (originator_id, originator_version, topic, state, notification_id, recorded_at, metadata)
        select e.originator_id, e.originator_version, e.topic, e.state, nextval('csbe.events_notification_id_seq'),
            moment, e.metadata::jsonb
        from unnest(originator_ids, originator_versions, topics, states, metadatas)
            as e (originator_id, originator_version, topic, state, metadata)
        returning notification_id
    )
    select min(s.notification_id) - 1 into base from stored s;
    if base is null then
        select coalesce(max(s.notification_id), 0) into base from csbe.events s;
    end if;

    insert into csbe.commands (command_id, append_id, fingerprint, result, position)
    select c.command_id, c.append_id, c.fingerprint, c.result, base + c.until
    from unnest(command_ids, append_ids, fingerprints, results, ends)
        as c (command_id, append_id, fingerprint, result, until);

    perform pg_notify('csbe_events', '');
    return base;
end
$$;
comment on function csbe.append_new is
    'Appends many independent entries in one transaction, in safe order, when none of them is known or in conflict: a unique '
    'violation otherwise, after which csbe.append tells which. `ends` counts the events up to the end of each entry. Returns '
    'the position before the first event.';

create function csbe.append_one(
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
as $$
declare
    reached bigint;
begin
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
comment on function csbe.append_one is
    'csbe.append_new for a single entry of a single event, the commonest of all, without the cost of arrays. Returns its position.';
