-- Who may do what in schema csbe, and what sessions may not do for ever. Run again whenever any file here has changed.
--
-- :server, :analyst and :auditor stand for the roles' names (CSBE_POSTGRES_ROLES and _server, _analyst, _auditor). They
-- cannot log in; an administrator grants them to users who can. Whoever runs this file owns everything else.

do $$
declare
    missing text[];
begin
    select array_agg(name) into missing
    from unnest(array[':server', ':analyst', ':auditor']) as name
    where not exists (select from pg_roles where rolname = name);
    for place in 1 .. coalesce(cardinality(missing), 0) loop
        begin
            execute format('create role %I nologin', missing[place]);
        exception
            when duplicate_object or unique_violation then null; -- beside us, for another database
        end;
    end loop;
    -- From PostgreSQL 16 on, whoever makes a role may hand it on, and not act as it.
    if not pg_has_role(
        ':server', case when current_setting('server_version_num')::integer < 160000 then 'member' else 'set' end
    ) then
        execute format('grant %I to %I', ':server', current_user);
    end if;
exception
    when insufficient_privilege then
        raise exception 'the roles of CSBE are missing, or % is not in :server: let an administrator run "%"', current_user,
            array_to_string(array(select format('create role %I nologin; ', name) from unnest(missing) as name), '')
            || format('grant %I to %I', ':server', current_user)
            using errcode = 'insufficient_privilege';
end
$$;

revoke all on schema csbe from public, :server, :analyst, :auditor;
revoke all on all tables in schema csbe from public, :server, :analyst, :auditor;
revoke all on all sequences in schema csbe from public, :server, :analyst, :auditor;
revoke all on all functions in schema csbe from public, :server, :analyst, :auditor;
grant usage on schema csbe to :server, :auditor;

-- The log: read by both, written by the functions that append.
grant select on csbe.events, csbe.commands, csbe.publications to :server, :auditor;
grant select on sequence csbe.events_notification_id_seq to :server; -- to look at; nextval and setval need more
grant execute on function csbe.append_one, csbe.append_batch, csbe.append, csbe.pass_append_order
    to :server;
grant execute on function csbe.clear_dead_rows, csbe.clear_dead_twins to :server;

-- Keys: a person's is made, wrapped anew, and destroyed.
grant select, insert, update (key, destroyed_at) on csbe.keys to :server;
grant select, insert, update (key) on csbe.installation_keys to :server;
grant select, insert, delete on csbe.master_keys, csbe.stand_ins to :server;
grant select (subject, created_at, destroyed_at) on csbe.keys to :auditor;

-- What the server works with.
grant select, insert, update, delete on
    csbe.snapshots, csbe.followers, csbe.jobs, csbe.webhooks, csbe.vehicle_twins, csbe.dead_letters, csbe.ingest_sessions,
    csbe.demand, csbe.refusals, csbe.zone_demand, csbe.zone_refusals,
    csbe.login_limits, csbe.login_codes, csbe.login_addresses, csbe.refresh_tokens, csbe.page_codes, csbe.allowances
    to :server;
grant select, insert, update on csbe.generations, csbe.session_locks, csbe.stripe_payments to :server;
grant select, insert on
    csbe.skipped_events, csbe.dropped_jobs, csbe.provider_operations, csbe.messages_sent, csbe.bank_entries,
    csbe.provider_notices
    to :server;
grant select, update (slot) on csbe.locks to :server;
grant select on csbe.migrations, csbe.installation to :server, :auditor;

-- What an auditor asks about beside the log.
grant select on
    csbe.snapshots, csbe.followers, csbe.generations, csbe.skipped_events, csbe.jobs, csbe.dropped_jobs,
    csbe.messages_sent
    to :auditor;

-- Who read what is known of members: it grows, and is cut at its old end.
grant select on csbe.personal_reads to :server, :auditor;
grant execute on function csbe.note_reads to :server, :auditor;
grant execute on function csbe.forget_reads, csbe.drop_reads, csbe.drop_messages_sent to :server;

-- Telemetry is the server's own: it makes and drops the partition of each day, in a schema that is its own too.
create schema if not exists telemetry_days;
comment on schema telemetry_days is 'The partitions of csbe.telemetry, one for each day.';
grant create on schema csbe to :server;
alter table csbe.telemetry owner to :server;
grant all on csbe.telemetry to :server; -- which an owner can be without, as from above when this is run again
revoke create on schema csbe from :server;
grant usage, create on schema telemetry_days to :server;

do $$
begin
    -- Generations of read models are schemas that the server makes.
    execute format('grant create on database %I to %I', current_database(), ':server');
    -- Whoever leaves a transaction open keeps old rows from being cleared away.
    execute format('alter database %I set idle_in_transaction_session_timeout = ''10min''', current_database());
exception
    when insufficient_privilege then
        raise exception 'the user % must own the database to migrate it', quote_ident(current_user)
            using errcode = 'insufficient_privilege';
end
$$;

-- What the planner would remember of deleted rows: keys, digests, and places of trips. A partition of telemetry is made
-- with the same.
do $$
declare
    remembered record;
begin
    for remembered in
        select a.attrelid::regclass as of, a.attname from pg_attribute a join pg_class c on c.oid = a.attrelid
        where c.relnamespace = 'csbe'::regnamespace and c.relkind in ('r', 'p') and a.attnum > 0 and not a.attisdropped
            and a.attstattarget is distinct from 0
            and (a.atttypid = 'bytea'::regtype
                or c.relname = 'telemetry' and a.attname in ('latitude', 'longitude', 'signals'))
    loop
        execute format('alter table %s alter %I set statistics 0', remembered.of, remembered.attname);
    end loop;
end
$$;
