"""The reservation for a period that is to come."""

from datetime import datetime
from typing import Any, ClassVar

from domain.billing.pricing import TripFacts, price
from domain.kernel.aggregate import Aggregate, Created
from domain.kernel.calendar import Period
from domain.kernel.errors import refuse_if
from domain.kernel.ids import MemberId, TripId, VehicleId
from domain.kernel.personal import Personal
from domain.kernel.values import Instant
from domain.rental import reservation_event_bases as bases
from domain.rental import scheduled_rules as rules
from domain.rental.reservation_rules import of_another_car, of_another_member
from domain.rental.scheduled_plan import OPEN, Booked, Plan, Purpose, ScheduledState, Wish
from domain.rulebook.model import City
from domain.rulebook.reservations import AheadLimits
from domain.rulebook.tariff import Quote, Tariff


class ScheduledReservation(Aggregate):
    """A car promised for a period: placed -> pinned <-> converted -> completed, or cancelled | no_show | no_car."""

    TOPIC = "rental.scheduled_reservation"

    member_id: MemberId
    vehicle_id: VehicleId
    wish: Wish
    city_id: str
    quote: Quote
    method_id: str
    purpose: Purpose
    business_reference: Personal[str]
    period: Period
    plan: Plan
    state: ScheduledState = "placed"
    trip_id: TripId | None = None
    excused: bool = False
    """The car was replaced or is late, so that the member may go without paying."""

    class Placed(Created):
        TOPIC = "rental.scheduled_reservation.placed"
        subject: ClassVar[str] = "member_id"

        member_id: MemberId
        vehicle_id: VehicleId
        wish: Wish
        city_id: str
        quote: Quote
        """Frozen: what was shown is what is charged, with whichever car."""
        method_id: str
        purpose: Purpose
        business_reference: Personal[str]
        """What a business member writes on it, e.g. a project."""
        period: Period
        plan: Plan

    class Pinned(bases.ScheduledEvent):
        """The member is told which car it is."""

        TOPIC = "rental.scheduled_reservation.pinned"
        STATE = "pinned"

        period: Period

    class CarReplaced(bases.OtherCar):
        """Another car takes the place of one that is not there or not sound."""

        TOPIC = "rental.scheduled_reservation.car_replaced"
        STATE = "placed"

    class CarAwaited(bases.NoOtherCar):
        """There is no other car: the member is told, and so is who drives it."""

        TOPIC = "rental.scheduled_reservation.car_awaited"

    class Changed(bases.PeriodChanged):
        TOPIC = "rental.scheduled_reservation.changed"

    class Cancelled(bases.ScheduledEvent):
        TOPIC = "rental.scheduled_reservation.cancelled"
        STATE = "cancelled"

    class NoShow(bases.ScheduledEvent):
        """The member did not come."""

        TOPIC = "rental.scheduled_reservation.no_show"
        STATE = "no_show"

    class CarMissing(bases.CarTrouble):
        """There was no car for the member: nothing is charged."""

        TOPIC = "rental.scheduled_reservation.car_missing"
        STATE = "no_car"

    class ChargeDue(bases.ReservationCharged):
        """It was cancelled or nobody came, and that costs something."""

        TOPIC = "rental.scheduled_reservation.charge_due"

    class Converted(bases.OfTrip):
        TOPIC = "rental.scheduled_reservation.converted"
        STATE = "converted"

    class GivenBack(bases.WithoutTrip):
        """The trip could not be started; the promise holds on."""

        TOPIC = "rental.scheduled_reservation.given_back"
        STATE = "pinned"

    class Completed(bases.ScheduledEvent):
        """The car is back: whatever is left of the period is free for others."""

        TOPIC = "rental.scheduled_reservation.completed"
        STATE = "completed"

        returned_at: Instant

    @property
    def is_open(self) -> bool:
        """Whether a trip may still come of it."""
        return self.state in OPEN

    @property
    def booked(self) -> Booked:
        """What a price needs to know of it."""
        return Booked(booked_at=self.created_on, booked_from=self.period.begins, booked_until=self.period.ends)

    def pin(self, at: datetime) -> None:
        """Tell the member which car it is, once for each."""
        if self.state == "placed":
            self._tell(self.Pinned, at, period=self.period)

    def replace(self, vehicle_id: VehicleId, model: str, why: tuple[str, ...], at: datetime) -> None:
        """Take another car. The caller has seen that it can be had."""
        cars = {"vehicle_id": vehicle_id, "instead_of": self.vehicle_id, "model": model}
        self._tell(self.CarReplaced, at, **cars, why=why, period=self.period, plan=self.plan)

    def await_car(self, driver_id: MemberId | None, why: tuple[str, ...], at: datetime) -> None:
        """There is no other car; said already, it changes nothing."""
        if not self.excused:
            self._tell(self.CarAwaited, at, driver_id=driver_id, why=why, period=self.period)

    def change(self, until: datetime, ahead: AheadLimits, at: datetime) -> bool:
        """End it at another time; says whether that is one. Whether the car is free then is for the caller to check.

        It is extended while it is open or the car is driven, and shortened as long as the rules allow that.
        """
        refuse_if([rules.over(self.state, self.period, at, allowed=(*OPEN, "converted"))])
        if until == self.period.ends:
            return False
        period = rules.with_end(self.period, until, self.plan, ahead, at)
        self._tell(self.Changed, at, period=period, ended_before=self.period.ends)
        return True

    def cancel(self, city: City, tariff: Tariff, at: datetime) -> bool:
        """Give it up; says whether it did: twice changes nothing. What it costs, the tariff says by when it was."""
        if self.state == "cancelled":
            return False
        refuse_if([rules.over(self.state, self.period, at, allowed=OPEN)])
        self._tell(self.Cancelled, at)
        self._charge(city, tariff, at, cancelled_at=at)
        return True

    def miss(self, city: City, tariff: Tariff, at: datetime) -> None:
        """The member did not come. The caller has seen that it is time, and that there was a car."""
        self._tell(self.NoShow, at)
        self._charge(city, tariff, at, no_show=True)

    def give_up(self, why: tuple[str, ...], at: datetime) -> None:
        """There is no car."""
        self._tell(self.CarMissing, at, why=why)

    def convert(self, trip_id: TripId, member_id: MemberId, vehicle_id: VehicleId, at: datetime) -> None:
        """Turn it into a trip of the same member with the same car."""
        others = [of_another_member(self.member_id, member_id), of_another_car(self.vehicle_id, vehicle_id)]
        refuse_if([rules.over(self.state, self.period, at, allowed=OPEN), rules.too_early(self.plan, at), *others])
        self._tell(self.Converted, at, trip_id=trip_id)

    def give_back(self, at: datetime) -> None:
        """Undo the conversion into a trip that failed to start. Without one, it changes nothing."""
        if self.state == "converted":
            self._tell(self.GivenBack, at, period=self.period, plan=self.plan)

    def complete(self, returned_at: datetime, at: datetime) -> None:
        """Its trip has ended. Twice changes nothing."""
        if self.state == "converted":
            self._tell(self.Completed, at, returned_at=returned_at)

    def _charge(self, city: City, tariff: Tariff, at: datetime, **what_happened: Any) -> None:
        facts = TripFacts(started_at=self.period.begins, reservation_only=True, **dict(self.booked), **what_happened)
        if not self.excused and price(tariff, facts).lines:
            what = {"quote": self.quote, "seller_id": city.legal_entity.id, "facts": facts}
            who = {"member_id": self.member_id, "method_id": self.method_id}
            self.trigger_event(self.ChargeDue, timestamp=at, **who, **what)

    def _tell(self, event: type[bases.ScheduledEvent], at: datetime, **facts: Any) -> None:
        who = {"member_id": self.member_id, "vehicle_id": self.vehicle_id}
        self.trigger_event(event, timestamp=at, **who | facts)
