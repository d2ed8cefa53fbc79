"""The trip: from the wish to drive until the car is back."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from domain.billing.pricing import TripFacts
from domain.fleet.readiness import DRIVEN_M
from domain.kernel.aggregate import Aggregate, Created
from domain.kernel.approval import Proposal
from domain.kernel.errors import Violation, refuse_if
from domain.kernel.ids import MemberId, ReservationId, TripId, VehicleId, derived_id
from domain.kernel.personal import Personal
from domain.kernel.units import Metres
from domain.kernel.values import Instant, Seconds
from domain.rental import forced_end
from domain.rental.car_reading import CarReading
from domain.rental.commands import ForceEndTrip, StartTrip
from domain.rental.distance import Distance, DistanceSource, distance
from domain.rental.evidence import EndRequest, Evidence
from domain.rental.meter import PhaseStart, seconds_in, spans
from domain.rental.scheduled_plan import Booked
from domain.rental.steps import PendingStep, Step, TripState, is_asked_again, not_in
from domain.rental.trip_event_bases import (
    CarSeen,
    CorrectionProposal,
    Corrects,
    MadeCorrection,
    StepFailed,
    StepRequested,
    TripEvent,
)
from domain.rulebook.model import City
from domain.rulebook.tariff import Quote

S = TripState
ENDABLE = (S.RUNNING, S.PARKED, S.ENDING)


class Trip(Aggregate):
    """requested -> starting -> running <-> parked -> ending -> ended, or start_failed. The car confirms each step.

    The end is a wish, then what the car shows of it, then the end: three facts, each with its time. Who drives on after
    the wish takes it back: ending -> running.
    """

    TOPIC = "rental.trip"

    member_id: MemberId
    vehicle_id: VehicleId
    reservation_id: ReservationId | None
    city_id: str
    quote: Quote
    method_id: str
    reserved_at: Instant | None
    booked: Booked | None
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
    facts: TripFacts | None = None
    """What it is priced from, once it has ended; as last corrected."""
    corrections: tuple[MadeCorrection, ...] = ()
    correction_proposal: CorrectionProposal | None = None

    class Requested(Created):
        TOPIC = "rental.trip.requested"

        member_id: MemberId
        vehicle_id: VehicleId
        reservation_id: ReservationId | None
        city_id: str
        quote: Quote
        """Frozen: what was shown is what is charged."""
        method_id: str
        """Of the payment method to charge."""
        reserved_at: Instant | None
        booked: Booked | None
        """The period that was reserved ahead of time."""
        package: str | None
        options: tuple[str, ...]
        payment_due_at: Instant
        """When the start is given up if the payment has not been secured."""

    class PeriodChanged(TripEvent):
        """The reservation that it came of ends at another time."""

        TOPIC = "rental.trip.period_changed"

        booked: Booked

        def apply(self, aggregate: "Trip") -> None:
            aggregate.booked = self.booked

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
        unused_at: Instant
        """When it is looked at again, in case that it was never driven."""

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

    class FoundUnused(TripEvent):
        """It runs, and the car has not been driven yet."""

        TOPIC = "rental.trip.found_unused"

        started_at: Instant

        def apply(self, aggregate: "Trip") -> None:
            """The trip goes on: that is for its member to say."""

    class EndRequested(TripEvent):
        """The member wants to end the trip: a fact of its own, whenever the car confirms it."""

        TOPIC = "rental.trip.end_requested"

        wish: EndRequest

        def apply(self, aggregate: "Trip") -> None:
            aggregate.state, aggregate.end_request = S.ENDING, self.wish

    class LockRequested(StepRequested):
        """The car was asked to lock, for the end."""

        TOPIC = "rental.trip.lock_requested"

        def apply(self, aggregate: "Trip") -> None:
            aggregate.pending = PendingStep(step="end", request_id=self.request_id)

    class EndUnconfirmed(StepFailed):
        """The car does not show what the end asks for; the wish stands until it does, or an agent settles it."""

        TOPIC = "rental.trip.end_unconfirmed"

        wish: EndRequest
        """With what is missing."""

        def apply(self, aggregate: "Trip") -> None:
            aggregate.pending, aggregate.end_request = None, self.wish

    class EndTakenBack(TripEvent):
        """The car was driven on after the wish: the trip goes on."""

        TOPIC = "rental.trip.end_taken_back"

        requested_at: Instant
        driven_at: Instant

        def apply(self, aggregate: "Trip") -> None:
            aggregate.state, aggregate.pending, aggregate.end_request = S.RUNNING, None, None
            if aggregate.phases[-1].phase == "parked":
                aggregate.phases = (*aggregate.phases, PhaseStart(phase="driving", since=self.driven_at))

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
        requested_at: Instant | None
        """When the member asked for it."""
        evidence: Evidence
        """What the car shows of it."""
        doubts: tuple[Violation, ...] = ()
        """Why the facts may not be so: each is a reason to look at them before anything is charged."""
        forced: bool = False
        reason: Personal[str] = None
        """Why an agent ended it."""

        def apply(self, aggregate: "Trip") -> None:
            aggregate.state, aggregate.pending, aggregate.ended_at = S.ENDED, None, self.ended_at
            aggregate.facts = self.facts

    class CorrectionProposed(Corrects):
        """The first of two persons would correct the trip; another proposal takes its place."""

        TOPIC = "rental.trip.correction_proposed"

        content: str
        """The same text for the same correction."""
        proposed_by: str

        def apply(self, aggregate: "Trip") -> None:
            first = Proposal(content=self.content, proposed_by=self.proposed_by, proposed_at=self.timestamp)
            aggregate.correction_proposal = CorrectionProposal(correction=self.correction, proposal=first)

    class Corrected(Corrects):
        """Something else is true of the trip; what was believed before stays in the log."""

        TOPIC = "rental.trip.corrected"

        ended_at: Instant
        ended_on: date
        driving_s: Seconds
        parked_s: Seconds
        distance_m: Metres
        was_ended_at: Instant
        was_distance_m: Metres
        corrected_by: str
        """Id of an employee, as `proposed_by`."""
        proposed_by: str | None
        """The first of two persons; none where one was enough."""

        def apply(self, aggregate: "Trip") -> None:
            aggregate.ended_at, aggregate.facts = self.ended_at, self.correction.facts
            made = MadeCorrection(
                **dict(self.correction), corrected_at=self.timestamp, reason=self.reason, evidence=self.evidence
            )
            aggregate.corrections = (*aggregate.corrections, made)
            aggregate.correction_proposal = None

    @classmethod
    def request(cls, trip_id: TripId, at: datetime, **facts: Any) -> "Trip":
        """Ask for a trip; `facts` are those of `Requested`. Nothing moves before the payment is secured."""
        return cls.begin(cls.Requested, id=trip_id, timestamp=at, **facts)

    @property
    def awaits_payment(self) -> bool:
        return self.state is S.REQUESTED

    def step_of(self, request_id: UUID) -> Step | None:
        """The step that waits for the car's answer to a request."""
        waits = self.pending is not None and self.pending.request_id == request_id
        return self.pending.step if self.pending and waits else None

    def is_asked_again(self, step: Step) -> bool:
        """Whether a step is under way or taken, so that asking for it again changes nothing."""
        return is_asked_again(step, self.state, self.pending)

    def is_of(self, command: StartTrip) -> bool:
        """Whether this is the trip that a command asks for: the same member, car, reservation and choices."""
        asked = (command.member_id, command.vehicle_id, command.reservation_id, command.package, set(command.options))
        return asked == (self.member_id, self.vehicle_id, self.reservation_id, self.package, set(self.options))

    def note_booked(self, booked: Booked, at: datetime) -> None:
        """The period that was reserved has another end; once the trip has ended, that changes nothing."""
        if self.ended_at is None and booked != self.booked:
            self.tell(self.PeriodChanged, at, booked=booked)

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
        """Why this trip cannot be ended now, whatever its car and place say. That its end is under way is no reason."""
        return not_in(self.state, ENDABLE, None if self.is_asked_again("end") else self.pending)

    def request_end(self, wish: EndRequest, at: datetime) -> EndRequest:
        """Keep a wish to end, until it is confirmed or taken back. While one stands, another changes nothing."""
        if self.end_request is not None:
            return self.end_request
        self.tell(self.EndRequested, at, wish=wish)
        return wish

    def lock(self, at: datetime) -> UUID:
        """Have the car locked for good."""
        return self._ask("end", self.LockRequested, (S.ENDING,), at)

    def take_end_back(self, driven_at: datetime, at: datetime) -> None:
        """The car was driven on. Without a wish it changes nothing."""
        if self.end_request is not None:
            when = {"requested_at": self.end_request.requested_at, "driven_at": driven_at}
            self.tell(self.EndTakenBack, at, **when)

    def end(self, car: CarReading, evidence: Evidence, city: City, ended_at: datetime, at: datetime) -> None:
        """The car has shown all that the end asks for."""
        self._end(car, evidence, city, max(ended_at, self.phases[0].since), at)

    def force_end(
        self, car: CarReading, evidence: Evidence, doubts: tuple[Violation, ...], end: ForceEndTrip, city: City,
        at: datetime,
    ) -> None:  # fmt: skip
        """An agent ends the trip, at a time in the past if need be. Refused before its start and in the future."""
        wrong_state = not_in(self.state, ENDABLE, None)
        refuse_if([*wrong_state, *forced_end.violations(self.phases, end.ended_at, end.reason, at)])
        self._end(car, evidence, city, end.ended_at, at, doubts=doubts, forced=True, reason=end.reason)

    def measured(self, car: CarReading, until: datetime) -> tuple[TripFacts, Distance]:
        """What the price of the trip depends on if it ends at a time; only for one that has started."""
        started_at = self.phases[0].since
        went = distance(self.started, car, started_at, until)
        facts = TripFacts(
            started_at=started_at,
            spans=spans(self.phases, until),
            distance_m=went.metres,
            reserved_at=self.reserved_at,
            held_until=self.created_on if self.reserved_at else None,
            start_zones=self.started.zones,
            end_zones=car.zones,
            energy_start=self.started.energy_percent,
            energy_end=car.energy_percent,
            package=self.package,
            options=self.options,
            **(dict(self.booked) if self.booked else {}),
        )
        return facts, went

    def note_unused(self, car: CarReading, at: datetime) -> None:
        """Remind the member of a trip in which the car was never driven; once it was, or is to end, nothing changes."""
        if self.state not in {S.RUNNING, S.PARKED}:
            return
        started_at = self.phases[0].since
        if distance(self.started, car, started_at, at).metres <= DRIVEN_M:
            self.tell(self.FoundUnused, at, started_at=started_at)

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

    def _end(
        self,
        car: CarReading,
        evidence: Evidence,
        city: City,
        ended_at: datetime,
        at: datetime,
        doubts: tuple[Violation, ...] = (),
        **why: Any,
    ) -> None:
        facts, went = self.measured(car, ended_at)
        times = {"driving_s": seconds_in("driving", facts.spans), "parked_s": seconds_in("parked", facts.spans)}
        gone = {"distance_m": went.metres, "distance_source": went.source, "doubts": (*doubts, *went.doubts)}
        when = {"ended_at": ended_at, "ended_on": city.local_day(facts.ended_at), "evidence": evidence.for_the_log}
        when["requested_at"] = self.end_request.requested_at if self.end_request else None
        what = {"city_id": self.city_id, "quote": self.quote, "seller_id": city.legal_entity.id, "facts": facts}
        self.tell(self.Ended, at, **what, **when, **times, **gone, **dict(car), **why)
