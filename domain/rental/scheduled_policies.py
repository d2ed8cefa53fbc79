"""Whenever something happened to a reservation ahead of time: what follows."""

from collections.abc import Iterable

from domain.kernel.aggregate import DomainEvent
from domain.kernel.ids import MemberId, ReservationId, TripId
from domain.kernel.messages import RecordedEvent
from domain.kernel.policy import Policies, Reaction, Scheduled, SendMessage
from domain.rental import scheduled_commands as commands
from domain.rental.billing import bill
from domain.rental.reservation_event_bases import ScheduledMoments
from domain.rental.scheduled import ScheduledReservation
from domain.rental.trip import Trip

HasPeriod = ScheduledReservation.Pinned | ScheduledReservation.CarReplaced | ScheduledReservation.CarAwaited


def when_promised_then_see_to_it(
    recorded: RecordedEvent, event: ScheduledReservation.Placed | ScheduledMoments
) -> Iterable[Reaction]:
    """At each of its moments; what is past is looked at now."""
    command = commands.SeeToScheduledReservation(reservation_id=ReservationId(event.originator_id))
    for moment in sorted({max(moment, event.timestamp) for moment in event.plan.moments(event.period.begins)}):
        yield Scheduled(due_at=moment, command=command)


def when_trip_ended_then_complete_reservation(recorded: RecordedEvent, event: Trip.Ended) -> Iterable[Reaction]:
    """The rest of its period is free."""
    if event.facts.booked_from is not None:
        yield commands.CompleteScheduledReservation(trip_id=TripId(event.originator_id))


def when_scheduled_charge_due_then_bill_it(
    recorded: RecordedEvent, event: ScheduledReservation.ChargeDue
) -> Iterable[Reaction]:
    """A cancellation or a no-show is charged without a hold."""
    yield bill(ScheduledReservation.TOPIC, event, event.method_id)


def when_pinned_then_tell_member(recorded: RecordedEvent, event: ScheduledReservation.Pinned) -> Iterable[Reaction]:
    """Which car it is."""
    yield _message("reservation_pinned", event.member_id, event, vehicle_id=event.vehicle_id, **_times(event))


def when_car_replaced_then_tell_member(
    recorded: RecordedEvent, event: ScheduledReservation.CarReplaced
) -> Iterable[Reaction]:
    """Which other car it is; whoever does not want it may go without paying."""
    car = {"vehicle_id": event.vehicle_id, "model": event.model}
    yield _message("reservation_car_replaced", event.member_id, event, **car, **_times(event))


def when_car_awaited_then_tell_both(
    recorded: RecordedEvent, event: ScheduledReservation.CarAwaited
) -> Iterable[Reaction]:
    """Who waits for the car may go without paying; who drives it is asked to bring it back."""
    yield _message("reservation_car_awaited", event.member_id, event, **_times(event))
    if event.driver_id is not None:
        wanted = {"booked_from": event.period.begins.isoformat()}
        yield SendMessage(member_id=event.driver_id, template="trip_car_wanted_back", values=wanted)


def when_car_missing_then_tell_member(
    recorded: RecordedEvent, event: ScheduledReservation.CarMissing
) -> Iterable[Reaction]:
    """There is no car, and nothing to pay."""
    yield _message("reservation_without_car", event.member_id, event)


def when_no_show_then_tell_member(recorded: RecordedEvent, event: ScheduledReservation.NoShow) -> Iterable[Reaction]:
    """The car is free for others."""
    yield _message("reservation_no_show", event.member_id, event)


def _times(event: HasPeriod) -> dict[str, object]:
    return {"booked_from": event.period.begins.isoformat(), "booked_until": event.period.ends.isoformat()}


def _message(template: str, member_id: MemberId, event: DomainEvent, **values: object) -> SendMessage:
    told = {name: str(value) for name, value in values.items()}
    reservation = {"reservation_id": str(event.originator_id)}
    return SendMessage(member_id=member_id, template=template, values=reservation | told)


POLICIES: Policies = {
    ScheduledReservation.Placed: (when_promised_then_see_to_it,),
    ScheduledReservation.GivenBack: (when_promised_then_see_to_it,),
    ScheduledReservation.CarReplaced: (when_promised_then_see_to_it, when_car_replaced_then_tell_member),
    ScheduledReservation.Pinned: (when_pinned_then_tell_member,),
    ScheduledReservation.CarAwaited: (when_car_awaited_then_tell_both,),
    ScheduledReservation.CarMissing: (when_car_missing_then_tell_member,),
    ScheduledReservation.NoShow: (when_no_show_then_tell_member,),
    ScheduledReservation.ChargeDue: (when_scheduled_charge_due_then_bill_it,),
    Trip.Ended: (when_trip_ended_then_complete_reservation,),
}
"""What follows which event."""
