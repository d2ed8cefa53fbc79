create table csbe.generations (
    projection text not null,
    number integer not null,
    state text not null check (state in ('building', 'ready', 'live', 'previous', 'dropped')),
    digest text,
    reports text,
    follower text not null generated always as ('projection/' || projection || '/v' || number) stored,
    made_at timestamptz not null default transaction_timestamp(),
    changed_at timestamptz not null default transaction_timestamp(),
    primary key (projection, number)
);
create unique index generations_live on csbe.generations (projection) where state = 'live';

comment on table csbe.generations is
    'Each making of a read model, in a schema of its own (rental_v3); the views of read_v1 show the live one.';
comment on column csbe.generations.projection is 'Name of the projection.';
comment on column csbe.generations.number is 'Counts its generations.';
comment on column csbe.generations.state is
    'building: filled from the log; ready: has caught up; live: shown; former: was shown before; dropped: its tables are gone.';
comment on column csbe.generations.digest is
    'Digest of the projector''s version and tables: who has another one cannot write here. Null for what was made before there '
    'were generations, until a process takes it over.';
comment on column csbe.generations.reports is 'SQL of the views for analysts over this generation.';
comment on column csbe.generations.follower is 'Name in csbe.followers.';
comment on column csbe.generations.made_at is 'When its tables were made.';
comment on column csbe.generations.changed_at is 'When it came into its state.';

-- What stands in read_v1 itself becomes the first generation. Who is running goes on reading and writing through the views.
do $$
declare
    found record;
begin
    for found in
        select c.relname as name, owner.projection
        from (values
            ('members', 'members'), ('vehicles', 'fleet'), ('zones', 'fleet'), ('field_tasks', 'fleet'),
            ('reservations', 'rental'), ('trips', 'rental'), ('invoices', 'billing'), ('credit_notes', 'billing'),
            ('payments', 'billing'), ('fleet_days', 'utilisation'), ('invoice_days', 'utilisation'),
            ('event_log', 'event_log')
        ) as owner (name, projection)
        join pg_class c on c.relname = owner.name and c.relkind = 'r' and c.relnamespace = to_regnamespace('read_v1')
    loop
        execute format('create schema if not exists %I', found.projection || '_v1');
        execute format('alter table read_v1.%I set schema %I', found.name, found.projection || '_v1');
        execute format('create view read_v1.%1$I as select * from %2$I.%1$I', found.name, found.projection || '_v1');
        insert into csbe.generations (projection, number, state) values (found.projection, 1, 'live')
        on conflict do nothing;
    end loop;
end
$$;
