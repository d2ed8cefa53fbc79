"""Read models against a model in memory: whenever each catches up or is made anew, its rows are what the log says."""

import asyncio
from collections.abc import Coroutine, Sequence
from datetime import timedelta
from itertools import count
from typing import Any, TypeVar
from uuid import UUID, uuid4

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule, run_state_machine_as_test

from adapters.postgres.database import connect
from adapters.postgres.event_store.store import PostgresEventStore
from adapters.postgres.read_models.projection import Projection
from domain.contexts import HANDLERS
from domain.dispatcher import Dispatcher
from domain.kernel.aggregate import DomainEvent
from domain.kernel.errors import RefusedError
from domain.kernel.ids import ReservationId
from domain.kernel.messages import RecordedEvent
from domain.rental.commands import CancelReservation
from domain.rental.reservation import Reservation
from projections.event_log import EventLogProjector
from projections.kernel.projector import Projector
from projections.rental import RentalProjector
from tests.projections.following import prepared
from tests.support.keys import KEYS
from tests.support.machines import MACHINE
from tests.support.people_and_cars import car, member, reserved, says, started
from tests.support.recorded_world import RecordedTwice
from tests.support.world import World

T = TypeVar("T")

PROJECTORS: tuple[Projector, ...] = (RentalProjector(), EventLogProjector())
STATES: dict[type[DomainEvent], str] = {
    Reservation.Placed: "open",
    Reservation.GivenBack: "open",
    Reservation.Cancelled: "cancelled",
    Reservation.Expired: "expired",
    Reservation.Converted: "converted",
}
FEWER = settings(MACHINE, max_examples=MACHINE.max_examples // 2)
"""Each example makes people and cars first."""

_RESERVATIONS = "select reservation_id, state from read_v1.reservations where reservation_id = any ($1)"
_EVENTS = "select position from read_v1.event_log where position > $1 order by position"


class Reading(RuleBasedStateMachine):
    """Two members and two cars; one read model of reservations, and one of everything."""

    who = which = st.integers(0, 1)
    projector = st.integers(0, len(PROJECTORS) - 1)

    def __init__(self, dsn: str) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.pool = self.do(connect(dsn))
        self.store = PostgresEventStore(self.pool, master_keys=KEYS)
        self.began_at = self.do(self.store.end())
        self.reservations: list[ReservationId] = []
        self.projections = [Projection(self.pool, self.store, projector) for projector in PROJECTORS]
        self.do(self._people_and_cars())
        self.live = [self.do(projection.live()).number for projection in self.projections]
        self.beside: dict[int, int] = {}
        """The generation beside the live one, of the projections that have one."""
        self.former: dict[int, int] = {}
        """The one that was live before."""

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    @rule(who=who, which=which)
    def a_car_is_reserved(self, who: int, which: int) -> None:
        self.do(self._try(self._reserve(who, which)))

    @rule(data=st.data())
    def a_reservation_is_cancelled(self, data: st.DataObject) -> None:
        if self.reservations:
            held = data.draw(st.sampled_from(self.reservations))
            self.do(self._try(self.world.do(CancelReservation(reservation_id=held))))

    @rule(who=who, which=which, data=st.data())
    def a_trip_is_started(self, who: int, which: int, data: st.DataObject) -> None:
        held = data.draw(st.sampled_from(self.reservations)) if self.reservations else None
        self.do(self._try(started(self.world, self.people[who], self.cars[which], held)))

    @rule(minutes=st.integers(1, 40))
    def time_passes(self, minutes: int) -> None:
        self.do(self.world.advance(timedelta(minutes=minutes)))

    @rule(projector=projector)
    def one_catches_up(self, projector: int) -> None:
        self.do(self.projections[projector].catch_up())
        self.do(self._agrees())

    @rule(projector=projector)
    def one_is_made_anew_beside_the_live_one(self, projector: int) -> None:
        self.beside[projector] = self.do(self.projections[projector].build()).number

    @rule(projector=projector)
    def what_was_made_anew_takes_its_place(self, projector: int) -> None:
        if projector in self.beside:
            self._shows(projector, self.beside.pop(projector))

    @rule(projector=projector)
    def what_was_shown_before_comes_back(self, projector: int) -> None:
        if projector in self.former:
            self._shows(projector, self.former[projector])

    @rule(projector=projector)
    def what_is_not_shown_is_dropped(self, projector: int) -> None:
        if projector in self.beside | self.former:
            spare = (self.former if projector in self.former else self.beside).pop(projector)
            assert self.do(self.projections[projector].drop_generation(spare))
            self.do(self._agrees())

    def teardown(self) -> None:
        for projection in self.projections:
            self.do(projection.catch_up())
        self.do(self._agrees())
        self.do(self.store.close())
        self.pool.terminate()
        self.runner.close()

    def _shows(self, projector: int, generation: int) -> None:
        assert self.do(self.projections[projector].show(generation))
        self.former[projector], self.live[projector] = self.live[projector], generation
        self.do(self._agrees())

    async def _people_and_cars(self) -> None:
        await prepared(self.pool)
        self.world = World()
        self.world._number = count(uuid4().int)  # the database has seen other worlds, whose command ids begin at 0
        self.world.store = RecordedTwice(self.store)
        self.world._dispatcher = Dispatcher(self.world.store, self.world, self.world.rulebooks, HANDLERS)
        self.people = [await member(self.world, name) for name in ("Ada", "Bob")]
        self.cars = [await car(self.world, plate) for plate in ("B-AB 1", "B-AB 2")]
        for which in self.cars:
            await says(self.world, which, zones=())  # the home area has one id in all worlds

    async def _reserve(self, who: int, which: int) -> None:
        self.reservations.append(await reserved(self.world, self.people[who], self.cars[which]))

    async def _try(self, work: Coroutine[Any, Any, object]) -> None:
        """What is refused changes nothing."""
        try:
            await work
        except RefusedError:
            return

    async def _agrees(self) -> None:
        """Each read model shows the log up to where its follower stands."""
        log = [recorded async for recorded in self.store.read(after=self.began_at)]
        rental, everything = [(await projection.status()).position for projection in self.projections]
        rows = await self.pool.fetch(_RESERVATIONS, self.reservations)
        shown = {row["reservation_id"]: row["state"] for row in rows}
        assert shown == _states([r for r in log if r.position <= rental])
        positions = [row["position"] for row in await self.pool.fetch(_EVENTS, self.began_at)]
        assert positions == [r.position for r in log if r.position <= everything]


def _states(log: Sequence[RecordedEvent]) -> dict[UUID, str]:
    return {r.event.originator_id: STATES[type(r.event)] for r in log if type(r.event) in STATES}


def test_read_models_show_what_their_model_shows(postgres_dsn: str) -> None:
    run_state_machine_as_test(lambda: Reading(postgres_dsn), settings=FEWER)  # type: ignore[arg-type]
