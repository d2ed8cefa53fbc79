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

create table csbe.dropped_jobs (
    id uuid primary key,
    policy text not null,
    kind text not null,
    payload jsonb not null,
    service text not null,
    correlation_id uuid not null,
    causation_id uuid not null,
    due_at timestamptz not null,
    last_error text,
    dropped_by text not null,
    reason text not null,
    dropped_at timestamptz not null default now()
);

comment on table csbe.dropped_jobs is 'Parked tasks that an operator took out of csbe.jobs: they will never be carried out.';
comment on column csbe.dropped_jobs.id is 'Id of the task.';
comment on column csbe.dropped_jobs.policy is 'Name of the policy that decided it.';
comment on column csbe.dropped_jobs.kind is 'A command''s name, or tell_vehicle, ask_payment_provider, send_message.';
comment on column csbe.dropped_jobs.payload is 'The command or the effect as JSON; holds ids, never personal data.';
comment on column csbe.dropped_jobs.service is 'Key of the rulebook it belonged to.';
comment on column csbe.dropped_jobs.correlation_id is 'The outside request that everything follows from.';
comment on column csbe.dropped_jobs.causation_id is 'Id of the event that it followed from.';
comment on column csbe.dropped_jobs.due_at is 'When it was due.';
comment on column csbe.dropped_jobs.last_error is 'Why the last try failed.';
comment on column csbe.dropped_jobs.dropped_by is 'The operator.';
comment on column csbe.dropped_jobs.reason is 'Why it need not be done.';
comment on column csbe.dropped_jobs.dropped_at is 'When.';
