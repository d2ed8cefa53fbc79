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
    version bigint not null,
    secret bytea not null,
    secret_position bigint not null,
    previous_secret bytea,
    previous_until timestamptz,
    attempts integer not null default 0,
    failing_since timestamptz,
    due_at timestamptz not null default now(),
    last_status integer,
    last_error text,
    claim uuid,
    claimed_until timestamptz,
    claimed_by integer,
    subscribed_position bigint not null,
    created_at timestamptz not null
);

create index webhooks_due on csbe.webhooks (due_at) where state = 'active';

comment on table csbe.webhooks is 'How the delivery of each webhook goes, by what its events say. How far it has come is in csbe.followers, under the name webhook/ and the id.';
comment on column csbe.webhooks.id is 'The aggregate in csbe.events; one that has ended is not here.';
comment on column csbe.webhooks.follower is 'Name in csbe.followers.';
comment on column csbe.webhooks.service is 'Key of the rulebook whose events are sent, and of no other.';
comment on column csbe.webhooks.owner_role is 'Role of the subscriber: operator or partner.';
comment on column csbe.webhooks.owner_id is 'Name of the subscriber; a partner reaches only what is its own.';
comment on column csbe.webhooks.url is 'Where events are sent. It never changes: another address is another webhook.';
comment on column csbe.webhooks.types is 'Types of events that are sent; one that ends in a dot stands for all that begin so.';
comment on column csbe.webhooks.subject is 'Only events of this aggregate; null for all.';
comment on column csbe.webhooks.personal_data is 'Whether values about a person are sent too; an operator allows it.';
comment on column csbe.webhooks.state is 'active; paused by somebody; failed after the receiver did so for too long or an event could not be read: it waits for somebody.';
comment on column csbe.webhooks.version is 'The last event of the aggregate that is taken up here.';
comment on column csbe.webhooks.secret is 'The key that signs, wrapped by the master key where there is one.';
comment on column csbe.webhooks.secret_position is 'Position of the event that it was made for: only the answer to that request tells it.';
comment on column csbe.webhooks.previous_secret is 'The key before the last rotation, wrapped alike; signs too until previous_until.';
comment on column csbe.webhooks.previous_until is 'When the key before the last rotation ends to sign.';
comment on column csbe.webhooks.attempts is 'How often the event that is next has been tried in vain.';
comment on column csbe.webhooks.failing_since is 'When the first of these attempts failed.';
comment on column csbe.webhooks.due_at is 'Not before this time; moved forward by back-off after a failure.';
comment on column csbe.webhooks.last_status is 'HTTP status of the last answer; null when there was none.';
comment on column csbe.webhooks.last_error is 'Why the last attempt failed, in our own words: nothing that the receiver said.';
comment on column csbe.webhooks.claim is 'Made by the process that delivers; only who has it may move the position.';
comment on column csbe.webhooks.claimed_until is 'The process has it until then at most; after a crash it is free sooner.';
comment on column csbe.webhooks.claimed_by is 'Number of the process, which has a lock of that number while it lives.';
comment on column csbe.webhooks.subscribed_position is 'Position of the event that made it; its owner, if a partner, is sent nothing that came before.';
comment on column csbe.webhooks.created_at is 'When it was subscribed.';
