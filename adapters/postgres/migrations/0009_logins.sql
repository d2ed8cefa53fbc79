create table csbe.login_limits (
    address bytea primary key,
    asked timestamptz[] not null default '{}',
    wrong integer not null default 0,
    wait_until timestamptz,
    forget_at timestamptz not null
);
comment on table csbe.login_limits is 'How often codes were asked for and tried for a mail address, be it a member''s or nobody''s. A row is deleted a day after the last time.';
comment on column csbe.login_limits.address is 'Keyed digest of service and address.';
comment on column csbe.login_limits.asked is 'When codes were asked for in the last hour.';
comment on column csbe.login_limits.wrong is 'Wrong codes since the last right one.';
comment on column csbe.login_limits.wait_until is 'No code is looked at before this time.';
comment on column csbe.login_limits.forget_at is 'When the row is deleted.';

create table csbe.login_codes (
    id uuid primary key,
    address bytea not null,
    member_id uuid,
    expires_at timestamptz not null
);
create index login_codes_by_address on csbe.login_codes (address);
create index login_codes_by_member on csbe.login_codes (member_id);
comment on table csbe.login_codes is 'Codes that were asked for and can still be used. The code follows from the id by a key of the installation; it is stored nowhere.';
comment on column csbe.login_codes.id is 'Id of the code, and of the job that mails it.';
comment on column csbe.login_codes.address is 'Keyed digest of service and address.';
comment on column csbe.login_codes.member_id is 'Whose it is; null for an address that nobody has, to which nothing is mailed.';
comment on column csbe.login_codes.expires_at is 'When it ends.';

create table csbe.login_addresses (
    address bytea not null,
    member_id uuid not null,
    proved boolean not null default false,
    added_at timestamptz not null,
    primary key (address, member_id)
);
create index login_addresses_by_member on csbe.login_addresses (member_id);
comment on table csbe.login_addresses is 'By which mail address which member logs in. Deleted when the member is erased.';
comment on column csbe.login_addresses.address is 'Keyed digest of service and address.';
comment on column csbe.login_addresses.member_id is 'The member.';
comment on column csbe.login_addresses.proved is 'Whether they have logged in by a code sent there; they go before others who gave the same address.';
comment on column csbe.login_addresses.added_at is 'When the first code was mailed there.';

create table csbe.refresh_tokens (
    digest bytea primary key,
    session_id uuid not null,
    service text not null,
    role text not null,
    subject text not null,
    used_at timestamptz,
    expires_at timestamptz not null
);
create index refresh_tokens_by_subject on csbe.refresh_tokens (subject);
create index refresh_tokens_by_end on csbe.refresh_tokens (expires_at);
comment on table csbe.refresh_tokens is 'Refresh tokens, each used once. A used one is kept until its end, so that its coming again is noticed.';
comment on column csbe.refresh_tokens.digest is 'Keyed digest of the token, which is stored nowhere.';
comment on column csbe.refresh_tokens.session_id is 'The session that it goes on with.';
comment on column csbe.refresh_tokens.service is 'Key of the rulebook.';
comment on column csbe.refresh_tokens.role is 'Role of the session.';
comment on column csbe.refresh_tokens.subject is 'A member''s id, or the name of an employee or a partner.';
comment on column csbe.refresh_tokens.used_at is 'When the next token was given for it; null while it is the newest one.';
comment on column csbe.refresh_tokens.expires_at is 'When it ends.';

create table csbe.page_codes (
    digest bytea primary key,
    service text not null,
    role text not null,
    subject text not null,
    expires_at timestamptz not null
);
comment on table csbe.page_codes is 'One-time codes in the address of a browser page, which exchanges them for a session. A row is deleted when it is used.';
comment on column csbe.page_codes.digest is 'Keyed digest of the code, which is stored nowhere.';
comment on column csbe.page_codes.service is 'Key of the rulebook.';
comment on column csbe.page_codes.role is 'Role of the session.';
comment on column csbe.page_codes.subject is 'Name of the employee or partner.';
comment on column csbe.page_codes.expires_at is 'When it ends.';

create index events_that_revoke on csbe.events (notification_id) include (recorded_at) where topic in (
    'identity.sessions.session_revoked', 'identity.sessions.refresh_token_reused', 'identity.sessions.all_revoked',
    'members.member.erased'
);
comment on index csbe.events_that_revoke is 'What ends tokens before their time; each process reads it twice a second.';
