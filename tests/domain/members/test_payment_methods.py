"""Stories of payment methods: the newest one is charged, and none goes away while it may be needed."""

from contextlib import nullcontext
from datetime import date, timedelta

import pytest

from domain.kernel.errors import RefusedError
from domain.kernel.ids import MemberId
from domain.members.commands import RemovePaymentMethod
from domain.members.member import Member
from tests.domain.members.applicants import card, registered
from tests.support.people_and_cars import Taking, area, car, member, reserved, started
from tests.support.world import World, codes


async def charged(world: World, who: MemberId) -> str | None:
    method = (await world.store.load(Member, who)).charged_method
    return method.method_id if method else None


async def test_the_newest_method_is_charged_and_the_one_before_it_once_it_is_gone(world: World) -> None:
    who = await registered(world)
    await world.do(card(who, "old"))
    await world.do(card(who, "new"))

    newest = await charged(world, who)
    await world.do(RemovePaymentMethod(member_id=who, method_id="new"))

    assert newest == "new"
    assert await charged(world, who) == "old"


async def test_a_method_is_added_once(world: World) -> None:
    who = await registered(world)
    await world.do(card(who, "old"))
    await world.do(card(who, "new"))

    await world.do(card(who, "old"))

    assert len(world.events(Member.PaymentMethodAdded)) == 2
    assert await charged(world, who) == "new"


async def test_a_method_is_removed_once_and_an_unknown_one_never(world: World) -> None:
    who = await registered(world)
    await world.do(card(who, "only"))

    for method_id in ("only", "only", "another"):
        await world.do(RemovePaymentMethod(member_id=who, method_id=method_id))

    assert len(world.events(Member.PaymentMethodRemoved)) == 1
    assert await charged(world, who) is None


@pytest.mark.parametrize(("taking", "code"), [(reserved, "member.in_reservation"), (started, "member.in_trip")])
async def test_no_method_goes_away_while_it_may_have_to_be_charged(world: World, taking: Taking, code: str) -> None:
    await area(world)
    ada, x1 = await member(world), await car(world)
    await taking(world, ada, x1)

    with pytest.raises(RefusedError) as refused:
        await world.do(RemovePaymentMethod(member_id=ada, method_id="card"))

    assert codes(refused) == {code}
    assert await charged(world, ada) == "card"


@pytest.mark.parametrize(
    ("newest", "code"),
    [
        ({"expires_on": date(2026, 3, 2)}, "member.payment_method_expired"),
        ({"prepaid": True}, "member.prepaid_card"),
    ],
)
async def test_the_method_that_is_charged_must_be_good_itself(newest: dict[str, object], code: str) -> None:
    world = World("reachnow-usa")
    who = await registered(world, "seattle")
    await world.do(card(who, "good"))

    await world.do(card(who, "newest").model_copy(update=newest))

    world.time += timedelta(days=2)
    reasons = (await world.store.load(Member, who)).ineligibility(world.rulebook, world.now())
    assert code in {reason.code for reason in reasons}


@pytest.mark.parametrize(("expires_on", "taken"), [(date(2026, 3, 2), 1), (date(2026, 3, 1), 0), (date(2001, 1, 1), 0)])
async def test_a_method_that_has_expired_is_not_taken(world: World, expires_on: date, taken: int) -> None:
    who = await registered(world)

    with nullcontext() if taken else pytest.raises(RefusedError, match="payment_method_expired"):
        await world.do(card(who, expires_on=expires_on))

    assert len(world.events(Member.PaymentMethodAdded)) == taken
