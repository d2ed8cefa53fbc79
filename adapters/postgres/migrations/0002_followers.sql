create table csbe.followers (
    name text primary key,
    position bigint not null default 0,
    updated_at timestamptz not null default transaction_timestamp(),
    failed_position bigint,
    error text,
    shards integer check (shards > 1)
);
comment on table csbe.followers is 'How far each reader of the log (projection, policy, Merkle log) has come.';
comment on column csbe.followers.name is 'Name of the reader.';
comment on column csbe.followers.position is 'The last position that it has dealt with.';
comment on column csbe.followers.updated_at is 'When the position or the failure was last written.';
comment on column csbe.followers.failed_position is 'The event that it could not deal with; it stands still until an operator retries or skips.';
comment on column csbe.followers.error is 'What went wrong there.';
comment on column csbe.followers.shards is
    'In how many parts several processes build its read model: each has a row of its own (1of2 after the name), and this one '
    'stands still until they are at one position. Null while it is not split.';

create table csbe.skipped_events (
    follower text not null,
    position bigint not null,
    error text not null,
    skipped_by text not null,
    reason text not null,
    skipped_at timestamptz not null default now()
);

create index skipped_events_by_follower on csbe.skipped_events (follower, position);

comment on table csbe.skipped_events is 'Events that an operator let a reader of the log pass over, because it could not deal with them.';
comment on column csbe.skipped_events.follower is 'Name of the reader.';
comment on column csbe.skipped_events.position is 'The event.';
comment on column csbe.skipped_events.error is 'What went wrong there.';
comment on column csbe.skipped_events.skipped_by is 'The operator.';
comment on column csbe.skipped_events.reason is 'Why it may be missing from what the reader makes.';
comment on column csbe.skipped_events.skipped_at is 'When.';

create table csbe.generations (
    projection text not null,
    number integer not null,
    state text not null check (state in ('building', 'ready', 'live', 'previous', 'dropped')),
    digest text not null,
    reports text not null,
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
    'building: filled from the log; ready: has caught up; live: shown; previous: was shown before; dropped: its tables are gone.';
comment on column csbe.generations.digest is 'Digest of the projector''s version and tables: who has another one cannot write here.';
comment on column csbe.generations.reports is 'SQL of the views for analysts over this generation.';
comment on column csbe.generations.follower is 'Name in csbe.followers.';
comment on column csbe.generations.made_at is 'When its tables were made.';
comment on column csbe.generations.changed_at is 'When it came into its state.';
