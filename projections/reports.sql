create schema if not exists reports;
comment on schema reports is 'What analysts read: the read models by name, without personal data.';

create or replace view reports.members as
select member_id, service, city_id, email_verified, licence_state, licence_expires_on, payment_methods, status,
    reservation_id, trip_id, blocked, registered_at, version
from read_v1.members;
comment on view reports.members is 'One row per member.';
comment on column reports.members.member_id is 'The member.';
comment on column reports.members.service is 'Key of the rulebook.';
comment on column reports.members.city_id is 'Where the member registered.';
comment on column reports.members.email_verified is 'Whether the address was proved.';
comment on column reports.members.licence_state is 'submitted, verified or rejected; null before.';
comment on column reports.members.licence_expires_on is 'Last day of the licence handed in; null before.';
comment on column reports.members.payment_methods is 'How many payment methods can be charged.';
comment on column reports.members.status is 'IDLE, IN_RESERVATION or IN_RENTAL.';
comment on column reports.members.reservation_id is 'The open reservation.';
comment on column reports.members.trip_id is 'The open trip.';
comment on column reports.members.blocked is 'Whether kept from anything new.';
comment on column reports.members.registered_at is 'When the account was opened.';
comment on column reports.members.version is 'Version of the aggregate.';

create or replace view reports.vehicles as
select vehicle_id, service, city_id, vin, plate, make, model, fuel_type,
    case when trip_id is null then latitude end as latitude, case when trip_id is null then longitude end as longitude,
    position_at, energy_percent, energy_at, locked, online, service_state, reservation_id, trip_id, state
from read_v1.vehicles;
comment on view reports.vehicles is 'One row per car.';
comment on column reports.vehicles.vehicle_id is 'The car.';
comment on column reports.vehicles.service is 'Key of the rulebook.';
comment on column reports.vehicles.city_id is 'City of operation.';
comment on column reports.vehicles.vin is 'Vehicle identification number.';
comment on column reports.vehicles.plate is 'Licence plate.';
comment on column reports.vehicles.make is 'Make.';
comment on column reports.vehicles.model is 'Model, as tariffs name it.';
comment on column reports.vehicles.fuel_type is 'petrol, diesel or electric.';
comment on column reports.vehicles.latitude is 'WGS 84 degrees; null in a trip, where it would locate a person.';
comment on column reports.vehicles.longitude is 'WGS 84 degrees; null in a trip, where it would locate a person.';
comment on column reports.vehicles.position_at is 'When the position was measured.';
comment on column reports.vehicles.energy_percent is 'Fuel level or state of charge.';
comment on column reports.vehicles.energy_at is 'When the energy was measured.';
comment on column reports.vehicles.locked is 'Whether all doors are locked.';
comment on column reports.vehicles.online is 'Whether the car can be reached.';
comment on column reports.vehicles.service_state is 'commissioned, in_service, out_of_service or decommissioned.';
comment on column reports.vehicles.reservation_id is 'The open reservation of it.';
comment on column reports.vehicles.trip_id is 'The open trip with it.';
comment on column reports.vehicles.state is 'in_trip, reserved, available, or its service state.';

create or replace view reports.zones as
select zone_id, service, city_id, kind, name, zone_version, polygons, retired from read_v1.zones;
comment on view reports.zones is 'One row per zone, in its newest shape.';
comment on column reports.zones.zone_id is 'The zone.';
comment on column reports.zones.service is 'Key of the rulebook.';
comment on column reports.zones.city_id is 'City.';
comment on column reports.zones.kind is 'home_area, no_parking or airport.';
comment on column reports.zones.name is 'Name on maps.';
comment on column reports.zones.zone_version is 'Counts its shapes.';
comment on column reports.zones.polygons is 'Coordinates of a GeoJSON MultiPolygon.';
comment on column reports.zones.retired is 'Whether it has ceased to count.';

create or replace view reports.field_tasks as
select task_id, service, vehicle_id, kind, reason, state, raised_at, closed_at from read_v1.field_tasks;
comment on view reports.field_tasks is 'One row per task in the field.';
comment on column reports.field_tasks.task_id is 'The task.';
comment on column reports.field_tasks.service is 'Key of the rulebook.';
comment on column reports.field_tasks.vehicle_id is 'The car.';
comment on column reports.field_tasks.kind is 'refuel, charge, clean or inspect.';
comment on column reports.field_tasks.reason is 'Why it was raised.';
comment on column reports.field_tasks.state is 'raised, done or cancelled.';
comment on column reports.field_tasks.raised_at is 'When it was raised.';
comment on column reports.field_tasks.closed_at is 'When it was done or cancelled.';

create or replace view reports.reservations as
select reservation_id, service, member_id, vehicle_id, city_id, state, placed_at, free_until, expires_at, trip_id from read_v1.reservations;
comment on view reports.reservations is 'One row per reservation.';
comment on column reports.reservations.reservation_id is 'The reservation.';
comment on column reports.reservations.service is 'Key of the rulebook.';
comment on column reports.reservations.member_id is 'Who holds the car.';
comment on column reports.reservations.vehicle_id is 'The car.';
comment on column reports.reservations.city_id is 'City.';
comment on column reports.reservations.state is 'open, converted, cancelled or expired.';
comment on column reports.reservations.placed_at is 'When it began.';
comment on column reports.reservations.free_until is 'End of the free time.';
comment on column reports.reservations.expires_at is 'End of the reservation.';
comment on column reports.reservations.trip_id is 'The trip that it became.';

create or replace view reports.trips as
select trip_id, service, member_id, vehicle_id, reservation_id, city_id, state, requested_at, started_at, ended_at,
    driving_s, parked_s, distance_m, forced, case when state = 'start_failed' then reason end as reason
from read_v1.trips;
comment on view reports.trips is 'One row per trip.';
comment on column reports.trips.trip_id is 'The trip.';
comment on column reports.trips.service is 'Key of the rulebook.';
comment on column reports.trips.member_id is 'Who drives.';
comment on column reports.trips.vehicle_id is 'The car.';
comment on column reports.trips.reservation_id is 'The reservation that it came from.';
comment on column reports.trips.city_id is 'City of its start.';
comment on column reports.trips.state is 'requested, starting, running, parked, ending, ended or start_failed.';
comment on column reports.trips.requested_at is 'When it was asked for.';
comment on column reports.trips.started_at is 'When the car confirmed that it was open.';
comment on column reports.trips.ended_at is 'When it ended; billing stops here.';
comment on column reports.trips.driving_s is 'Seconds of driving.';
comment on column reports.trips.parked_s is 'Seconds of parking.';
comment on column reports.trips.distance_m is 'Metres driven.';
comment on column reports.trips.forced is 'Whether an agent ended it.';
comment on column reports.trips.reason is 'Why it failed to start.';

create or replace view reports.invoices as
select invoice_id, service, number, seller, member_id, trip_id, issued_at, currency, net_minor, tax_minor, gross_minor,
    paid_minor, credited_minor, open_minor, state, lines, taxes
from read_v1.invoices;
comment on view reports.invoices is 'One row per invoice.';
comment on column reports.invoices.invoice_id is 'The invoice.';
comment on column reports.invoices.service is 'Key of the rulebook.';
comment on column reports.invoices.number is 'Number, without gaps per seller.';
comment on column reports.invoices.seller is 'Legal entity that issued it.';
comment on column reports.invoices.member_id is 'Who pays.';
comment on column reports.invoices.trip_id is 'The trip or reservation that it is for.';
comment on column reports.invoices.issued_at is 'When it was issued.';
comment on column reports.invoices.currency is 'ISO 4217.';
comment on column reports.invoices.net_minor is 'Net, in minor units.';
comment on column reports.invoices.tax_minor is 'All taxes, in minor units.';
comment on column reports.invoices.gross_minor is 'To pay, in minor units.';
comment on column reports.invoices.paid_minor is 'Received and not refunded, in minor units.';
comment on column reports.invoices.credited_minor is 'Taken back by credit notes, in minor units.';
comment on column reports.invoices.open_minor is 'Neither received nor taken back, in minor units.';
comment on column reports.invoices.state is 'open, in_review, paid or credited.';
comment on column reports.invoices.lines is 'Each line with its rule, tariff version and facts.';
comment on column reports.invoices.taxes is 'Each tax with its rate and base.';

create or replace view reports.credit_notes as
select credit_note_id, service, number, seller, invoice_id, member_id, issued_at, currency, net_minor, tax_minor, gross_minor
from read_v1.credit_notes;
comment on view reports.credit_notes is 'One row per credit note.';
comment on column reports.credit_notes.credit_note_id is 'The credit note.';
comment on column reports.credit_notes.service is 'Key of the rulebook.';
comment on column reports.credit_notes.number is 'Number, without gaps per seller.';
comment on column reports.credit_notes.seller is 'Legal entity that issued it.';
comment on column reports.credit_notes.invoice_id is 'The invoice of which it takes back a part, or all.';
comment on column reports.credit_notes.member_id is 'Whose invoice it is.';
comment on column reports.credit_notes.issued_at is 'When it was issued.';
comment on column reports.credit_notes.currency is 'ISO 4217.';
comment on column reports.credit_notes.net_minor is 'Net, in minor units.';
comment on column reports.credit_notes.tax_minor is 'All taxes, in minor units.';
comment on column reports.credit_notes.gross_minor is 'Taken back, in minor units.';

create or replace view reports.payments as
select payment_id, service, member_id, trip_id, amount_minor, currency, state, changed_at from read_v1.payments;
comment on view reports.payments is 'One row per payment.';
comment on column reports.payments.payment_id is 'The payment.';
comment on column reports.payments.service is 'Key of the rulebook.';
comment on column reports.payments.member_id is 'Who pays.';
comment on column reports.payments.trip_id is 'What it is for.';
comment on column reports.payments.amount_minor is 'Amount asked to be held, in minor units.';
comment on column reports.payments.currency is 'ISO 4217.';
comment on column reports.payments.state is 'The last thing that happened to it.';
comment on column reports.payments.changed_at is 'When that was.';

create or replace view reports.fleet_days as
select day, service, city_id, trips, driving_s, parked_s, distance_m, revenue_minor, currency from read_v1.fleet_days;
comment on view reports.fleet_days is 'One row per day, service and city.';
comment on column reports.fleet_days.day is 'Day in the city on which the trips ended.';
comment on column reports.fleet_days.service is 'Key of the rulebook.';
comment on column reports.fleet_days.city_id is 'City.';
comment on column reports.fleet_days.trips is 'Trips that ended.';
comment on column reports.fleet_days.driving_s is 'Seconds of driving.';
comment on column reports.fleet_days.parked_s is 'Seconds of parking.';
comment on column reports.fleet_days.distance_m is 'Metres driven.';
comment on column reports.fleet_days.revenue_minor is 'Net revenue of what ended on the day, less what was credited since, in minor units.';
comment on column reports.fleet_days.currency is 'ISO 4217.';

create or replace view reports.event_log as
select position, recorded_at, aggregate_id, version, topic, service, member_id, vehicle_id, actor_role, command, command_id,
    correlation_id, causation_id
from read_v1.event_log;
comment on view reports.event_log is 'One row per event, without values about a person.';
comment on column reports.event_log.position is 'Position in the log.';
comment on column reports.event_log.recorded_at is 'When it was recorded.';
comment on column reports.event_log.aggregate_id is 'What it is about.';
comment on column reports.event_log.version is 'Place in the history of the aggregate.';
comment on column reports.event_log.topic is 'Permanent name of the event.';
comment on column reports.event_log.service is 'Key of the rulebook.';
comment on column reports.event_log.member_id is 'The member concerned.';
comment on column reports.event_log.vehicle_id is 'The car concerned.';
comment on column reports.event_log.actor_role is 'Role of who asked.';
comment on column reports.event_log.command is 'The command that caused it.';
comment on column reports.event_log.command_id is 'Its id.';
comment on column reports.event_log.correlation_id is 'The outside request that everything follows from.';
comment on column reports.event_log.causation_id is 'The event that the command followed from.';

do $$
begin
    if not exists (select from pg_roles where rolname = 'csbe_analyst') then
        create role csbe_analyst nologin;
    end if;
exception
    when duplicate_object or unique_violation then null;
    when insufficient_privilege then
        raise exception 'the role csbe_analyst is missing: let an administrator run "create role csbe_analyst nologin" once';
end
$$;
grant usage on schema reports to csbe_analyst;
grant select on all tables in schema reports to csbe_analyst;
