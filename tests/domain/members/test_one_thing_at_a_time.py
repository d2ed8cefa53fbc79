"""Stories of what a member is doing: nothing, holding a car, or driving one."""

import pytest

from domain.kernel.errors import RefusedError
from domain.kernel.ids import MemberId, ReservationId, TripId, derived_id
from domain.members.facts import MemberState
from domain.members.member import Member
from domain.rental.commands import CancelReservation, EndTrip
from tests.support.people_and_cars import Taking, area, car, member, reserved, started
from tests.support.world import World, codes


async def state(world: World, who: MemberId) -> MemberState:
    return (await world.store.load(Member, who)).state


async def test_a_member_is_idle_then_in_a_reservation_then_in_a_rental_and_idle_again(world: World) -> None:
    await area(world)
    ada, x1 = await member(world), await car(world)
    seen = [await state(world, ada)]

    held = await reserved(world, ada, x1)
    seen.append(await state(world, ada))
    trip_id = await started(world, ada, x1, held)
    seen.append(await state(world, ada))
    await world.do(EndTrip(trip_id=trip_id))
    seen.append(await state(world, ada))

    assert seen == [MemberState.IDLE, MemberState.IN_RESERVATION, MemberState.IN_TRIP, MemberState.IDLE]


async def test_a_member_who_gives_a_car_up_is_idle(world: World) -> None:
    ada, x1 = await member(world), await car(world)
    held = await reserved(world, ada, x1)

    await world.do(CancelReservation(reservation_id=held))

    assert await state(world, ada) is MemberState.IDLE


@pytest.mark.parametrize("second", [reserved, started])
@pytest.mark.parametrize(("first", "code"), [(reserved, "member.in_reservation"), (started, "member.in_trip")])
async def test_a_member_has_one_car_at_most(world: World, first: Taking, second: Taking, code: str) -> None:
    await area(world)
    ada, x1, x2 = await member(world), await car(world, "B-AB 1"), await car(world, "B-AB 2")
    await first(world, ada, x1)

    with pytest.raises(RefusedError) as refused:
        await second(world, ada, x2)

    assert codes(refused) == {code}


async def test_releasing_an_idle_member_changes_nothing(world: World) -> None:
    ada = await world.store.load(Member, await member(world))

    ada.release(world.now())

    assert ada.pending_events == []


async def test_a_member_goes_back_from_a_failed_start_to_the_reservation_that_is_left(world: World) -> None:
    ada = await world.store.load(Member, await member(world))
    held = ReservationId(derived_id("held"))
    ada.open_reservation(held, world.now())
    ada.open_trip(TripId(derived_id("failed")), world.now())

    ada.release(world.now(), to_reservation=held)

    assert (ada.state, ada.reservation_id) == (MemberState.IN_RESERVATION, held)
