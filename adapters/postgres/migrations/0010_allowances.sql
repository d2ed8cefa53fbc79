create table csbe.allowances (
    name bytea primary key,
    remaining double precision not null,
    taken_at timestamptz not null default clock_timestamp()
);

create index allowances_taken_at on csbe.allowances (taken_at);

comment on table csbe.allowances is 'What may still be asked for about an address, such as mails to it: a token bucket for all processes. Rows that are full again are deleted.';
comment on column csbe.allowances.name is 'Keyed digest of what it is about: it tells no address.';
comment on column csbe.allowances.remaining is 'What was left when it was taken from last.';
comment on column csbe.allowances.taken_at is 'When that was; what was left has grown since.';
