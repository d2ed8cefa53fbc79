-- An append need not carry the news of itself. Each notification wakes every process that listens, so that under load the
-- writers let few of them do, see adapters/postgres/event_store/notifier.py. Less is done while the append lock is held, too: a notification is
-- sent at commit, wherever it is asked for, and an assignment needs no statement of its own as `perform` does. By its default
-- the new argument is what the release before expects.

drop function csbe.append_one(uuid, uuid, text, text, uuid, bigint, text, bytea, text, timestamptz);
create function csbe.append_one(
    command_id uuid,
    append_id uuid,
    fingerprint text,
    result text,
    originator_id uuid,
    originator_version bigint,
    topic text,
    state bytea,
    metadata text,
    known_server timestamptz,
    tell boolean default true
) returns bigint
language plpgsql
as $$
declare
    reached bigint;
begin
    -- Before the lock, since the log only grows: whoever knows of an event has seen it there.
    if csbe.may_have_lost_events(known_server) then
        perform csbe.refuse_gaps(array[$5], array[$6]);
    end if;

    if tell then
        perform pg_notify('csbe_events', '');
    end if;
    perform pg_advisory_xact_lock(4842195);
    insert into csbe.events (originator_id, originator_version, topic, state, notification_id, recorded_at, metadata)
    values ($5, $6, $7, $8, nextval('csbe.events_notification_id_seq'), clock_timestamp(), $9::jsonb)
    returning notification_id into reached;
    insert into csbe.commands (command_id, append_id, fingerprint, result, position)
    values ($1, $2, $3, $4, reached);
    return reached;
end
$$;
comment on function csbe.append_one(uuid, uuid, text, text, uuid, bigint, text, bytea, text, timestamptz, boolean) is
    'Appends the one event of a command, in safe order, and notifies whoever listens if it is to `tell`. Raises a unique '
    'violation when the command is known or the version is taken, after which csbe.append tells which; also when the server '
    'has lost the version before since the one that was started at `known_server`. Null looks for that in any case.';

drop function csbe.append_batch(csbe.new_command[], uuid, csbe.new_event[], timestamptz);
create function csbe.append_batch(
    commands csbe.new_command[],
    append_id uuid,
    events csbe.new_event[],
    known_server timestamptz,
    tell boolean default true
) returns bigint
language plpgsql
as $$
declare
    count constant integer := cardinality(events);
    moment timestamptz;
    base bigint;
begin
    -- Before the lock, since the log only grows: whoever knows of an event has seen it there.
    if csbe.may_have_lost_events(known_server) then
        perform csbe.refuse_gaps(
            array(select originator_id from unnest(events)), array(select originator_version from unnest(events))
        );
    end if;

    if tell then
        perform pg_notify('csbe_events', '');
    end if;

    -- Held until commit: positions become visible in the order in which they are given out.
    perform pg_advisory_xact_lock(4842195);
    moment := clock_timestamp();

    if count = 0 then
        select coalesce(max(s.notification_id), 0) into base from csbe.events s;
    else
        base := nextval('csbe.events_notification_id_seq') - 1;
    end if;
    if count > 1 then
        base := setval('csbe.events_notification_id_seq', base + count) - count;
    end if;

    insert into csbe.events (originator_id, originator_version, topic, state, notification_id, recorded_at, metadata)
    select e.originator_id, e.originator_version, e.topic, e.state, base + e.place, moment, e.metadata::jsonb
    from unnest(events)
        with ordinality as e (originator_id, originator_version, topic, state, metadata, place);

    insert into csbe.commands (command_id, append_id, fingerprint, result, position)
    select c.command_id, append_id, c.fingerprint, c.result, base + c.until
    from unnest(commands) as c (command_id, fingerprint, result, until);

    return base;
end
$$;
comment on function csbe.append_batch(csbe.new_command[], uuid, csbe.new_event[], timestamptz, boolean) is
    'Appends the events of many independent commands in one transaction, in safe order, when no command is known and no '
    'version is taken: a unique violation otherwise, after which csbe.append tells which; also when the server has lost the '
    'version before one of them since the one that was started at `known_server`. Null looks for that in any case. Events of '
    'one aggregate stand together. Notifies whoever listens if it is to `tell`. Returns the position before the first event.';
