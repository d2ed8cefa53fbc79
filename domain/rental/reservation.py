"""The reservation: one car kept for one member for a while."""

from datetime import datetime
from typing import Literal

from domain.billing.pricing import TripFacts, price
from domain.kernel.aggregate import Aggregate, Created, Event
from domain.kernel.errors import Violation, refuse_if
from domain.kernel.ids import MemberId, TripId, VehicleId
from domain.kernel.values import Instant
from domain.rental.commands import PlaceReservation
from domain.rental.reservation_event_bases import ReservationCharged
from domain.rental.reservation_rules import NOTICE, not_longer, not_open, of_another_car, of_another_member, too_long
from domain.rulebook.model import City
from domain.rulebook.reservations import ReservationLimits
from domain.rulebook.tariff import Quote, Tariff

Closing = Literal["cancelled", "expired", "converted"]


class Reservation(Aggregate):
    """A member's exclusive claim on one car: placed -> (extended)* -> converted | cancelled | expired.

    A converted one is given back, valid until its time and charged as any other, when the trip could not be started.
    """

    TOPIC = "rental.reservation"

    member_id: MemberId
    vehicle_id: VehicleId
    city_id: str
    quote: Quote
    method_id: str
    placed_at: Instant
    free_until: Instant
    expires_at: Instant
    closed_as: Closing | None = None
    closed_at: Instant | None = None
    trip_id: TripId | None = None
    announced_for: Instant | None = None

    class Placed(Created):
        TOPIC = "rental.reservation.placed"

        member_id: MemberId
        vehicle_id: VehicleId
        city_id: str
        quote: Quote
        """Frozen: what was shown is what is charged."""
        method_id: str
        """The provider's token of the payment method to charge."""
        placed_at: Instant
        free_until: Instant
        expires_at: Instant

    class Extended(Event):
        TOPIC = "rental.reservation.extended"

        member_id: MemberId
        expires_at: Instant

        def apply(self, aggregate: "Reservation") -> None:
            aggregate.expires_at = self.expires_at

    class ExpiryAnnounced(Event):
        """The member is to be told that the time ends soon."""

        TOPIC = "rental.reservation.expiry_announced"

        member_id: MemberId
        expires_at: Instant

        def apply(self, aggregate: "Reservation") -> None:
            aggregate.announced_for = self.expires_at

    class Cancelled(Event):
        TOPIC = "rental.reservation.cancelled"

        member_id: MemberId
        vehicle_id: VehicleId
        reserved_until: Instant

        def apply(self, aggregate: "Reservation") -> None:
            aggregate.closed_as, aggregate.closed_at = "cancelled", self.reserved_until

    class Expired(Event):
        TOPIC = "rental.reservation.expired"

        member_id: MemberId
        vehicle_id: VehicleId
        reserved_until: Instant

        def apply(self, aggregate: "Reservation") -> None:
            aggregate.closed_as, aggregate.closed_at, aggregate.trip_id = "expired", self.reserved_until, None

    class ChargeDue(ReservationCharged):
        """The car was kept beyond the free time, and no trip came of it: the time is charged by itself."""

        TOPIC = "rental.reservation.charge_due"

    class Converted(Event):
        TOPIC = "rental.reservation.converted"

        member_id: MemberId
        trip_id: TripId

        def apply(self, aggregate: "Reservation") -> None:
            aggregate.closed_as, aggregate.closed_at, aggregate.trip_id = "converted", self.timestamp, self.trip_id

    class GivenBack(Event):
        """The trip could not be started; the claim holds on until its time, and expires if that is past."""

        TOPIC = "rental.reservation.given_back"

        member_id: MemberId
        expires_at: Instant

        def apply(self, aggregate: "Reservation") -> None:
            aggregate.closed_as = aggregate.closed_at = aggregate.trip_id = None

    @property
    def is_open(self) -> bool:
        return self.closed_as is None

    @classmethod
    def place(
        cls, command: PlaceReservation, quote: Quote, method_id: str, limits: ReservationLimits, at: datetime
    ) -> "Reservation":
        """Keep a car for the free time. Whether the member may and the car can is for the caller to check."""
        free_until = at + min(limits.free, limits.maximum)
        who = {"member_id": command.member_id, "vehicle_id": command.vehicle_id}
        what = {"city_id": quote.city_id, "quote": quote, "method_id": method_id}
        when = {"placed_at": at, "free_until": free_until, "expires_at": free_until}
        return cls.begin(cls.Placed, id=command.reservation_id, timestamp=at, **who, **what, **when)

    def extend(self, until: datetime, limits: ReservationLimits, at: datetime) -> None:
        """Keep the car longer; what lies after the free time is paid. Refused beyond the maximum of the rulebook."""
        if self.not_open(at) is None and until == self.expires_at:
            return
        latest = self.placed_at + limits.maximum
        refuse_if([self.not_open(at), not_longer(until, self.expires_at), too_long(until, latest)])
        self.trigger_event(self.Extended, timestamp=at, member_id=self.member_id, expires_at=until)

    def cancel(self, city: City, tariff: Tariff, at: datetime) -> bool:
        """Give the car up; says whether it did: twice changes nothing. Refused once the reservation ended otherwise."""
        if self.closed_as == "cancelled":
            return False
        refuse_if([self.not_open(at)])
        self._close(self.Cancelled, at, at)
        self._charge(at, city, tariff, at)
        return True

    def announce_expiry(self, at: datetime) -> None:
        """Have the member told that the time ends soon, once for each end. Too early or once closed changes nothing."""
        told = self.announced_for == self.expires_at
        if self.is_open and not told and self.expires_at - NOTICE <= at < self.expires_at:
            self.trigger_event(self.ExpiryAnnounced, timestamp=at, member_id=self.member_id, expires_at=self.expires_at)

    def expire(self, city: City, tariff: Tariff, at: datetime) -> bool:
        """End the claim once its time is up; says whether it did. Twice or too early changes nothing."""
        if not self.is_open or at < self.expires_at:
            return False
        self._close(self.Expired, self.expires_at, at)
        self._charge(self.expires_at, city, tariff, at)
        return True

    def convert(self, trip_id: TripId, member_id: MemberId, vehicle_id: VehicleId, at: datetime) -> None:
        """Turn the claim into a trip of the same member with the same car."""
        others = [of_another_member(self.member_id, member_id), of_another_car(self.vehicle_id, vehicle_id)]
        refuse_if([self.not_open(at), *others])
        self.trigger_event(self.Converted, timestamp=at, member_id=self.member_id, trip_id=trip_id)

    def give_back(self, at: datetime) -> None:
        """Undo the conversion into a trip that failed to start. Without one, it changes nothing."""
        if self.closed_as == "converted":
            self.trigger_event(self.GivenBack, timestamp=at, member_id=self.member_id, expires_at=self.expires_at)

    def _close(self, event: type[Event], reserved_until: datetime, at: datetime) -> None:
        who = {"member_id": self.member_id, "vehicle_id": self.vehicle_id}
        self.trigger_event(event, timestamp=at, reserved_until=reserved_until, **who)

    def _charge(self, reserved_until: datetime, city: City, tariff: Tariff, at: datetime) -> None:
        facts = TripFacts(started_at=reserved_until, reserved_at=self.placed_at, reservation_only=True)
        if reserved_until > self.free_until and price(tariff, facts).lines:
            what = {"quote": self.quote, "seller_id": city.legal_entity.id, "facts": facts}
            who = {"member_id": self.member_id, "method_id": self.method_id}
            self.trigger_event(self.ChargeDue, timestamp=at, **who, **what)

    def not_open(self, at: datetime) -> Violation | None:
        """That the car is not kept any more at a time."""
        return not_open(self.closed_as, self.expires_at, at)
