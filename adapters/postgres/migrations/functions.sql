-- All functions of schema csbe but the one that triggers need. This file is run again whenever it has changed, after the
-- migrations. Whoever gives a function other arguments drops the one of before in a migration.
--
-- There are three ways to append. append_one and append_batch take it that no entry is known or in conflict, and raise a
-- unique violation otherwise; append looks at each entry and tells which it leaves out. Each of them locks
-- csbe.append_order before it draws a position and holds it until its commit is visible: so positions become visible in
-- the order in which they are given out. A notification is sent at commit, wherever it is asked for: before the lock, less
-- is done under it.
--
-- They run as the owner, who alone may write the log and lock csbe.append_order: so they say where names are looked up.

create or replace function csbe.next_position() returns bigint
language plpgsql
as $$
declare
    position constant bigint := nextval('csbe.events_notification_id_seq');
    reached constant bigint := max(notification_id) from csbe.events;
begin
    if position <= reached then
        raise object_not_in_prerequisite_state using
            message = format('the log stands at position %s, and its sequence would give %s again', reached, position),
            hint = 'As after logical replication. Let the owner run: '
                'select setval(''csbe.events_notification_id_seq'', max(notification_id)) from csbe.events';
    end if;
    return position;
end
$$;
comment on function csbe.next_position is
    'The position for the next event, under the lock of csbe.append_order. Raises object_not_in_prerequisite_state when the '
    'sequence has fallen behind the log: what is appended there would be in no read model.';

create or replace function csbe.pass_append_order() returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    lock table csbe.append_order in exclusive mode;
    lock table csbe.events, csbe.commands in row exclusive mode;
end
$$;
comment on function csbe.pass_append_order is
    'Takes every lock on tables that an append takes, for as long as lock_timeout says, and appends nothing: whether writes '
    'go through.';

create or replace function csbe.refuse_gaps(originator_ids uuid[], originator_versions bigint[]) returns void
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

create or replace function csbe.may_have_lost_events(known_server timestamptz) returns boolean
language sql
return known_server is distinct from pg_postmaster_start_time() or current_setting('synchronous_commit') = 'off';
comment on function csbe.may_have_lost_events is
    'Whether this server may lack events that the one started at this time had confirmed: it is another one or was started '
    'anew, or confirms what it has not flushed, and may lose that in a crash of one of its processes as well.';

create or replace function csbe.append_one(
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
    tell boolean,
    publication bigint default null
) returns bigint
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
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
    lock table csbe.append_order in exclusive mode;
    if publication <> (select coalesce(max(position), 0) from csbe.publications) then
        raise unique_violation using message = 'a rulebook was published since this was decided';
    end if;
    insert into csbe.events (originator_id, originator_version, topic, state, notification_id, recorded_at, metadata)
    values ($5, $6, $7, $8, csbe.next_position(), clock_timestamp(), $9::jsonb)
    returning notification_id into reached;
    insert into csbe.commands (command_id, append_id, fingerprint, result, position)
    values ($1, $2, $3, $4, reached);
    return reached;
end
$$;
comment on function csbe.append_one is
    'Appends the one event of a command, in safe order, and notifies whoever listens if it is to `tell`. Raises a unique '
    'violation when the command is known or the version is taken, after which csbe.append tells which; also when the server '
    'has lost the version before since the one that was started at `known_server`. Null looks for that in any case. And '
    'when a rulebook was published after `publication`; null is never superseded.';

create or replace function csbe.append_batch(
    commands csbe.new_command[],
    append_id uuid,
    events csbe.new_event[],
    known_server timestamptz,
    tell boolean,
    publication bigint default null
) returns bigint
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
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

    lock table csbe.append_order in exclusive mode;
    moment := clock_timestamp();

    if count = 0 then
        select coalesce(max(s.notification_id), 0) into base from csbe.events s;
    else
        base := csbe.next_position() - 1;
    end if;
    if count > 1 then
        base := setval('csbe.events_notification_id_seq', base + count) - count;
    end if;

    insert into csbe.events (originator_id, originator_version, topic, state, notification_id, recorded_at, metadata)
    select e.originator_id, e.originator_version, e.topic, e.state, base + e.place, moment, e.metadata::jsonb
    from unnest(events)
        with ordinality as e (originator_id, originator_version, topic, state, metadata, place);

    -- After the events, which may have a publication among them: what stands behind it was decided before it.
    if publication <> (select coalesce(max(position), 0) from csbe.publications) then
        raise unique_violation using message = 'a rulebook was published since this was decided';
    end if;

    insert into csbe.commands (command_id, append_id, fingerprint, result, position)
    select c.command_id, append_id, c.fingerprint, c.result, base + c.until
    from unnest(commands) as c (command_id, fingerprint, result, until);

    return base;
end
$$;
comment on function csbe.append_batch is
    'Appends the events of many independent commands in one transaction, in safe order, when no command is known and no '
    'version is taken: a unique violation otherwise, after which csbe.append tells which; also when the server has lost the '
    'version before one of them since the one that was started at `known_server`. Null looks for that in any case. And '
    'when a rulebook was published after `publication`; null is never superseded. Events of one aggregate stand together. '
    'Notifies whoever listens if it is to `tell`. Returns the position before the first event.';

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
    metadatas text[],
    publications bigint[] default null
) returns table (entry integer, status text, last_position bigint)
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
set enable_seqscan = off
set plan_cache_mode = force_generic_plan
set jit = off
as $$
declare
    known integer[];
    conflicting integer[];
    superseded integer[];
    moment timestamptz;
begin
    lock table csbe.append_order in exclusive mode;
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

    select coalesce(array_agg(p.entry), '{}') into superseded
    from unnest(publications) with ordinality as p (publication, entry)
    where p.publication <> (select coalesce(max(n.position), 0) from csbe.publications n)
    or (p.publication is not null and p.entry > (
        select min(e.entry) from unnest(event_entries, topics) as e (entry, topic)
        where e.topic = 'publishing.rulebook.published'));

    return query
    with accepted as materialized (
        select e.*, csbe.next_position() as notification_id
        from (
            select *
            from unnest(event_entries, originator_ids, originator_versions, topics, states, metadatas)
                with ordinality
                as u (entry, originator_id, originator_version, topic, state, metadata, place)
            where u.entry <> all (known || conflicting || superseded)
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
        where c.entry <> all (known || conflicting || superseded)
        returning r.command_id, r.position
    )
    select c.entry::integer,
        case
            when k.append_id = c.append_id then 'appended'
            when c.entry = any (known) then 'known'
            when c.entry = any (superseded) then 'superseded'
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
    'versions is taken or has no version before it, or that was decided before the newest publication of a rulebook, is left '
    'out and reported; no two entries may share a command or an aggregate.';

create or replace function csbe.clear_dead_rows() returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    cluster csbe.keys using keys_pkey;
    cluster csbe.stand_ins using stand_ins_pkey;
    cluster csbe.login_codes using login_codes_pkey;
    cluster csbe.login_addresses using login_addresses_pkey;
    cluster csbe.refresh_tokens using refresh_tokens_pkey;
    cluster csbe.dead_letters using dead_letters_pkey;
end
$$;
comment on function csbe.clear_dead_rows is
    'Writes the files of keys, of what leads to persons and of dead letters anew, without the rows that were deleted: a '
    'destroyed key could be found there otherwise. A row that an older transaction may still see is copied.';

create or replace function csbe.clear_dead_twins() returns void
language plpgsql
security definer
set search_path = pg_catalog, pg_temp
as $$
begin
    cluster csbe.vehicle_twins using vehicle_twins_pkey;
end
$$;
comment on function csbe.clear_dead_twins is
    'Writes the file of the twins of cars anew, without where they were before: a place of somebody who was erased could '
    'be found there otherwise. By itself, as no message of a car is taken in meanwhile.';

create or replace function csbe.note_reads(
    read_ats timestamptz[], services text[], reader_roles text[], readers text[], doors text[], by_rights text[],
    member_ids uuid[]
) returns void
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
    insert into csbe.personal_reads (read_at, service, reader_role, reader, door, by_right, member_id)
    select r.read_at, r.service, r.reader_role,
        case when pg_has_role(session_user, log.server, 'member') then r.reader else session_user end,
        r.door, r.by_right,
        case when k.destroyed_at is null then r.member_id end
    from unnest(read_ats, services, reader_roles, readers, doors, by_rights, member_ids)
        with ordinality as r (read_at, service, reader_role, reader, door, by_right, member_id, place)
    cross join (select relowner from pg_class where oid = 'csbe.telemetry'::regclass) as log (server)
    left join csbe.keys k on k.subject = r.member_id
    order by r.place
$$;
comment on function csbe.note_reads is 'Notes who read what is known of members; of those who were erased, not whose it was. Who is not the server is noted by the name of their login, whatever they say.';

create or replace function csbe.forget_reads(erased uuid) returns void
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
    update csbe.personal_reads set member_id = null
    where member_id = erased
    and exists (select from csbe.keys k where k.subject = erased and k.destroyed_at is not null)
$$;
comment on function csbe.forget_reads is 'Has no read name a member whose key is destroyed; changes nothing for any other.';

create or replace function csbe.drop_reads(older_than timestamptz, most integer) returns bigint
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
    with gone as (
        delete from csbe.personal_reads where ctid = any(array(
            select r.ctid from csbe.personal_reads r
            where r.read_at < least(older_than, now() - interval '90 days') limit most for update skip locked
        )) returning 1
    )
    select count(*) from gone
$$;
comment on function csbe.drop_reads is
    'Deletes so many reads at most that are older than a moment, and never what is younger than 90 days; how many it were.';

create or replace function csbe.drop_messages_sent(older_than timestamptz, most integer) returns bigint
language sql
security definer
set search_path = pg_catalog, pg_temp
as $$
    with gone as (
        delete from csbe.messages_sent where ctid = any(array(
            select m.ctid from csbe.messages_sent m
            where m.sent_at < least(older_than, now() - interval '90 days') limit most for update skip locked
        )) returning 1
    )
    select count(*) from gone
$$;
comment on function csbe.drop_messages_sent is
    'Deletes so many messages at most that were sent before a moment, and never what is younger than 90 days, as it would '
    'be sent again; how many it were.';
