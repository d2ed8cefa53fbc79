create table csbe.webhooks (
    id uuid primary key,
    follower text not null generated always as ('webhook/' || id) stored,
    service text not null,
    owner_role text not null,
    owner_id text not null,
    url text not null,
    types text[] not null,
    subject uuid,
    personal_data boolean not null default false,
    state text not null default 'active' check (state in ('active', 'paused', 'failed')),
    version bigint not null default 1,
    secret bytea not null,
    previous_secret bytea,
    previous_until timestamptz,
    attempts integer not null default 0,
    failing_since timestamptz,
    due_at timestamptz not null default now(),
    last_status integer,
    last_error text,
    claim uuid,
    claimed_until timestamptz,
    created_at timestamptz not null default now()
);

create index webhooks_due on csbe.webhooks (due_at) where state = 'active';

comment on table csbe.webhooks is 'Who is sent events, and how that goes. How far each has come is in csbe.followers, under the name webhook/ and the id.';
comment on column csbe.webhooks.id is 'Derived from the subscriber and the key of the request.';
comment on column csbe.webhooks.follower is 'Name in csbe.followers.';
comment on column csbe.webhooks.service is 'Key of the rulebook whose events are sent, and of no other.';
comment on column csbe.webhooks.owner_role is 'Role of the subscriber: operator or partner.';
comment on column csbe.webhooks.owner_id is 'Name of the subscriber; a partner reaches only what is its own.';
comment on column csbe.webhooks.url is 'Where events are sent. It never changes: another address is another webhook.';
comment on column csbe.webhooks.types is 'Types of events that are sent; one that ends in a dot stands for all that begin so.';
comment on column csbe.webhooks.subject is 'Only events of this aggregate; null for all.';
comment on column csbe.webhooks.personal_data is 'Whether values about a person are sent too; an operator allows it.';
comment on column csbe.webhooks.state is 'active; paused by somebody; failed after the receiver did so for too long or an event could not be read: it waits for somebody.';
comment on column csbe.webhooks.version is 'Counts the changes that somebody made, from 1.';
comment on column csbe.webhooks.secret is 'The key that signs, wrapped by the master key where there is one.';
comment on column csbe.webhooks.previous_secret is 'The key before the last rotation, wrapped alike; signs too until previous_until.';
comment on column csbe.webhooks.previous_until is 'When the key before the last rotation ends to sign.';
comment on column csbe.webhooks.attempts is 'How often the event that is next has been tried in vain.';
comment on column csbe.webhooks.failing_since is 'When the first of these attempts failed.';
comment on column csbe.webhooks.due_at is 'Not before this time; moved forward by back-off after a failure.';
comment on column csbe.webhooks.last_status is 'HTTP status of the last answer; null when there was none.';
comment on column csbe.webhooks.last_error is 'Why the last attempt failed, in our own words: nothing that the receiver said.';
comment on column csbe.webhooks.claim is 'Made by the process that delivers; only who has it may move the position.';
comment on column csbe.webhooks.claimed_until is 'The process has it until then; after a crash it becomes free by itself.';
comment on column csbe.webhooks.created_at is 'When it was subscribed.';

create table csbe.webhook_changes (
    command_id uuid primary key,
    webhook_id uuid not null,
    command text not null,
    fingerprint text not null,
    asked jsonb not null,
    changed_by_role text not null,
    changed_by_id text not null,
    position bigint not null,
    changed_at timestamptz not null default now()
);

create index webhook_changes_by_webhook on csbe.webhook_changes (webhook_id, changed_at);

comment on table csbe.webhook_changes is 'Who subscribed, changed or ended which webhook; also what makes a repeated request change nothing.';
comment on column csbe.webhook_changes.command_id is 'Derived from who asked and the key of the request.';
comment on column csbe.webhook_changes.webhook_id is 'The webhook, also when it is no more.';
comment on column csbe.webhook_changes.command is 'Name of what was asked, e.g. webhooks.pause.';
comment on column csbe.webhook_changes.fingerprint is 'Digest of what was asked, to tell a retry from another request under the same key.';
comment on column csbe.webhook_changes.asked is 'What was asked; never holds a secret.';
comment on column csbe.webhook_changes.changed_by_role is 'Role of who asked.';
comment on column csbe.webhook_changes.changed_by_id is 'Name of who asked.';
comment on column csbe.webhook_changes.position is 'End of the log at that time.';
comment on column csbe.webhook_changes.changed_at is 'When.';
