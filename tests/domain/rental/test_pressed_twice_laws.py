"""A law: whatever members, agents and cars have done, what is asked for twice at once happens once."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.fleet.commands import NoteContact
from domain.kernel.errors import NotFoundError, RefusedError
from domain.kernel.ids import MemberId, ReservationId, TripId, VehicleId, derived_id
from domain.kernel.messages import Command
from domain.rental.commands import (
    CancelReservation,
    EndTrip,
    ExtendReservation,
    ForceEndTrip,
    ParkTrip,
    PlaceReservation,
    ResumeTrip,
    StartTrip,
)
from tests.support.people_and_cars import area, car, made, member
from tests.support.telling import DRIVING, LOCKED, STOPPED, tells
from tests.support.world import CarManner, World


class Now(NamedTuple):
    """Who takes which car, by which reservation and trip, if any was made yet."""

    who: MemberId
    which: VehicleId
    held: ReservationId | None
    trip: TripId
    at: datetime

    @property
    def reservation(self) -> ReservationId:
        return self.held or ReservationId(derived_id("none yet"))


def minutes(number: int) -> timedelta:
    return timedelta(minutes=number)


COMMANDS: dict[str, Callable[[Now], Command]] = {
    "reserve": lambda now: PlaceReservation(
        reservation_id=ReservationId(derived_id("reservation", str(now.at))), member_id=now.who, vehicle_id=now.which
    ),
    "extend": lambda now: ExtendReservation(reservation_id=now.reservation, until=now.at + minutes(30)),
    "cancel": lambda now: CancelReservation(reservation_id=now.reservation),
    "start": lambda now: StartTrip(
        trip_id=TripId(derived_id("trip", str(now.at))),
        member_id=now.who,
        vehicle_id=now.which,
        reservation_id=now.held,
    ),
    "park": lambda now: ParkTrip(trip_id=now.trip),
    "resume": lambda now: ResumeTrip(trip_id=now.trip),
    "end": lambda now: EndTrip(trip_id=now.trip),
    "force_end": lambda now: ForceEndTrip(trip_id=now.trip, ended_at=now.at, reason="the car is silent"),
}
STATES: dict[str, Mapping[str, object]] = {
    "driving": DRIVING,
    "stopped": STOPPED,
    "locked": LOCKED,
    "open": {**STOPPED, "doors_closed": False},
}
MANNERS: dict[str, CarManner] = {"obeys": "obedient", "is silent": "silent", "refuses": "refusing"}

asked = st.sampled_from(sorted(COMMANDS))
happens = st.sampled_from([*STATES, *MANNERS, "offline", "online", "answers late", "time passes"])
STORIES = st.lists(st.one_of(asked, happens), min_size=3, max_size=14)


@settings(max_examples=150, deadline=None)
@given(before=st.sampled_from([[], ["start"], ["reserve", "start"], ["start", "stopped"]]), story=STORIES)
def test_what_is_asked_for_twice_at_once_happens_once_and_has_one_answer(
    before: Sequence[str], story: Sequence[str]
) -> None:
    asyncio.run(_told(World(), [*before, *story]))


async def _told(world: World, story: Sequence[str]) -> None:
    await area(world)
    now = Now(await member(world), await car(world), None, TripId(derived_id("none yet")), world.now())
    for what in story:
        await world.advance(timedelta(seconds=1))
        now = now._replace(at=world.now())
        if what in COMMANDS:
            now = await _press_twice(world, what, now)
        else:
            await _happen(world, what, now.which)


async def _press_twice(world: World, what: str, now: Now) -> Now:
    command = COMMANDS[what](now)
    try:
        first = await world.ask(command)
    except (RefusedError, NotFoundError):
        return now
    before = len(world.store.log)
    other_id = {command.CREATES: derived_id("another", str(now.at))} if command.CREATES else {}
    again = await world.ask(command.model_copy(update=other_id))
    assert (again.value, world.news(before)) == (first.value, [])
    await world.settle()
    if what == "reserve":
        return now._replace(held=ReservationId(made(first)))
    return now._replace(trip=TripId(made(first)), held=None) if what == "start" else now


async def _happen(world: World, what: str, which: VehicleId) -> None:
    if what in STATES:
        await tells(world, which, STATES[what])
    elif what in MANNERS:
        world.cars[which] = MANNERS[what]
    elif what in {"offline", "online"}:
        await world.do(NoteContact(vehicle_id=which, online=what == "online", at=world.now()))
    elif what == "answers late":
        await world.answer_late()
    else:
        await world.advance(timedelta(minutes=3))
