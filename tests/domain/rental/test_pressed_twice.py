"""Stories of members who press twice: what is under way or already so is answered as it is."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from domain.fleet.commands import NoteContact
from domain.fleet.vehicle import Vehicle
from domain.kernel.errors import RefusedError
from domain.kernel.ids import TripId, VehicleId, derived_id
from domain.kernel.messages import Command
from domain.members.member import Member
from domain.rental.commands import (
    CancelReservation,
    EndTrip,
    ExtendReservation,
    ForceEndTrip,
    ParkTrip,
    ResumeTrip,
    StartTrip,
)
from domain.rental.reservation import Reservation
from domain.rental.steps import TripState
from domain.rental.trip import Trip
from tests.support.people_and_cars import car, member, reserved, started
from tests.support.telling import DRIVING, LOCKED, STOPPED, tells
from tests.support.world import CarManner, World, codes

MINUTE = timedelta(minutes=1)
Step = Callable[[TripId], Command]


def park(trip_id: TripId) -> Command:
    return ParkTrip(trip_id=trip_id)


def resume(trip_id: TripId) -> Command:
    return ResumeTrip(trip_id=trip_id)


def end(trip_id: TripId) -> Command:
    return EndTrip(trip_id=trip_id)


async def stopped(world: World) -> tuple[TripId, VehicleId]:
    """A trip that was driven for ten minutes, whose car stands; it does not answer any more."""
    ada, x1 = await member(world), await car(world)
    trip_id = await started(world, ada, x1)
    await tells(world, x1, DRIVING)
    await world.advance(10 * MINUTE)
    await tells(world, x1, STOPPED)
    world.cars[x1] = "silent"
    return trip_id, x1


async def brought_to(world: World, *steps: Step) -> tuple[TripId, VehicleId]:
    """Such a trip after more steps, the last of which its car has not confirmed yet."""
    trip_id, x1 = await stopped(world)
    for step in steps[:-1]:
        world.cars[x1] = "obedient"
        await world.do(step(trip_id))
    world.cars[x1] = "silent"
    await world.do(steps[-1](trip_id))
    return trip_id, x1


def orders(world: World) -> int:
    return len(world.events(Vehicle.CommandRequested))


async def test_an_end_that_is_asked_for_again_while_the_lock_is_awaited_is_the_same_wish(world: World) -> None:
    trip_id, _ = await stopped(world)
    first = await world.do(EndTrip(trip_id=trip_id))
    asked, before = orders(world), len(world.store.log)

    await world.advance(timedelta(seconds=10))
    again = await world.do(EndTrip(trip_id=trip_id))

    assert '"vehicle.unlocked"' in (first.value or "")
    assert again.value == first.value
    assert (orders(world), world.news(before)) == (asked, [])
    await world.answer_late()
    [ended] = world.events(Trip.Ended)
    assert ended.driving_s == 600


async def test_an_end_that_is_asked_for_again_of_a_car_that_cannot_be_reached_is_the_same_wish(world: World) -> None:
    trip_id, x1 = await stopped(world)
    await world.do(NoteContact(vehicle_id=x1, online=False, at=world.now()))
    first = await world.do(EndTrip(trip_id=trip_id))
    before = len(world.store.log)

    again = await world.do(EndTrip(trip_id=trip_id))

    assert '"vehicle.contact_lost"' in (first.value or "")
    assert (again.value, world.news(before)) == (first.value, [])


async def test_an_end_that_is_asked_for_again_once_the_trip_has_ended_awaits_nothing(world: World) -> None:
    bob, (trip_id, x1) = await member(world, "Bob"), await stopped(world)
    world.cars[x1] = "obedient"
    await world.do(EndTrip(trip_id=trip_id))
    other = await started(world, bob, x1)
    await tells(world, x1, DRIVING)
    before = len(world.store.log)

    again = await world.do(EndTrip(trip_id=trip_id))

    assert (again.value, world.news(before)) == ("[]", [])
    assert (await world.store.load(Vehicle, x1)).trip_id == other


async def test_a_door_that_was_opened_after_the_wish_is_told_and_does_not_refuse_the_wish_that_stands(
    world: World,
) -> None:
    trip_id, x1 = await stopped(world)
    world.cars[x1] = "refusing"
    await world.do(EndTrip(trip_id=trip_id))
    await world.advance(MINUTE)
    await tells(world, x1, STOPPED, {"doors_closed": False})
    before = len(world.store.log)

    again = await world.do(EndTrip(trip_id=trip_id))

    assert '"vehicle.doors_open"' in (again.value or "")
    assert world.news(before) == []


async def test_a_wish_after_the_member_has_driven_on_is_a_new_one(world: World) -> None:
    trip_id, x1 = await stopped(world)
    await world.do(EndTrip(trip_id=trip_id))
    await world.advance(5 * MINUTE)
    await tells(world, x1, DRIVING)
    await world.advance(MINUTE)
    await tells(world, x1, STOPPED)

    await world.do(EndTrip(trip_id=trip_id))

    assert [asked.wish.requested_at for asked in world.events(Trip.EndRequested)] == [
        world.now() - 6 * MINUTE,
        world.now(),
    ]
    await tells(world, x1, LOCKED)
    [ended] = world.events(Trip.Ended)
    assert ended.driving_s == 16 * 60


@pytest.mark.parametrize("steps", [(park,), (park, resume), (end, resume)], ids=["park", "resume", "not end"])
async def test_a_step_that_is_asked_for_again_while_it_is_under_way_orders_nothing(
    world: World, steps: tuple[Step, ...]
) -> None:
    trip_id, x1 = await stopped(world)
    for step in steps:
        manner: CarManner = "refusing" if step is end else "silent" if step is steps[-1] else "obedient"
        world.cars[x1] = manner
        await world.do(step(trip_id))
    before = len(world.store.log)

    again = await world.do(steps[-1](trip_id))

    assert (again.value, world.news(before)) == (None, [])
    await world.answer_late()
    reached = TripState.PARKED if steps == (park,) else TripState.RUNNING
    assert (await world.store.load(Trip, trip_id)).state is reached


@pytest.mark.parametrize("steps", [(park,), (park, resume)], ids=["park", "resume"])
async def test_a_step_that_is_asked_for_again_once_it_is_taken_changes_nothing(
    world: World, steps: tuple[Step, ...]
) -> None:
    trip_id, _ = await brought_to(world, *steps)
    await world.answer_late()
    before = len(world.store.log)

    again = await world.do(steps[-1](trip_id))

    assert (again.value, world.news(before)) == (None, [])


@pytest.mark.parametrize(
    ("steps", "other"),
    [
        ((park,), resume),
        ((park,), end),
        ((park, resume), park),
        ((park, resume), end),
        ((end,), park),
        ((end,), resume),
    ],
    ids=["park, resume", "park, end", "resume, park", "resume, end", "end, park", "end, resume"],
)
async def test_another_step_than_the_one_under_way_is_refused(
    world: World, steps: tuple[Step, ...], other: Step
) -> None:
    trip_id, _ = await brought_to(world, *steps)

    with pytest.raises(RefusedError) as refused:
        await world.do(other(trip_id))

    assert "trip.step_pending" in codes(refused)


async def test_who_has_ended_a_trip_cannot_park_it(world: World) -> None:
    trip_id, _ = await brought_to(world, end)
    await world.answer_late()

    with pytest.raises(RefusedError) as refused:
        await world.do(ParkTrip(trip_id=trip_id))

    assert codes(refused) == {"trip.wrong_state"}


async def test_an_end_that_an_agent_dates_again_as_it_is_changes_nothing_and_another_is_refused(world: World) -> None:
    trip_id, _ = await stopped(world)
    forced = ForceEndTrip(trip_id=trip_id, ended_at=world.now(), reason="no network in the garage")
    await world.do(forced)
    before = len(world.store.log)

    await world.do(forced)
    nothing_new = world.news(before)
    with pytest.raises(RefusedError) as refused:
        await world.do(forced.model_copy(update={"ended_at": world.now() - MINUTE}))

    assert nothing_new == []
    assert codes(refused) == {"trip.wrong_state"}


async def test_a_reservation_that_is_cancelled_again_takes_no_other_car_from_its_member(world: World) -> None:
    ada, x1, x2 = await member(world), await car(world, "B-AB 1"), await car(world, "B-AB 2")
    first = await reserved(world, ada, x1)
    await world.do(CancelReservation(reservation_id=first))
    second = await reserved(world, ada, x2)

    await world.do(CancelReservation(reservation_id=first))

    assert (await world.store.load(Member, ada)).reservation_id == second
    assert len(world.events(Reservation.Cancelled)) == 1


async def test_a_reservation_that_expired_cannot_be_cancelled(world: World) -> None:
    ada, x1 = await member(world), await car(world)
    held = await reserved(world, ada, x1)
    await world.advance(world.rulebook.reservation.free)

    with pytest.raises(RefusedError) as refused:
        await world.do(CancelReservation(reservation_id=held))

    assert codes(refused) == {"reservation.not_open"}


async def test_who_keeps_a_car_and_reserves_it_again_keeps_it_by_the_same_reservation(world: World) -> None:
    ada, x1 = await member(world), await car(world)
    first = await reserved(world, ada, x1)
    await world.advance(MINUTE)

    again = await reserved(world, ada, x1)

    assert again == first
    assert len(world.events(Reservation.Placed)) == 1


async def test_an_extension_to_the_present_end_changes_nothing(world: World) -> None:
    ada, x1 = await member(world), await car(world)
    held = await reserved(world, ada, x1)
    longer = ExtendReservation(reservation_id=held, until=world.now() + 30 * MINUTE)

    await world.do(longer)
    await world.do(longer)

    assert len(world.events(Reservation.Extended)) == 1


async def test_who_asks_for_the_same_trip_again_is_told_of_the_one_that_there_is(world: World) -> None:
    ada, x1 = await member(world), await car(world)
    held = await reserved(world, ada, x1)
    world.cars[x1] = "silent"
    first = await started(world, ada, x1, held)
    before = len(world.store.log)

    while_starting = await started(world, ada, x1, held)
    nothing_new = world.news(before)
    await world.answer_late()
    while_running = await started(world, ada, x1, held)

    assert (while_starting, while_running, nothing_new) == (first, first, [])
    assert len(world.events(Trip.Requested)) == 1


@pytest.mark.parametrize(
    "choices",
    [{"reservation_id": None}, {"package": "3h"}, {"options": ("second_driver",)}],
    ids=["no reservation", "a package", "an option"],
)
async def test_who_asks_for_the_same_car_with_other_choices_is_refused(
    world: World, choices: dict[str, object]
) -> None:
    ada, x1 = await member(world), await car(world)
    held = await reserved(world, ada, x1)
    asked = {"trip_id": await started(world, ada, x1, held), "member_id": ada, "vehicle_id": x1, "reservation_id": held}

    with pytest.raises(RefusedError) as refused:
        await world.do(StartTrip.model_validate(asked | {"trip_id": derived_id("again")} | choices))

    assert codes(refused) & {"member.in_trip", "vehicle.in_trip", "reservation.not_open"}
