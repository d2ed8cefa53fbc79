"""Stories of members who want to be forgotten."""

from collections.abc import Awaitable, Callable

import pytest

from domain.kernel.errors import RefusedError
from domain.kernel.ids import MemberId
from domain.members import commands
from domain.members.member import Member
from domain.rental.commands import CancelReservation, EndTrip
from tests.domain.members.applicants import card, licence, registered
from tests.support.people_and_cars import Taking, area, car, member, reserved, started
from tests.support.world import World, codes


def erase(who: MemberId, reason: str = "asked by letter") -> commands.EraseMember:
    return commands.EraseMember(member_id=who, reason=reason)


async def test_who_erased_a_member_and_why_is_on_record_and_the_key_is_destroyed(world: World) -> None:
    ada = await member(world)

    await world.do(erase(ada))

    [erased] = world.events(Member.Erased)
    assert (erased.originator_id, erased.by, erased.reason) == (ada, "agent-7", "asked by letter")
    assert world.destroyed == [ada]


async def test_a_member_who_is_erased_twice_was_erased_once(world: World) -> None:
    ada = await member(world)
    await world.do(erase(ada))

    await world.do(erase(ada, "asked again"))

    assert [event.reason for event in world.events(Member.Erased)] == ["asked by letter"]
    assert world.destroyed == [ada]


@pytest.mark.parametrize(("take", "code"), [(reserved, "member.in_reservation"), (started, "member.in_trip")])
async def test_a_member_with_a_car_in_hand_is_not_erased(world: World, take: Taking, code: str) -> None:
    await area(world)
    ada, x1 = await member(world), await car(world)
    await take(world, ada, x1)

    with pytest.raises(RefusedError) as refused:
        await world.do(erase(ada))

    assert codes(refused) == {code}
    assert world.destroyed == []


async def test_a_member_who_has_given_the_car_back_is_erased(world: World) -> None:
    await area(world)
    ada, x1 = await member(world), await car(world)
    await world.do(CancelReservation(reservation_id=await reserved(world, ada, x1)))
    await world.do(EndTrip(trip_id=await started(world, ada, x1)))

    await world.do(erase(ada))

    assert world.destroyed == [ada]


@pytest.mark.parametrize("take", [reserved, started])
async def test_an_erased_member_takes_no_car_and_is_told_nothing_else(world: World, take: Taking) -> None:
    ada, x1 = await member(world), await car(world)
    await world.do(commands.BlockMember(member_id=ada, reason="unpaid"))
    await world.do(erase(ada))

    with pytest.raises(RefusedError) as refused:
        await take(world, ada, x1)

    assert codes(refused) == {"member.erased"}


Asked = Callable[[World, MemberId], Awaitable[object]]


@pytest.mark.parametrize(
    "ask",
    [
        lambda world, who: world.do(commands.VerifyEmail(member_id=who)),
        lambda world, who: world.do(licence(who)),
        lambda world, who: world.do(commands.VerifyLicence(member_id=who)),
        lambda world, who: world.do(commands.RejectLicence(member_id=who, reason="blurred")),
        lambda world, who: world.do(card(who)),
        lambda world, who: world.do(commands.RemovePaymentMethod(member_id=who, method_id="card")),
        lambda world, who: world.do(commands.BlockMember(member_id=who, reason="unpaid")),
        lambda world, who: world.do(commands.UnblockMember(member_id=who, reason="paid")),
    ],
)
async def test_nothing_is_noted_about_an_erased_member_any_more(world: World, ask: Asked) -> None:
    ada = await registered(world)
    await world.do(erase(ada))

    with pytest.raises(RefusedError) as refused:
        await ask(world, ada)

    assert codes(refused) == {"member.erased"}
