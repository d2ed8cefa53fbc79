-- Whether the log still has what its writers know of it is asked once for each server, not once for each event: only a
-- server that was started since, e.g. one that took over, can have lost what another one has confirmed. One append has one
-- id, however many entries it has, and a batch is two arrays of rows, which cost a seventh less on both sides than ten of
-- columns. The functions of before stay for earlier versions of CSBE.

create function csbe.refuse_gaps(originator_ids uuid[], originator_versions bigint[]) returns void
language plpgsql
set enable_seqscan = off
set plan_cache_mode = force_generic_plan
as $$
begin
    perform from unnest(originator_ids, originator_versions) with ordinality as e (id, version, place)
    where e.version > 1
    and (e.id, e.version - 1) is distinct from (originator_ids[e.place - 1], originator_versions[e.place - 1])
    and (select true from csbe.events s where s.originator_id = e.id and s.originator_version = e.version - 1) is null;
    if found then
        raise unique_violation using message = 'an event has no predecessor in the history of its aggregate';
    end if;
end
$$;
comment on function csbe.refuse_gaps is
    'Raises a unique violation when one of these events has no predecessor: it must stand in the log, or directly before it.';

create function csbe.may_have_lost_events(known_server timestamptz) returns boolean
language sql
return known_server is distinct from pg_postmaster_start_time() or current_setting('synchronous_commit') = 'off';
comment on function csbe.may_have_lost_events is
    'Whether this server may lack events that the one started at this time had confirmed: it is another one or was started '
    'anew, or confirms what it has not flushed, and may lose that in a crash of one of its processes as well.';

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
    known_server timestamptz
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
comment on function csbe.append_one(uuid, uuid, text, text, uuid, bigint, text, bytea, text, timestamptz) is
    'Appends the one event of a command, in safe order. Raises a unique violation when the command is known or the version is '
    'taken, after which csbe.append tells which; also when the server has lost the version before since the one that was '
    'started at `known_server`. Null looks for that in any case.';

create type csbe.new_command as (command_id uuid, fingerprint text, result text, until integer);
comment on type csbe.new_command is 'A command on its way into csbe.commands. Of its batch, so many events stand up to the end of its own.';
create type csbe.new_event as (originator_id uuid, originator_version bigint, topic text, state bytea, metadata text);
comment on type csbe.new_event is 'An event on its way into csbe.events.';

create function csbe.append_batch(
    commands csbe.new_command[],
    append_id uuid,
    events csbe.new_event[],
    known_server timestamptz
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

    -- Held until commit: positions become visible in the order in which they are given out.
    perform pg_advisory_xact_lock(4842195);
    moment := clock_timestamp();

    if count = 0 then
        select coalesce(max(s.notification_id), 0) into base from csbe.events s;
    else
        base := nextval('csbe.events_notification_id_seq') - 1;
    end if;
    if count > 1 then
        perform setval('csbe.events_notification_id_seq', base + count);
    end if;

    insert into csbe.events (originator_id, originator_version, topic, state, notification_id, recorded_at, metadata)
    select e.originator_id, e.originator_version, e.topic, e.state, base + e.place, moment, e.metadata::jsonb
    from unnest(events)
        with ordinality as e (originator_id, originator_version, topic, state, metadata, place);

    insert into csbe.commands (command_id, append_id, fingerprint, result, position)
    select c.command_id, append_id, c.fingerprint, c.result, base + c.until
    from unnest(commands) as c (command_id, fingerprint, result, until);

    perform pg_notify('csbe_events', '');
    return base;
end
$$;
comment on function csbe.append_batch(csbe.new_command[], uuid, csbe.new_event[], timestamptz) is
    'Appends the events of many independent commands in one transaction, in safe order, when no command is known and no '
    'version is taken: a unique violation otherwise, after which csbe.append tells which; also when the server has lost the '
    'version before one of them since the one that was started at `known_server`. Null looks for that in any case. Events of '
    'one aggregate stand together. Returns the position before the first event.';
