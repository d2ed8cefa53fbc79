"""Whenever something happened to a reservation, a trip, its payment or its car: what follows."""

from collections.abc import Iterable

from domain.billing.commands import ReleaseHold, RequestHold
from domain.billing.payment import Payment
from domain.fleet.commands import NoteSilence, SecureVehicle
from domain.fleet.conversation import NO_ANSWER
from domain.fleet.vehicle import Vehicle
from domain.fleet.vehicle_event_bases import CarEvent
from domain.kernel.ids import PayerId, ReservationId, TripId, VehicleId
from domain.kernel.messages import RecordedEvent
from domain.kernel.policy import Policies, Reaction, Scheduled
from domain.rental import commands, messages
from domain.rental.billing import bill, payment_id_of
from domain.rental.reservation import Reservation
from domain.rental.reservation_rules import NOTICE
from domain.rental.trip import Trip


def when_reservation_runs_until_then_expire_it(
    recorded: RecordedEvent, event: Reservation.Placed | Reservation.Extended | Reservation.GivenBack
) -> Iterable[Reaction]:
    """The deadline; a later extension sets another one, and the earlier then finds nothing to do."""
    reservation_id = ReservationId(event.originator_id)
    yield Scheduled(due_at=event.expires_at - NOTICE, command=commands.RemindOfExpiry(reservation_id=reservation_id))
    yield Scheduled(due_at=event.expires_at, command=commands.ExpireReservation(reservation_id=reservation_id))


def when_trip_requested_then_hold_money(recorded: RecordedEvent, event: Trip.Requested) -> Iterable[Reaction]:
    """Payment first; if the provider stays silent, the start is given up."""
    trip_id = TripId(event.originator_id)
    yield RequestHold(
        payment_id=payment_id_of(Trip.TOPIC, trip_id),
        payer_id=PayerId(event.member_id),
        subject_kind=Trip.TOPIC,
        subject_id=trip_id,
        amount=event.quote.hold,
        method_id=event.method_id,
        on_session=True,
    )
    yield Scheduled(
        due_at=event.payment_due_at, command=commands.FailTripStart(trip_id=trip_id, reason="payment_timed_out")
    )


def when_money_held_then_unlock(recorded: RecordedEvent, event: Payment.Held) -> Iterable[Reaction]:
    """The car opens once the payment is secured. A hold for an invoice is for no start."""
    if event.invoice_id is None and event.subject_kind == Trip.TOPIC:
        yield commands.UnlockForTrip(trip_id=TripId(event.subject_id))


def when_hold_declined_then_fail_start(recorded: RecordedEvent, event: Payment.HoldDeclined) -> Iterable[Reaction]:
    """No money, no trip."""
    if event.invoice_id is None and event.subject_kind == Trip.TOPIC:
        yield commands.FailTripStart(trip_id=TripId(event.subject_id), reason="payment_declined")


def when_car_confirmed_then_take_step(recorded: RecordedEvent, event: Vehicle.CommandConfirmed) -> Iterable[Reaction]:
    """The car did what its trip waits for."""
    yield commands.ConfirmTripStep(
        vehicle_id=VehicleId(event.originator_id), request_id=event.request_id, confirmed_at=event.timestamp
    )


def when_car_failed_then_undo_step(recorded: RecordedEvent, event: Vehicle.CommandFailed) -> Iterable[Reaction]:
    """The car refused, or stayed silent."""
    yield commands.FailTripStep(
        vehicle_id=VehicleId(event.originator_id), request_id=event.request_id, reason=event.reason
    )


def when_car_shows_itself_then_confirm_end(recorded: RecordedEvent, event: CarEvent) -> Iterable[Reaction]:
    """What the end of a trip asks for may come by any message, and long after it was asked for."""
    if event.in_trip:
        yield commands.ConfirmEnd(vehicle_id=VehicleId(event.originator_id), told_at=event.timestamp)


def when_back_in_contact_then_confirm_end(
    recorded: RecordedEvent, event: Vehicle.ContactRestored
) -> Iterable[Reaction]:
    """It can be asked to lock again."""
    yield commands.ConfirmEnd(vehicle_id=VehicleId(event.originator_id), told_at=event.timestamp)


def when_trip_runs_then_look_whether_it_is_used(
    recorded: RecordedEvent, event: Trip.StartConfirmed
) -> Iterable[Reaction]:
    """Some forget that they have a car."""
    yield Scheduled(due_at=event.unused_at, command=commands.LookWhetherUsed(trip_id=TripId(event.originator_id)))


def when_start_failed_then_see_to_the_car(recorded: RecordedEvent, event: Trip.StartFailed) -> Iterable[Reaction]:
    """It may have opened without a word; and who is silent is looked after."""
    yield SecureVehicle(vehicle_id=event.vehicle_id)
    if event.reason == NO_ANSWER:
        yield NoteSilence(vehicle_id=event.vehicle_id)


def when_start_failed_then_release_money(recorded: RecordedEvent, event: Trip.StartFailed) -> Iterable[Reaction]:
    """Nothing is charged."""
    yield ReleaseHold(payment_id=payment_id_of(Trip.TOPIC, event.originator_id))


def when_trip_ended_then_see_to_the_car(recorded: RecordedEvent, event: Trip.Ended) -> Iterable[Reaction]:
    """One that was ended without evidence may stand open."""
    if event.evidence.missing:
        yield SecureVehicle(vehicle_id=event.vehicle_id)


def when_trip_ended_then_bill_it(recorded: RecordedEvent, event: Trip.Ended) -> Iterable[Reaction]:
    """By the tariff that was quoted, from the hold. Whoever ended it for the member does not decide alone about it."""
    yield bill(Trip.TOPIC, event, facts_by=recorded.metadata.actor.id if event.forced else None)


def when_charge_due_then_bill_reservation(recorded: RecordedEvent, event: Reservation.ChargeDue) -> Iterable[Reaction]:
    """A reservation without a trip is charged without a hold."""
    yield bill(Reservation.TOPIC, event, event.method_id)


_SHOWING: tuple[type[CarEvent], ...] = (
    Vehicle.Locked,
    Vehicle.DoorsClosed,
    Vehicle.IgnitionOn,
    Vehicle.IgnitionOff,
    Vehicle.Located,
    Vehicle.ZoneEntered,
    Vehicle.ZoneLeft,
)
"""What can complete what the end of a trip asks for, or speak against it."""

POLICIES: Policies = {
    Reservation.Placed: (when_reservation_runs_until_then_expire_it,),
    Reservation.Extended: (when_reservation_runs_until_then_expire_it,),
    Reservation.GivenBack: (when_reservation_runs_until_then_expire_it,),
    Reservation.ExpiryAnnounced: (messages.when_expiry_announced_then_tell_member,),
    Reservation.Expired: (messages.when_reservation_expired_then_tell_member,),
    Reservation.ChargeDue: (when_charge_due_then_bill_reservation,),
    Trip.Requested: (when_trip_requested_then_hold_money,),
    Trip.StartConfirmed: (messages.when_start_confirmed_then_tell_member, when_trip_runs_then_look_whether_it_is_used),
    Trip.StartFailed: (
        when_start_failed_then_release_money,
        messages.when_start_failed_then_tell_member,
        when_start_failed_then_see_to_the_car,
    ),
    Trip.FoundUnused: (messages.when_trip_found_unused_then_tell_member,),
    Trip.ParkFailed: (messages.when_step_failed_then_tell_member,),
    Trip.ResumeFailed: (messages.when_step_failed_then_tell_member,),
    Trip.EndUnconfirmed: (messages.when_end_unconfirmed_then_tell_member,),
    Trip.EndTakenBack: (messages.when_end_taken_back_then_tell_member,),
    Trip.Ended: (
        when_trip_ended_then_bill_it,
        messages.when_trip_ended_then_tell_member,
        when_trip_ended_then_see_to_the_car,
    ),
    Trip.Corrected: (messages.when_trip_corrected_then_tell_member,),
    Payment.Held: (when_money_held_then_unlock,),
    Payment.HoldDeclined: (when_hold_declined_then_fail_start,),
    Vehicle.CommandConfirmed: (when_car_confirmed_then_take_step,),
    Vehicle.CommandFailed: (when_car_failed_then_undo_step,),
    Vehicle.ContactRestored: (when_back_in_contact_then_confirm_end,),
    **dict.fromkeys(_SHOWING, (when_car_shows_itself_then_confirm_end,)),
}
"""What follows which event."""
