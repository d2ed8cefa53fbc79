create table members (
    member_id uuid primary key,
    service text not null,
    city_id text not null,
    email_verified boolean not null default false,
    licence_state text,
    licence_expires_on date,
    payment_methods integer not null default 0,
    state text not null default 'idle',
    reservation_id uuid,
    trip_id uuid,
    blocked boolean not null default false,
    in_review boolean not null default false,
    registered_at timestamptz not null,
    erased_at timestamptz,
    version bigint not null
);
create index members_by_time on members (service, registered_at desc);
create index members_to_check on members (service, registered_at desc) where licence_state = 'submitted';
comment on table members is 'One row per member. Names and addresses are in the log alone.';
comment on column members.member_id is 'The member.';
comment on column members.service is 'Key of the rulebook.';
comment on column members.city_id is 'Where the member registered.';
comment on column members.email_verified is 'Whether the address was proved.';
comment on column members.licence_state is 'submitted, verified or rejected; null before.';
comment on column members.licence_expires_on is 'Personal: last day of the licence handed in; null before.';
comment on column members.payment_methods is 'How many payment methods can be charged.';
comment on column members.state is 'idle, in_reservation or in_trip.';
comment on column members.reservation_id is 'The open reservation.';
comment on column members.trip_id is 'The open trip.';
comment on column members.blocked is 'Whether kept from anything new.';
comment on column members.in_review is 'Whether an agent is to look at other accounts that have the same licence, card or address.';
comment on column members.registered_at is 'When the account was opened.';
comment on column members.erased_at is 'When the member was erased; null for all others.';
comment on column members.version is 'Version of the aggregate.';
