"""The trip: from the wish to drive until the car is back."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from domain.billing.pricing import TripFacts
from domain.kernel.aggregate import Aggregate, Created
from domain.kernel.errors import Violation, refuse_if
from domain.kernel.ids import MemberId, ReservationId, TripId, VehicleId, derived_id
from domain.kernel.units import Metres
from domain.kernel.values import Instant, Seconds
from domain.rental import forced_end
from domain.rental.meter import CarReading, DistanceSource, PhaseStart, distance, seconds_in, spans
from domain.rental.steps import EndRequest, PendingStep, Step, TripState, not_in
from domain.rental.trip_event_bases import CarSeen, StepFailed, StepRequested, TripEvent
from domain.rulebook.model import City, Rulebook
from domain.rulebook.tariff import Quote

S = TripState
ENDABLE = (S.RUNNING, S.PARKED, S.ENDING)


class Trip(Aggregate):
    """requested -> starting -> running <-> parked -> ending -> ended, or start_failed. The car confirms each step."""

    TOPIC = "rental.trip"

    member_id: MemberId
    vehicle_id: VehicleId
    reservation_id: ReservationId | None
    city_id: str
    quote: Quote
    method_token: str
    reserved_at: Instant | None
    package: str | None
    options: tuple[str, ...]
    payment_due_at: Instant
    state: TripState = TripState.REQUESTED
    pending: PendingStep | None = None
    phases: tuple[PhaseStart, ...] = ()
    started: CarReading = CarReading()
    end_request: EndRequest | None = None
    ended_at: Instant | None = None
    reason: str | None = None
    """Why it failed to start."""

    class Requested(Created):
        TOPIC = "rental.trip.requested"

        member_id: MemberId
        vehicle_id: VehicleId
        reservation_id: ReservationId | None
        city_id: str
        quote: Quote
        """Frozen: what was shown is what is charged."""
        method_token: str
        """The provider's token of the payment method to charge."""
        reserved_at: Instant | None
        package: str | None
        options: tuple[str, ...]
        payment_due_at: Instant
        """When the start is given up if the payment has not been secured."""

    class UnlockRequested(StepRequested):
        """The money is held; the car was asked to open."""

        TOPIC = "rental.trip.unlock_requested"

        def apply(self, aggregate: "Trip") -> None:
            aggregate.state = S.STARTING
            aggregate.pending = PendingStep(step="start", request_id=self.request_id)

    class StartConfirmed(CarSeen):
        """The car is open: from here on the meter runs."""

        TOPIC = "rental.trip.start_confirmed"

        started_at: Instant

        def apply(self, aggregate: "Trip") -> None:
            aggregate.state, aggregate.pending = S.RUNNING, None
            aggregate.phases = (PhaseStart(phase="driving", since=self.started_at),)
            aggregate.started = self.reading

    class StartFailed(StepFailed):
        """Nothing is charged."""

        TOPIC = "rental.trip.start_failed"

        def apply(self, aggregate: "Trip") -> None:
            aggregate.state, aggregate.pending, aggregate.reason = S.START_FAILED, None, self.reason

    class ParkRequested(StepRequested):
        TOPIC = "rental.trip.park_requested"

        def apply(self, aggregate: "Trip") -> None:
            aggregate.pending = PendingStep(step="park", request_id=self.request_id)

    class Parked(TripEvent):
        TOPIC = "rental.trip.parked"

        parked_at: Instant

        def apply(self, aggregate: "Trip") -> None:
            aggregate.state, aggregate.pending = S.PARKED, None
            aggregate.phases = (*aggregate.phases, PhaseStart(phase="parked", since=self.parked_at))

    class ParkFailed(StepFailed):
        TOPIC = "rental.trip.park_failed"

        def apply(self, aggregate: "Trip") -> None:
            aggregate.pending = None

    class ResumeRequested(StepRequested):
        TOPIC = "rental.trip.resume_requested"

        def apply(self, aggregate: "Trip") -> None:
            aggregate.pending = PendingStep(step="resume", request_id=self.request_id)

    class Resumed(TripEvent):
        TOPIC = "rental.trip.resumed"

        resumed_at: Instant

        def apply(self, aggregate: "Trip") -> None:
            aggregate.state, aggregate.pending, aggregate.end_request = S.RUNNING, None, None
            aggregate.phases = (*aggregate.phases, PhaseStart(phase="driving", since=self.resumed_at))

    class ResumeFailed(StepFailed):
        TOPIC = "rental.trip.resume_failed"

        def apply(self, aggregate: "Trip") -> None:
            aggregate.pending = None

    class EndRequested(StepRequested):
        """The member wants to end the trip: a fact of its own, whenever the car confirms it."""

        TOPIC = "rental.trip.end_requested"

        requested_at: Instant
        odometer_m: Metres | None

        def apply(self, aggregate: "Trip") -> None:
            aggregate.state = S.ENDING
            aggregate.pending = PendingStep(step="end", request_id=self.request_id)
            aggregate.end_request = EndRequest(requested_at=self.requested_at, odometer_m=self.odometer_m)

    class EndUnconfirmed(StepFailed):
        """The car did not confirm; the wish to end stands, to be asked for again or settled by an agent."""

        TOPIC = "rental.trip.end_unconfirmed"

        def apply(self, aggregate: "Trip") -> None:
            aggregate.pending = None

    class Ended(CarSeen):
        """The trip is over; `facts` are what it is priced from."""

        TOPIC = "rental.trip.ended"

        city_id: str
        ended_at: Instant
        ended_on: date
        """The local day of the city."""
        driving_s: Seconds
        parked_s: Seconds
        distance_m: Metres
        distance_source: DistanceSource
        facts: TripFacts
        quote: Quote
        seller_id: str
        """Legal entity that issues the invoice."""
        forced: bool = False
        reason: str | None = None
        """Why an agent ended it."""

        def apply(self, aggregate: "Trip") -> None:
            aggregate.state, aggregate.pending, aggregate.ended_at = S.ENDED, None, self.ended_at

    @classmethod
    def request(cls, trip_id: TripId, at: datetime, **facts: Any) -> "Trip":
        """Ask for a trip; `facts` are those of `Requested`. Nothing moves before the payment is secured."""
        return cls.begin(cls.Requested, id=trip_id, timestamp=at, **facts)

    @property
    def awaits_payment(self) -> bool:
        return self.state is S.REQUESTED

    @property
    def end_is_unconfirmed(self) -> bool:
        return self.state is S.ENDING and self.pending is None

    def step_of(self, request_id: UUID) -> Step | None:
        """The step that waits for the car's answer to a request."""
        waits = self.pending is not None and self.pending.request_id == request_id
        return self.pending.step if self.pending and waits else None

    def unlock(self, at: datetime) -> UUID:
        """The payment is secured: have the car opened. Returns the id of the request to the car."""
        return self._ask("start", self.UnlockRequested, (S.REQUESTED,), at)

    def park(self, at: datetime) -> UUID:
        """Have the car locked for a while."""
        return self._ask("park", self.ParkRequested, (S.RUNNING,), at)

    def resume(self, at: datetime) -> UUID:
        """Have the car opened again, after parking or after an end that the car did not confirm."""
        return self._ask("resume", self.ResumeRequested, (S.PARKED, S.ENDING), at)

    def end_objections(self) -> list[Violation]:
        """Why this trip cannot be ended now, whatever its car and place say."""
        return not_in(self.state, ENDABLE, self.pending)

    def request_end(self, odometer_m: int | None, at: datetime) -> UUID:
        """Have the car locked for good. A repeated wish keeps the time of the first unless the car was driven on."""
        facts = {"requested_at": self._end_time(odometer_m, at), "odometer_m": odometer_m}
        return self._ask("end", self.EndRequested, ENDABLE, at, **facts)

    def end(self, car: CarReading, city: City, confirmed_at: datetime, at: datetime) -> None:
        """The car is locked. The meter stopped when the member asked, unless the car was driven on after that."""
        self._end(car, city, self._end_time(car.odometer_m, confirmed_at), at)

    def force_end(self, car: CarReading, rulebook: Rulebook, ended_at: datetime, reason: str, at: datetime) -> None:
        """An agent ends the trip, at a time in the past if need be. Refused before its start or outside the limits."""
        wrong_state = not_in(self.state, ENDABLE, None)
        refuse_if([*wrong_state, *forced_end.violations(self.phases, ended_at, reason, rulebook.trip, at)])
        self._end(car, rulebook.city(self.city_id), ended_at, at, forced=True, reason=reason)

    def tell(self, event: type[TripEvent], at: datetime, **facts: Any) -> None:
        """Record one more fact of this trip."""
        who = {"member_id": self.member_id, "vehicle_id": self.vehicle_id}
        self.trigger_event(event, timestamp=at, **who, **facts)

    def _ask(
        self, step: Step, event: type[StepRequested], allowed: tuple[TripState, ...], at: datetime, **facts: Any
    ) -> UUID:
        refuse_if(not_in(self.state, allowed, self.pending))
        request_id = derived_id(self.id, step, self.version)
        self.tell(event, at, request_id=request_id, **facts)
        return request_id

    def _end_time(self, odometer_m: int | None, at: datetime) -> datetime:
        wish = self.end_request
        return at if wish is None or wish.driven_on(odometer_m) else min(wish.requested_at, at)

    def _end(self, car: CarReading, city: City, ended_at: datetime, at: datetime, **why: Any) -> None:
        went, trip_spans = distance(self.started, car), spans(self.phases, ended_at)
        facts = TripFacts(
            started_at=self.phases[0].since,
            spans=trip_spans,
            distance_m=went.metres,
            reserved_at=self.reserved_at,
            held_until=self.created_on if self.reserved_at else None,
            start_zones=self.started.zones,
            end_zones=car.zones,
            package=self.package,
            options=self.options,
        )
        times = {"driving_s": seconds_in("driving", trip_spans), "parked_s": seconds_in("parked", trip_spans)}
        gone = {"distance_m": went.metres, "distance_source": went.source}
        when = {"ended_at": ended_at, "ended_on": city.local_day(facts.ended_at)}
        what = {"city_id": self.city_id, "quote": self.quote, "seller_id": city.legal_entity.id, "facts": facts}
        self.tell(self.Ended, at, **what, **when, **times, **gone, **dict(car), **why)
