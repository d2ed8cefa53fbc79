create table csbe.jobs (
    id uuid primary key,
    policy text not null,
    kind text not null,
    payload jsonb not null,
    service text not null,
    correlation_id uuid not null,
    causation_id uuid not null,
    due_at timestamptz not null,
    attempts integer not null default 0,
    claimed_until timestamptz,
    claimed_by integer,
    failed_at timestamptz,
    last_error text,
    created_at timestamptz not null default now(),
    traceparent text
);

create index jobs_due on csbe.jobs (due_at) where failed_at is null;
create index jobs_failed on csbe.jobs (service, failed_at) where failed_at is not null;

comment on table csbe.jobs is 'What policies decided should follow and is not done yet: commands, deadlines, effects on the outside world. A row is deleted once carried out.';
comment on column csbe.jobs.id is 'Derived from the event, the policy and the place in its answer; the command id, or the idempotency key of the effect.';
comment on column csbe.jobs.policy is 'Name of the policy that decided it.';
comment on column csbe.jobs.kind is 'A command''s name, or tell_vehicle, ask_payment_provider, look_up_payment, send_message, destroy_key, forget_identifier.';
comment on column csbe.jobs.payload is 'The command or the effect as JSON; holds ids, never personal data.';
comment on column csbe.jobs.service is 'Key of the rulebook it belongs to.';
comment on column csbe.jobs.correlation_id is 'The outside request that everything follows from.';
comment on column csbe.jobs.causation_id is 'Id of the event that it follows from.';
comment on column csbe.jobs.due_at is 'Not before this time; moved forward by back-off after a failure.';
comment on column csbe.jobs.attempts is 'How often it has been tried.';
comment on column csbe.jobs.claimed_until is 'A worker has it until then, at most; after a crash of its process others free it.';
comment on column csbe.jobs.claimed_by is 'Number of the worker who has it; others free what it has once its lock is gone.';
comment on column csbe.jobs.failed_at is 'Given up at this time: visible work for an operator.';
comment on column csbe.jobs.last_error is 'Why the last try failed.';
comment on column csbe.jobs.created_at is 'When the policy decided it.';
comment on column csbe.jobs.traceparent is 'The trace that the job continues (W3C Trace Context); none while traces are off.';

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

comment on table csbe.dropped_jobs is 'Failed jobs that an operator took out of csbe.jobs: they will never be carried out.';
comment on column csbe.dropped_jobs.id is 'Id of the job.';
comment on column csbe.dropped_jobs.policy is 'Name of the policy that decided it.';
comment on column csbe.dropped_jobs.kind is 'A command''s name, or tell_vehicle, ask_payment_provider, send_message, destroy_key, forget_identifier.';
comment on column csbe.dropped_jobs.payload is 'The command or the effect as JSON; holds ids, never personal data.';
comment on column csbe.dropped_jobs.service is 'Key of the rulebook it belonged to.';
comment on column csbe.dropped_jobs.correlation_id is 'The outside request that everything follows from.';
comment on column csbe.dropped_jobs.causation_id is 'Id of the event that it followed from.';
comment on column csbe.dropped_jobs.due_at is 'When it was due.';
comment on column csbe.dropped_jobs.last_error is 'Why the last try failed.';
comment on column csbe.dropped_jobs.dropped_by is 'The operator.';
comment on column csbe.dropped_jobs.reason is 'Why it need not be done.';
comment on column csbe.dropped_jobs.dropped_at is 'When.';
