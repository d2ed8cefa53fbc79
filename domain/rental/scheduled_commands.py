"""What can be asked about reservations ahead of time. Policies give the last two."""

from domain.kernel.calendar import Period
from domain.kernel.ids import MemberId, ReservationId, TripId
from domain.kernel.messages import Command
from domain.kernel.personal import Told
from domain.kernel.values import Instant
from domain.rental.scheduled_plan import Purpose, Wish


class PlaceScheduledReservation(Command):
    """Have a car for a period that is to come: this one, or any of a model in a city or zone.

    No other reservation can have that car in the period, nor in the buffer after it. Asked again, it is the same.
    """

    NAME = "rental.place_scheduled_reservation"
    CREATES = "reservation_id"

    reservation_id: ReservationId
    member_id: MemberId
    wish: Wish
    period: Period
    purpose: Purpose = "private"
    business_reference: Told[str | None] = None


class ChangeScheduledReservation(Command):
    """Extend or shorten a reservation ahead of time. With the end that it has, it changes nothing."""

    NAME = "rental.change_scheduled_reservation"

    reservation_id: ReservationId
    until: Instant


class CancelScheduledReservation(Command):
    """Give up a reservation ahead of time; what that costs, its tariff says. Asked again, it changes nothing."""

    NAME = "rental.cancel_scheduled_reservation"

    reservation_id: ReservationId


class SeeToScheduledReservation(Command):
    """It may be time to pin the car of a reservation ahead of time, to find another one, or to end it."""

    NAME = "rental.see_to_scheduled_reservation"

    reservation_id: ReservationId


class CompleteScheduledReservation(Command):
    """A trip has ended that came of a reservation ahead of time."""

    NAME = "rental.complete_scheduled_reservation"

    trip_id: TripId
