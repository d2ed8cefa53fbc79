create or replace view reports.members as
select member_id, service, city_id, email_verified, licence_state, licence_expires_on, payment_methods, state,
    reservation_id, trip_id, blocked, registered_at, erased_at, version
from read_v1.members;
comment on view reports.members is 'One row per member.';
comment on column reports.members.member_id is 'The member.';
comment on column reports.members.service is 'Key of the rulebook.';
comment on column reports.members.city_id is 'Where the member registered.';
comment on column reports.members.email_verified is 'Whether the address was proved.';
comment on column reports.members.licence_state is 'submitted, verified or rejected; null before.';
comment on column reports.members.licence_expires_on is 'Last day of the licence handed in; null before.';
comment on column reports.members.payment_methods is 'How many payment methods can be charged.';
comment on column reports.members.state is 'idle, in_reservation or in_trip.';
comment on column reports.members.reservation_id is 'The open reservation.';
comment on column reports.members.trip_id is 'The open trip.';
comment on column reports.members.blocked is 'Whether kept from anything new.';
comment on column reports.members.registered_at is 'When the account was opened.';
comment on column reports.members.erased_at is 'When the member was erased; null for all others.';
comment on column reports.members.version is 'Version of the aggregate.';
