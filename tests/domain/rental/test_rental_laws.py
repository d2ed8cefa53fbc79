"""Laws that hold whatever members, cars, the payment provider and the time do (a Hypothesis state machine)."""

import asyncio
from collections import Counter
from collections.abc import Coroutine
from datetime import timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from domain.billing.charge import Charge
from domain.billing.commands import DecideCharge, DecisionKind
from domain.billing.invoice import Invoice
from domain.billing.payment import Payment
from domain.fleet.vehicle import Vehicle
from domain.kernel.aggregate import Aggregate
from domain.kernel.errors import RefusedError
from domain.kernel.ids import ChargeId, ReservationId, TripId
from domain.kernel.messages import Actor, Command, Role
from domain.kernel.money import Money
from domain.members.facts import MemberState
from domain.members.member import Member
from domain.rental.commands import (
    CancelReservation,
    EndTrip,
    ExtendReservation,
    ForceEndTrip,
    ParkTrip,
    ResumeTrip,
)
from domain.rental.reservation import Reservation
from domain.rental.steps import TripState
from domain.rental.trip import Trip
from tests.support.people_and_cars import area, car, member, reserved, says, started
from tests.support.world import AGENT, CarManner, ProviderManner, World

OVER = (TripState.ENDED, TripState.START_FAILED)
SETTLED = ("captured", "released", "hold_declined", "capture_failed")

members = st.integers(0, 2)
cars = st.integers(0, 1)
minutes = st.integers(0, 40)


class Rental(RuleBasedStateMachine):
    """Three members and two cars, and everything that they can do to each other."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.world = World()
        self.runner.run(self._people_and_cars())

    async def _people_and_cars(self) -> None:
        await area(self.world)
        self.people = [await member(self.world, name) for name in ("Ada", "Bob", "Cy")]
        self.fleet = [await car(self.world, plate) for plate in ("B-AB 1", "B-AB 2")]
        self.odometer = 1_000_000

    @rule(who=members, which=cars)
    def reserve(self, who: int, which: int) -> None:
        self._try(reserved(self.world, self.people[who], self.fleet[which]))

    @rule(who=members, which=cars)
    def walk_up(self, who: int, which: int) -> None:
        self._try(started(self.world, self.people[who], self.fleet[which]))

    @rule(who=members)
    def start_reserved(self, who: int) -> None:
        for held in self._open_reservations():
            if held.member_id == self.people[who]:
                self._try(started(self.world, held.member_id, held.vehicle_id, ReservationId(held.id)))

    @rule(who=members, longer=minutes)
    def extend(self, who: int, longer: int) -> None:
        for held in self._open_reservations():
            if held.member_id == self.people[who]:
                until = held.expires_at + timedelta(minutes=longer)
                self._do(ExtendReservation(reservation_id=ReservationId(held.id), until=until))

    @rule(who=members)
    def cancel(self, who: int) -> None:
        for held in self._open_reservations():
            if held.member_id == self.people[who]:
                self._do(CancelReservation(reservation_id=ReservationId(held.id)))

    @rule(which=cars, what=st.sampled_from([ParkTrip, ResumeTrip, EndTrip]))
    def ask(self, which: int, what: type[ParkTrip | ResumeTrip | EndTrip]) -> None:
        for trip in self._open_trips():
            if trip.vehicle_id == self.fleet[which]:
                self._do(what(trip_id=TripId(trip.id)))

    @rule(which=cars)
    def bring_back(self, which: int) -> None:
        for trip in self._open_trips():
            if trip.vehicle_id == self.fleet[which]:
                self._try(says(self.world, trip.vehicle_id, odometer_m=self.odometer, locked=False))
                self._do(EndTrip(trip_id=TripId(trip.id)))

    @rule(who=members, which=cars)
    def reserve_and_start(self, who: int, which: int) -> None:
        self.reserve(who, which)
        self.start_reserved(who)

    @rule(which=cars, back=minutes)
    def force_end(self, which: int, back: int) -> None:
        for trip in self._open_trips():
            if trip.vehicle_id == self.fleet[which]:
                ended_at = self.world.now() - timedelta(minutes=back)
                self._do(ForceEndTrip(trip_id=TripId(trip.id), ended_at=ended_at, reason="the car is silent"))

    @rule()
    def approve(self) -> None:
        self._approve()

    @rule(which=cars, metres=st.integers(0, 20_000), locked=st.booleans())
    def report(self, which: int, metres: int, *, locked: bool) -> None:
        self.odometer += metres
        self._try(says(self.world, self.fleet[which], odometer_m=self.odometer, locked=locked))

    @rule(which=cars, manner=st.sampled_from(["obedient", "obedient", "silent", "refusing"]))
    def change_car(self, which: int, manner: CarManner) -> None:
        self.world.cars[self.fleet[which]] = manner

    @rule(manner=st.sampled_from(["accepting", "accepting", "declining", "silent"]))
    def change_provider(self, manner: ProviderManner) -> None:
        self.world.provider = manner

    @rule()
    def late_answers(self) -> None:
        self._run(self.world.answer_late())
        self._run(self.world.answer_payments())

    @rule(by=st.sampled_from([5, 31, 130, 900, 3000]))
    def time_passes(self, by: int) -> None:
        self._run(self.world.advance(timedelta(seconds=by)))

    @invariant()
    def a_car_and_a_member_are_in_one_reservation_or_trip_at_most(self) -> None:
        claims: list[Reservation | Trip] = [*self._open_reservations(), *self._open_trips()]
        assert max(Counter(c.vehicle_id for c in claims).values(), default=0) <= 1
        assert max(Counter(c.member_id for c in claims).values(), default=0) <= 1

    @invariant()
    def members_and_cars_know_their_reservation_and_trip(self) -> None:
        for trip in self._open_trips():
            assert self._load(Vehicle, trip.vehicle_id).trip_id == trip.id
            assert self._load(Member, trip.member_id).trip_id == trip.id
        for held in self._open_reservations():
            assert self._load(Vehicle, held.vehicle_id).reservation_id == held.id
            assert self._load(Member, held.member_id).reservation_id == held.id

    @invariant()
    def every_ended_trip_has_exactly_one_invoice_and_neither_a_failed_start_nor_a_free_one_has_any(self) -> None:
        invoiced = Counter(i.subject_id for i in self.world.events(Invoice.Issued))
        charged = {e.originator_id for e in self.world.events(Trip.Ended, Reservation.ChargeDue)}
        not_charged = {c.subject_id for c in self._charges() if c.state in {"in_review", "waived"}}
        free = {e.originator_id for e in self.world.events(Trip.Ended) if not e.facts.duration_s} - invoiced.keys()
        assert invoiced == Counter(charged - not_charged - free)

    @invariant()
    def no_trip_ends_without_evidence_unless_an_agent_says_so_and_then_it_is_looked_at(self) -> None:
        doubted = {charge.subject_id for charge in self._charges() if charge.reasons}
        for ended in self.world.events(Trip.Ended):
            assert not ended.evidence.missing or (ended.forced and ended.originator_id in doubted)
            assert ended.ended_at <= ended.timestamp

    @invariant()
    def every_cent_is_on_an_invoice_line_and_taken_once(self) -> None:
        for issued in self.world.events(Invoice.Issued):
            assert Money.total((line.amount for line in issued.lines), issued.gross.currency) == issued.gross
            taken = [e.amount for e in self.world.events(Payment.Captured) if e.invoice_id == issued.originator_id]
            paid = self._load(Invoice, issued.originator_id).state == "paid"
            total = Money.total(taken, issued.gross.currency)
            assert total == issued.gross if paid else total < issued.gross

    @invariant()
    def nothing_that_follows_is_refused(self) -> None:
        assert self.world.refused_reactions == []

    def teardown(self) -> None:
        self._run(self._calm_down())
        self._approve()
        self._everybody_is_free_and_every_hold_is_captured_or_released()
        self._replaying_the_events_gives_the_same_state()
        self.runner.close()

    async def _calm_down(self) -> None:
        self.world.cars.clear()
        self.world.provider = "accepting"
        await self.world.answer_late()
        await self.world.answer_payments()
        await self.world.advance(timedelta(hours=9))
        for trip_id in {e.originator_id for e in self.world.events(Trip.Requested)}:
            trip = await self.world.store.load(Trip, trip_id)
            if trip.state not in OVER:
                await self.world.do(
                    ForceEndTrip(trip_id=TripId(trip_id), ended_at=self.world.now(), reason="closing time")
                )

    def _everybody_is_free_and_every_hold_is_captured_or_released(self) -> None:
        assert {self._load(Member, who).state for who in self.people} == {MemberState.IDLE}
        for which in self.fleet:
            vehicle = self._load(Vehicle, which)
            assert (vehicle.trip_id, vehicle.reservation_id) == (None, None)
        for payment_id in {e.originator_id for e in self.world.events(Payment.HoldRequested)}:
            assert self._load(Payment, payment_id).state in SETTLED

    def _replaying_the_events_gives_the_same_state(self) -> None:
        for aggregate_id, decided in self.world.store.saved.items():
            assert vars(self._load(type(decided), aggregate_id)) == vars(decided)

    def _charges(self) -> list[Charge]:
        return [self._load(Charge, raised.originator_id) for raised in self.world.events(Charge.Raised)]

    def _in_review(self) -> list[Charge]:
        return [charge for charge in self._charges() if charge.state == "in_review"]

    def _open_reservations(self) -> list[Reservation]:
        ids = {e.originator_id for e in self.world.events(Reservation.Placed)}
        return [r for r in (self._load(Reservation, i) for i in ids) if r.is_open]

    def _open_trips(self) -> list[Trip]:
        ids = {e.originator_id for e in self.world.events(Trip.Requested)}
        return [t for t in (self._load(Trip, i) for i in ids) if t.state not in OVER]

    def _load(self, kind: type[Aggregate], which: Any) -> Any:
        return self._run(self.world.store.load(kind, which))

    def _approve(self) -> None:
        for charge in self._in_review():
            is_free = charge.price is not None and not charge.price.lines
            decision: DecisionKind = "waive" if is_free else "approve"
            command = DecideCharge(charge_id=ChargeId(charge.id), decision=decision, reason="the photo shows it")
            for agent in ("bob", "eve"):  # whoever ended the trip does not decide alone, and above the limit two do
                self._do(command, Actor(role=Role.AGENT, id=agent))

    def _do(self, command: Command, by: Actor = AGENT) -> None:
        self._try(self.world.do(command, actor=by))

    def _try(self, attempt: Coroutine[Any, Any, Any]) -> None:
        try:
            self._run(attempt)
        except RefusedError:
            self._run(self.world.settle())

    def _run(self, what: Coroutine[Any, Any, Any]) -> Any:
        return self.runner.run(what)


TestRental = Rental.TestCase
TestRental.settings = settings(max_examples=40, stateful_step_count=30)
