"""Laws of the end of a trip: whatever a car says of it, in whatever order, and however late it is told."""

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import NamedTuple

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.fleet.commands import NoteContact
from domain.fleet.state import Observation
from domain.kernel.ids import TripId, VehicleId
from domain.rental.commands import EndTrip
from domain.rental.steps import TripState
from domain.rental.trip import Trip
from tests.support.people_and_cars import ALEXANDERPLATZ, HOME, area, car, member, started
from tests.support.telling import DRIVING, LOCKED, STOPPED, sends
from tests.support.world import START, World

MINUTE = timedelta(minutes=1)
SIGNALS = frozenset(("locked", "ignition_on", "speed_kmh", "doors_closed", "position", "zones", "odometer_m"))
LOCKED_AT, DRIVEN_ON_UNTIL, TELLS_ALL_AT = 18, 30, 360


class Message(NamedTuple):
    """Some signals of a car, as they were at a minute of the trip, told some minutes later."""

    minute: int
    delay: int
    signals: frozenset[str] = SIGNALS

    @property
    def told(self) -> int:
        return self.minute + self.delay


some = st.sets(st.sampled_from(sorted(SIGNALS)), min_size=1).map(frozenset)
minutes, delays = st.integers(1, 60), st.one_of(st.just(0), st.integers(0, 180))
partial = st.lists(st.builds(Message, minutes, delays, some), max_size=12)
whole = st.lists(st.builds(Message, minutes, delays), max_size=12)


def stops_after_ten(minute: int) -> Observation:
    """Drives for ten minutes, stands, and is locked after eighteen."""
    state = LOCKED if minute >= LOCKED_AT else STOPPED if minute >= 10 else DRIVING
    return _seen(minute, {**state, "odometer_m": 1_000_000 + 500 * min(minute, 10)})


def drives_on(minute: int) -> Observation:
    """Drives for ten minutes, stands for two, drives on until minute thirty, and is locked five minutes later."""
    if minute < 12:
        return stops_after_ten(minute)
    state = DRIVING if minute < DRIVEN_ON_UNTIL else STOPPED if minute < DRIVEN_ON_UNTIL + 5 else LOCKED
    return _seen(minute, {**state, "odometer_m": 1_005_000 + 500 * (min(minute, DRIVEN_ON_UNTIL) - 12 + 1)})


def _seen(minute: int, state: dict[str, object]) -> Observation:
    usual = {"doors_closed": True, "position": ALEXANDERPLATZ, "zones": (HOME,)}
    return Observation.model_validate({"observed_at": START + minute * MINUTE, **usual, **state})


@settings(max_examples=60, deadline=None)
@given(said=partial, wish=st.integers(10, 40), offline=st.booleans())
def test_a_trip_ends_between_the_wish_and_what_the_car_shows_and_never_after_it_is_told(
    said: list[Message], wish: int, *, offline: bool
) -> None:
    world, _ = asyncio.run(told_of(stops_after_ten, said, wish, offline=offline))

    (ended,) = world.events(Trip.Ended)
    latest = max([wish, *(message.minute for message in said)])
    assert START + wish * MINUTE <= ended.ended_at <= START + latest * MINUTE
    assert ended.ended_at <= ended.timestamp
    assert ended.requested_at == START + wish * MINUTE


@settings(max_examples=60, deadline=None)
@given(said=partial, wish=st.integers(10, 40), offline=st.booleans())
def test_no_trip_ends_before_its_car_has_shown_that_it_is_locked(
    said: list[Message], wish: int, *, offline: bool
) -> None:
    world, _ = asyncio.run(told_of(stops_after_ten, said, wish, offline=offline))

    (ended,) = world.events(Trip.Ended)
    shown = [m.told for m in said if "locked" in m.signals and m.minute >= LOCKED_AT]
    known_at_wish = [wish] if not offline and wish >= LOCKED_AT else []
    assert ended.timestamp >= START + min([*shown, *known_at_wish, TELLS_ALL_AT]) * MINUTE
    assert ended.evidence.missing == ()


@settings(max_examples=60, deadline=None)
@given(said=whole)
def test_who_drives_on_after_the_wish_pays_for_that_or_drives_still(said: list[Message]) -> None:
    world, trip = asyncio.run(told_of(drives_on, said, 11, offline=False))

    if trip.state is TripState.RUNNING:
        assert world.events(Trip.EndTakenBack)
        assert world.events(Trip.Ended) == []
    else:
        (ended,) = world.events(Trip.Ended)
        assert START + DRIVEN_ON_UNTIL * MINUTE <= ended.ended_at <= ended.timestamp


async def told_of(
    truth: Callable[[int], Observation], said: Sequence[Message], wish: int, *, offline: bool
) -> tuple[World, Trip]:
    """A trip from minute 0, its end asked for, and a car that is heard of by these messages, and after hours wholly."""
    world = World()
    await area(world)
    ada, x1 = await member(world), await car(world)
    trip_id = await started(world, ada, x1)
    await sends(world, x1, truth(0))
    world.cars[x1] = "silent"
    heard = sorted(said, key=lambda message: message.told)
    await _tell(world, x1, truth, [] if offline else [message for message in heard if message.told < wish])
    await _minute(world, wish)
    if offline:
        await world.do(NoteContact(vehicle_id=x1, online=False, at=world.now()))
    else:
        await sends(world, x1, truth(wish))
    await world.do(EndTrip(trip_id=TripId(trip_id)))
    await _tell(world, x1, truth, [message for message in heard if message.told >= wish])
    await _minute(world, TELLS_ALL_AT)
    await sends(world, x1, truth(TELLS_ALL_AT))
    return world, await world.store.load(Trip, trip_id)


async def _minute(world: World, minute: int) -> None:
    await world.advance(START + minute * MINUTE - world.now())


async def _tell(world: World, x1: VehicleId, truth: Callable[[int], Observation], said: Sequence[Message]) -> None:
    for message in said:
        await _minute(world, message.told)
        left_out = dict.fromkeys(SIGNALS - message.signals)
        await sends(world, x1, truth(message.minute).model_copy(update=left_out))
