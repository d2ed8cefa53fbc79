"""Stories of driving licences: handed in, checked, turned down, handed in anew."""

from datetime import UTC, date, datetime, timedelta

import pytest

from domain.kernel.errors import RefusedError
from domain.members.commands import RejectLicence, VerifyLicence
from domain.members.facts import LicenceState
from domain.members.member import Member
from tests.domain.members.applicants import licence, registered
from tests.support.world import START, World, codes

DAY = timedelta(days=1)


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
    assert world.messages[-1].values == {}  # what an agent wrote is looked up when the mail is written


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


TODAY = START.date()


@pytest.mark.parametrize(
    ("dates", "code"),
    [
        ({"issued_on": date(2020, 1, 2), "expires_on": date(2020, 1, 1)}, "member.licence_dates_reversed"),
        ({"issued_on": TODAY + DAY}, "member.licence_not_issued"),
        ({"expires_on": TODAY - DAY}, "member.licence_expired"),
        ({"issued_on": date(2004, 4, 30)}, "member.licence_before_age"),
    ],
)
async def test_a_licence_whose_dates_cannot_be_is_not_taken(world: World, dates: dict[str, date], code: str) -> None:
    who = await registered(world, birth_date=date(1990, 5, 1))

    with pytest.raises(RefusedError) as refused:
        await world.do(licence(who).model_copy(update=dates))

    assert code in codes(refused)
    assert (await world.store.load(Member, who)).licence is None


async def test_all_that_cannot_be_about_a_licence_is_told_at_once(world: World) -> None:
    who = await registered(world, birth_date=date(2004, 5, 1))

    with pytest.raises(RefusedError) as refused:
        await world.do(licence(who, issued_on=TODAY + DAY, expires_on=TODAY - DAY))

    assert codes(refused) == {"member.licence_dates_reversed", "member.licence_not_issued", "member.licence_expired"}


async def test_a_licence_is_good_on_the_days_on_it_and_can_be_issued_today(world: World) -> None:
    who = await registered(world, birth_date=date(1990, 5, 1))

    await world.do(licence(who, issued_on=TODAY, expires_on=TODAY))
    await world.do(VerifyLicence(member_id=who))

    assert len(world.events(Member.LicenceVerified)) == 1


async def test_a_licence_that_has_expired_meanwhile_cannot_be_verified(world: World) -> None:
    who = await registered(world)
    await world.do(licence(who, expires_on=TODAY))
    midnight_in_berlin = datetime(2026, 3, 2, 23, tzinfo=UTC)

    world.time = midnight_in_berlin
    with pytest.raises(RefusedError) as refused:
        await world.do(VerifyLicence(member_id=who))

    assert codes(refused) == {"member.licence_expired"}
