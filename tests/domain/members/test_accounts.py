"""Stories of accounts: who may open one, whose address it is, and when it is blocked."""

import pytest

from domain.kernel.errors import RefusedError
from domain.members.commands import BlockMember, UnblockMember, VerifyEmail, VerifyLicence
from domain.members.facts import MemberState
from domain.members.member import Member
from tests.domain.members.applicants import card, licence, registered, verified
from tests.support.world import World, codes


@pytest.mark.parametrize(
    ("service", "city_id"),
    [
        ("drivenow-europe", "berlin"),
        ("drivenow-europe", "vienna"),
        ("reachnow-usa", "seattle"),
        ("reachnow-usa", "portland"),
    ],
)
async def test_somebody_opens_an_account_in_a_city_of_the_service(service: str, city_id: str) -> None:
    world = World(service)

    who = await registered(world, city_id)

    member = await world.store.load(Member, who)
    assert (member.service, member.city_id, member.state) == (service, city_id, MemberState.IDLE)
    assert world.told() == ["verify_email"]


@pytest.mark.parametrize(("service", "city_id"), [("drivenow-europe", "seattle"), ("reachnow-usa", "berlin")])
async def test_nobody_opens_an_account_in_a_city_of_another_service(service: str, city_id: str) -> None:
    world = World(service)

    with pytest.raises(RefusedError) as refused:
        await registered(world, city_id)

    assert codes(refused) == {"service.unknown_city"}
    assert world.store.log == []


@pytest.mark.parametrize(
    ("service", "city_id", "country"), [("drivenow-europe", "berlin", "DE"), ("reachnow-usa", "seattle", "US")]
)
async def test_an_applicant_becomes_somebody_who_may_drive(service: str, city_id: str, country: str) -> None:
    world = World(service)
    who = await registered(world, city_id)
    before = (await world.store.load(Member, who)).ineligibility(world.rulebook, world.now())

    for step in (VerifyEmail(member_id=who), licence(who, country), VerifyLicence(member_id=who), card(who)):
        await world.do(step)

    after = (await world.store.load(Member, who)).ineligibility(world.rulebook, world.now())
    assert {violation.code for violation in before} == {
        "member.email_unverified",
        "member.licence_missing",
        "member.no_payment_method",
    }
    assert after == []


async def test_each_service_has_its_own_idea_of_who_may_drive() -> None:
    world = World("reachnow-usa")
    who = await verified(world, "seattle")
    for step in (licence(who, "DE"), VerifyLicence(member_id=who), card(who, prepaid=True)):
        await world.do(step)

    reasons = (await world.store.load(Member, who)).ineligibility(world.rulebook, world.now())

    assert {reason.code for reason in reasons} == {"member.licence_country_not_accepted", "member.prepaid_card"}


async def test_a_proven_address_needs_no_second_proof(world: World) -> None:
    who = await verified(world)

    await world.do(VerifyEmail(member_id=who))

    assert len(world.events(Member.EmailVerified)) == 1


@pytest.mark.parametrize("again", ["unpaid", "fraud"])
async def test_a_blocked_member_is_blocked_once_whatever_the_second_reason(world: World, again: str) -> None:
    who = await registered(world)
    await world.do(BlockMember(member_id=who, reason="unpaid"))

    await world.do(BlockMember(member_id=who, reason=again))

    (blocked,) = world.events(Member.Blocked)
    assert blocked.reason == "unpaid"
    assert world.told().count("account_blocked") == 1


async def test_a_member_whose_block_was_lifted_can_be_blocked_for_another_reason(world: World) -> None:
    who = await registered(world)
    await world.do(BlockMember(member_id=who, reason="unpaid"))
    await world.do(UnblockMember(member_id=who, reason="paid"))

    await world.do(BlockMember(member_id=who, reason="fraud"))

    assert [blocked.reason for blocked in world.events(Member.Blocked)] == ["unpaid", "fraud"]
    assert (await world.store.load(Member, who)).blocked


async def test_there_is_no_block_to_lift_from_a_free_member(world: World) -> None:
    who = await registered(world)

    await world.do(UnblockMember(member_id=who, reason="paid"))

    assert world.events(Member.Unblocked) == []
