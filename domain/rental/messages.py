"""What members are told of their reservations and trips."""

from collections.abc import Iterable
from typing import get_args

from domain.kernel.messages import RecordedEvent
from domain.kernel.policy import Reaction, SendMessage
from domain.rental.commands import Unpaid
from domain.rental.reservation import Reservation
from domain.rental.trip import Trip
from domain.rental.trip_event_bases import StepFailed


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


def when_start_confirmed_then_tell_member(recorded: RecordedEvent, event: Trip.StartConfirmed) -> Iterable[Reaction]:
    """The trip has begun."""
    values = {"trip_id": str(event.originator_id), "started_at": event.started_at.isoformat()}
    yield SendMessage(member_id=event.member_id, template="trip_started", values=values)


def when_trip_found_unused_then_tell_member(recorded: RecordedEvent, event: Trip.FoundUnused) -> Iterable[Reaction]:
    """It is not ended by itself: the car may be wanted."""
    values = {"trip_id": str(event.originator_id), "started_at": event.started_at.isoformat()}
    yield SendMessage(member_id=event.member_id, template="trip_unused", values=values)


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


def when_end_unconfirmed_then_tell_member(recorded: RecordedEvent, event: Trip.EndUnconfirmed) -> Iterable[Reaction]:
    """The wish stands; what is still missing may be for the member to do."""
    values = {
        "trip_id": str(event.originator_id),
        "requested_at": event.wish.requested_at.isoformat(),
        "reason": event.reason,
        "missing": "; ".join(violation.detail for violation in event.wish.missing),
    }
    yield SendMessage(member_id=event.member_id, template="trip_end_unconfirmed", values=values)


def when_end_taken_back_then_tell_member(recorded: RecordedEvent, event: Trip.EndTakenBack) -> Iterable[Reaction]:
    """The meter runs."""
    values = {"trip_id": str(event.originator_id), "driven_at": event.driven_at.isoformat()}
    yield SendMessage(member_id=event.member_id, template="trip_end_taken_back", values=values)


def when_trip_ended_then_tell_member(recorded: RecordedEvent, event: Trip.Ended) -> Iterable[Reaction]:
    """The member sees at once what the meter says; what is doubted is not told as if it were a bill."""
    template = "trip_ended_in_review" if event.doubts else "trip_ended"
    values = {
        "trip_id": str(event.originator_id),
        "ended_at": event.ended_at.isoformat(),
        "driving_s": str(event.driving_s),
        "parked_s": str(event.parked_s),
        "distance_m": str(event.distance_m),
    }
    yield SendMessage(member_id=event.member_id, template=template, values=values)


def when_trip_corrected_then_tell_member(recorded: RecordedEvent, event: Trip.Corrected) -> Iterable[Reaction]:
    """What was believed, what is true, and what it costs more or less; the app shows why."""
    values = {
        "trip_id": str(event.originator_id),
        "ended_at": f"{event.ended_at:%Y-%m-%d %H:%M} UTC",
        "was_ended_at": f"{event.was_ended_at:%Y-%m-%d %H:%M} UTC",
        "distance_m": str(event.distance_m),
        "was_distance_m": str(event.was_distance_m),
        "difference": str(event.correction.difference.gross),
    }
    yield SendMessage(member_id=event.member_id, template="trip_corrected", values=values)
