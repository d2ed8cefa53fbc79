"""Stories of driving licences: handed in, checked, turned down, handed in anew."""

from datetime import date

import pytest

from domain.kernel.errors import RefusedError
from domain.members.commands import RejectLicence, VerifyLicence
from domain.members.facts import LicenceState
from domain.members.member import Member
from tests.domain.members.applicants import licence, registered
from tests.support.world import World, codes


async def test_a_licence_waits_for_its_check(world: World) -> None:
    who = await registered(world)

    await world.do(licence(who, issued_on=date(2012, 3, 4)))

    handed_in = (await world.store.load(Member, who)).licence
    assert handed_in is not None
    assert (handed_in.state, handed_in.issued_on) == (LicenceState.SUBMITTED, date(2012, 3, 4))


async def test_a_licence_is_confirmed_once(world: World) -> None:
    who = await registered(world)
    await world.do(licence(who))

    await world.do(VerifyLicence(member_id=who))
    await world.do(VerifyLicence(member_id=who))

    (confirmed,) = world.events(Member.LicenceVerified)
    handed_in = (await world.store.load(Member, who)).licence
    assert handed_in is not None
    assert (handed_in.state, handed_in.verified_at) == (LicenceState.VERIFIED, confirmed.timestamp)
    assert world.told().count("licence_verified") == 1


async def test_a_licence_is_turned_down_once_and_the_member_learns_why(world: World) -> None:
    who = await registered(world)
    await world.do(licence(who))

    await world.do(RejectLicence(member_id=who, reason="the photo is blurred"))
    await world.do(RejectLicence(member_id=who, reason="the photo is dark"))

    (rejected,) = world.events(Member.LicenceRejected)
    assert rejected.reason == "the photo is blurred"
    assert world.told().count("licence_rejected") == 1
    assert world.messages[-1].values == {"reason": "the photo is blurred"}


async def test_a_licence_that_was_turned_down_must_be_handed_in_anew(world: World) -> None:
    who = await registered(world)
    await world.do(licence(who))
    await world.do(RejectLicence(member_id=who, reason="the photo is blurred"))

    with pytest.raises(RefusedError) as refused:
        await world.do(VerifyLicence(member_id=who))
    await world.do(licence(who))
    await world.do(VerifyLicence(member_id=who))

    assert codes(refused) == {"member.licence_rejected"}
    assert len(world.events(Member.LicenceVerified)) == 1


async def test_a_confirmed_licence_can_still_be_turned_down(world: World) -> None:
    who = await registered(world)
    await world.do(licence(who))
    await world.do(VerifyLicence(member_id=who))

    await world.do(RejectLicence(member_id=who, reason="withdrawn by a court"))

    handed_in = (await world.store.load(Member, who)).licence
    assert handed_in is not None
    assert handed_in.state is LicenceState.REJECTED


async def test_a_new_licence_takes_the_place_of_a_confirmed_one_and_waits_for_its_own_check(world: World) -> None:
    who = await registered(world)
    await world.do(licence(who))
    await world.do(VerifyLicence(member_id=who))

    await world.do(licence(who, country="AT"))

    handed_in = (await world.store.load(Member, who)).licence
    assert handed_in is not None
    assert (handed_in.country, handed_in.state, handed_in.verified_at) == ("AT", LicenceState.SUBMITTED, None)


@pytest.mark.parametrize("check", [VerifyLicence, RejectLicence])
async def test_a_licence_that_nobody_handed_in_cannot_be_checked(
    world: World, check: type[VerifyLicence | RejectLicence]
) -> None:
    who = await registered(world)

    with pytest.raises(RefusedError) as refused:
        await world.do(check.model_validate({"member_id": who, **({"reason": "?"} if check is RejectLicence else {})}))

    assert codes(refused) == {"member.licence_missing"}


async def test_a_licence_cannot_expire_before_it_was_issued(world: World) -> None:
    who = await registered(world)

    with pytest.raises(RefusedError) as refused:
        await world.do(licence(who, issued_on=date(2020, 1, 2), expires_on=date(2020, 1, 1)))

    assert codes(refused) == {"member.licence_dates_reversed"}
    assert (await world.store.load(Member, who)).licence is None
