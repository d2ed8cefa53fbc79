create or replace view reports.members as
select member_id, service, city_id, email_verified, licence_state, payment_methods, state,
    reservation_id, trip_id, blocked, in_review, registered_at, erased_at, version
from read_v1.members;
comment on view reports.members is 'One row per member.';
