"""Whenever something happened to a reservation, a trip, its payment or its car: what follows."""

from collections.abc import Iterable
from typing import get_args
from uuid import UUID

from domain.billing.commands import BillCharge, ReleaseHold, RequestHold
from domain.billing.payment import Payment
from domain.fleet.vehicle import Vehicle
from domain.kernel.ids import PayerId, PaymentId, ReservationId, TripId, VehicleId, derived_id
from domain.kernel.messages import RecordedEvent
from domain.kernel.policy import Policies, Reaction, Scheduled, SendMessage
from domain.rental import commands
from domain.rental.commands import Unpaid
from domain.rental.reservation import Reservation
from domain.rental.reservation_rules import NOTICE
from domain.rental.trip import Trip
from domain.rental.trip_event_bases import StepFailed


def payment_id_of(subject_kind: str, subject_id: UUID) -> PaymentId:
    """The one hold, or else the first payment, of what is charged for."""
    return PaymentId(derived_id("billing.payment", subject_kind, subject_id))


def when_reservation_runs_until_then_expire_it(
    recorded: RecordedEvent, event: Reservation.Placed | Reservation.Extended | Reservation.GivenBack
) -> Iterable[Reaction]:
    """The deadline; a later extension sets another one, and the earlier then finds nothing to do."""
    reservation_id = ReservationId(event.originator_id)
    yield Scheduled(due_at=event.expires_at - NOTICE, command=commands.RemindOfExpiry(reservation_id=reservation_id))
    yield Scheduled(due_at=event.expires_at, command=commands.ExpireReservation(reservation_id=reservation_id))


def when_expiry_announced_then_tell_member(
    recorded: RecordedEvent, event: Reservation.ExpiryAnnounced
) -> Iterable[Reaction]:
    """The member can still start, or extend."""
    values = {"reservation_id": str(event.originator_id), "expires_at": event.expires_at.isoformat()}
    yield SendMessage(member_id=event.member_id, template="reservation_expires_soon", values=values)


def when_reservation_expired_then_tell_member(
    recorded: RecordedEvent, event: Reservation.Expired
) -> Iterable[Reaction]:
    """The car is free for others."""
    values = {"reservation_id": str(event.originator_id)}
    yield SendMessage(member_id=event.member_id, template="reservation_expired", values=values)


def when_trip_requested_then_hold_money(recorded: RecordedEvent, event: Trip.Requested) -> Iterable[Reaction]:
    """Payment first; if the provider stays silent, the start is given up."""
    trip_id = TripId(event.originator_id)
    yield RequestHold(
        payment_id=payment_id_of(Trip.TOPIC, trip_id),
        payer_id=PayerId(event.member_id),
        subject_kind=Trip.TOPIC,
        subject_id=trip_id,
        amount=event.quote.hold,
        method_token=event.method_token,
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


def when_car_found_locked_then_confirm_late_end(recorded: RecordedEvent, event: Vehicle.Locked) -> Iterable[Reaction]:
    """What the car did not confirm in time it may show later."""
    yield commands.ConfirmLateEnd(vehicle_id=VehicleId(event.originator_id), locked_at=event.timestamp)


def when_start_confirmed_then_tell_member(recorded: RecordedEvent, event: Trip.StartConfirmed) -> Iterable[Reaction]:
    """The trip has begun."""
    values = {"trip_id": str(event.originator_id), "started_at": event.started_at.isoformat()}
    yield SendMessage(member_id=event.member_id, template="trip_started", values=values)


def when_start_failed_then_release_money(recorded: RecordedEvent, event: Trip.StartFailed) -> Iterable[Reaction]:
    """Nothing is charged."""
    yield ReleaseHold(payment_id=payment_id_of(Trip.TOPIC, event.originator_id))


def when_start_failed_then_tell_member(recorded: RecordedEvent, event: Trip.StartFailed) -> Iterable[Reaction]:
    """Whether it was the payment or the car, since the member can do something about each."""
    template = "trip_start_unpaid" if event.reason in get_args(Unpaid) else "trip_start_failed"
    values = {"trip_id": str(event.originator_id), "reason": event.reason}
    yield SendMessage(member_id=event.member_id, template=template, values=values)


def when_step_failed_then_tell_member(recorded: RecordedEvent, event: StepFailed) -> Iterable[Reaction]:
    """The member learns what did not work and why."""
    template = "trip_" + type(event).TOPIC.rpartition(".")[2]
    values = {"trip_id": str(event.originator_id), "reason": event.reason}
    yield SendMessage(member_id=event.member_id, template=template, values=values)


def when_trip_ended_then_bill_it(recorded: RecordedEvent, event: Trip.Ended) -> Iterable[Reaction]:
    """By the tariff that was quoted, from the hold."""
    yield _bill(Trip.TOPIC, event)


def when_charge_due_then_bill_reservation(recorded: RecordedEvent, event: Reservation.ChargeDue) -> Iterable[Reaction]:
    """A reservation without a trip is charged without a hold."""
    yield _bill(Reservation.TOPIC, event, event.method_token)


def _bill(kind: str, event: Trip.Ended | Reservation.ChargeDue, method_token: str | None = None) -> BillCharge:
    """Who had it pays for it."""
    return BillCharge(
        subject_kind=kind,
        subject_id=event.originator_id,
        member_id=event.member_id,
        payer_id=PayerId(event.member_id),
        seller_id=event.seller_id,
        payment_id=payment_id_of(kind, event.originator_id),
        quote=event.quote,
        facts=event.facts,
        method_token=method_token,
    )


def when_trip_ended_then_tell_member(recorded: RecordedEvent, event: Trip.Ended) -> Iterable[Reaction]:
    """The member sees at once what the meter says."""
    values = {
        "trip_id": str(event.originator_id),
        "ended_at": event.ended_at.isoformat(),
        "driving_s": str(event.driving_s),
        "parked_s": str(event.parked_s),
        "distance_m": str(event.distance_m),
    }
    yield SendMessage(member_id=event.member_id, template="trip_ended", values=values)


POLICIES: Policies = {
    Reservation.Placed: (when_reservation_runs_until_then_expire_it,),
    Reservation.Extended: (when_reservation_runs_until_then_expire_it,),
    Reservation.GivenBack: (when_reservation_runs_until_then_expire_it,),
    Reservation.ExpiryAnnounced: (when_expiry_announced_then_tell_member,),
    Reservation.Expired: (when_reservation_expired_then_tell_member,),
    Reservation.ChargeDue: (when_charge_due_then_bill_reservation,),
    Trip.Requested: (when_trip_requested_then_hold_money,),
    Trip.StartConfirmed: (when_start_confirmed_then_tell_member,),
    Trip.StartFailed: (when_start_failed_then_release_money, when_start_failed_then_tell_member),
    Trip.ParkFailed: (when_step_failed_then_tell_member,),
    Trip.ResumeFailed: (when_step_failed_then_tell_member,),
    Trip.EndUnconfirmed: (when_step_failed_then_tell_member,),
    Trip.Ended: (when_trip_ended_then_bill_it, when_trip_ended_then_tell_member),
    Payment.Held: (when_money_held_then_unlock,),
    Payment.HoldDeclined: (when_hold_declined_then_fail_start,),
    Vehicle.CommandConfirmed: (when_car_confirmed_then_take_step,),
    Vehicle.Locked: (when_car_found_locked_then_confirm_late_end,),
    Vehicle.CommandFailed: (when_car_failed_then_undo_step,),
}
"""What follows which event."""
