"""What can be asked of rental. Members and agents ask for the first part; policies give the second."""

from typing import Literal
from uuid import UUID

from domain.billing.fee import Evidence
from domain.kernel.ids import MemberId, ReservationId, TripId, VehicleId
from domain.kernel.messages import Command
from domain.kernel.money import Money
from domain.kernel.personal import Told
from domain.kernel.values import Instant

Unpaid = Literal["payment_declined", "payment_timed_out"]
"""Why the money for a trip is not secured."""


class PlaceReservation(Command):
    """Keep a car for the free time, at the prices of now. Asked again by who keeps it, it is the same reservation."""

    NAME = "rental.place_reservation"
    CREATES = "reservation_id"

    reservation_id: ReservationId
    member_id: MemberId
    vehicle_id: VehicleId


class ExtendReservation(Command):
    """Keep the car longer; what lies after the free time is paid. Until its present end, it changes nothing."""

    NAME = "rental.extend_reservation"

    reservation_id: ReservationId
    until: Instant


class CancelReservation(Command):
    """Give the car up. Asked again, it changes nothing."""

    NAME = "rental.cancel_reservation"

    reservation_id: ReservationId


class StartTrip(Command):
    """Ask for a trip: from a reservation, or at the car with a quote made at once.

    It runs once the money is held and the car has confirmed that it is open. Asked again with the same choices while it
    lasts, it is the same trip.
    """

    NAME = "rental.start_trip"
    CREATES = "trip_id"

    trip_id: TripId
    member_id: MemberId
    vehicle_id: VehicleId
    reservation_id: ReservationId | None = None
    package: str | None = None
    """Id of a package of the tariff."""
    options: tuple[str, ...] = ()


class ParkTrip(Command):
    """Lock the car for a while and keep it. Asked again while it is being parked or is, it changes nothing."""

    NAME = "rental.park_trip"

    trip_id: TripId


class ResumeTrip(Command):
    """Open the parked car again. Asked again while that is under way or done, it changes nothing."""

    NAME = "rental.resume_trip"

    trip_id: TripId


class EndTrip(Command):
    """Lock the car and give it back. The wish counts from now on, and is confirmed by what the car shows.

    Refused with all that the car shows and its member can put right at once. `awaits` in the answer is what the car has
    yet to show. While it is awaited, and once the trip has ended, asking again changes nothing and is answered so.
    """

    NAME = "rental.end_trip"

    trip_id: TripId


class ForceEndTrip(Command):
    """An agent ends a trip whose car cannot confirm it. Ended at that time already, it changes nothing."""

    NAME = "rental.force_end_trip"

    trip_id: TripId
    ended_at: Instant
    reason: Told[str]


class ChargeFee(Command):
    """Charge what came of a trip: a fee of the catalogue of its city, or a cost that somebody else had, with evidence.

    The payer is told before anything is taken, and may object.
    """

    NAME = "rental.charge_fee"
    CREATES = "fee_id"

    fee_id: UUID
    """The new fee's own."""
    trip_id: TripId
    fee: str
    """Id in the catalogue."""
    amount: Money | None = None
    """What it cost, where the catalogue has no amount."""
    happened_at: Instant
    evidence: Told[tuple[Evidence, ...]]
    reason: Told[str]


class ExpireReservation(Command):
    """The time of a reservation may be up."""

    NAME = "rental.expire_reservation"

    reservation_id: ReservationId


class RemindOfExpiry(Command):
    """The free time of a reservation ends soon."""

    NAME = "rental.remind_of_expiry"

    reservation_id: ReservationId


class UnlockForTrip(Command):
    """The payment is secured: have the car opened."""

    NAME = "rental.unlock_for_trip"

    trip_id: TripId


class FailTripStart(Command):
    """The trip cannot start. After `payment_timed_out` only if the payment is still awaited."""

    NAME = "rental.fail_trip_start"

    trip_id: TripId
    reason: Unpaid


class ConfirmTripStep(Command):
    """A car has done what it was asked for."""

    NAME = "rental.confirm_trip_step"

    vehicle_id: VehicleId
    request_id: UUID
    confirmed_at: Instant


class FailTripStep(Command):
    """A car refused what it was asked for, or did not answer in time."""

    NAME = "rental.fail_trip_step"

    vehicle_id: VehicleId
    request_id: UUID
    reason: str


class ConfirmEnd(Command):
    """A car has shown something that may be what the end of its trip still lacks."""

    NAME = "rental.confirm_end"

    vehicle_id: VehicleId
    told_at: Instant


class LookWhetherUsed(Command):
    """A trip has run for long: its car may never have been driven."""

    NAME = "rental.look_whether_used"

    trip_id: TripId
