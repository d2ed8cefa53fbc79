"""One person, one account: the same address, licence or card under another account is noticed, and bans hold."""

from collections.abc import Awaitable, Callable
from datetime import date, timedelta

import pytest

from domain.kernel.errors import RefusedError
from domain.kernel.ids import MemberId
from domain.members.commands import (
    BlockMember,
    ClearReview,
    EraseMember,
    RemovePaymentMethod,
    UnblockMember,
    VerifyEmail,
)
from domain.members.identifier import Identifier
from domain.members.member import Member
from domain.members.sameness import same_email, same_licence
from domain.rulebook.uniqueness import Uniqueness
from tests.domain.members.applicants import card, licence, registered, verified
from tests.support.world import World, codes

ADDRESS = "ada@example.org"

Coming = Callable[[World, MemberId], Awaitable[object]]


async def reasons(world: World, who: MemberId) -> set[str]:
    member = await world.store.load(Member, who)
    return {reason.code for reason in member.ineligibility(world.rulebook, world.now())}


def rule(world: World, **rules: str | timedelta) -> None:
    world.rulebook = world.rulebook.model_copy(update={"uniqueness": Uniqueness.model_validate(rules)})


async def with_licence(world: World, who: MemberId) -> None:
    await world.do(licence(who, number="B072RRE2I55"))


async def with_card(world: World, who: MemberId) -> None:
    await world.do(card(who, fingerprint="fp-4711"))


SHARED = [("licence", with_licence), ("payment_method", with_card)]


@pytest.mark.parametrize(
    "other",
    ["ada@example.org", "ADA@EXAMPLE.ORG", " ada@example.org ", "\uff41da@example.org", "ada@EXAMPLE.org."],
)
async def test_who_registers_under_an_address_that_is_proved_is_told_nothing_and_its_owner_is(
    world: World, other: str
) -> None:
    await verified(world, email=ADDRESS)

    second = await registered(world, email=other)
    third = await registered(world)

    account, stranger = await world.store.load(Member, second), await world.store.load(Member, third)
    assert await reasons(world, second) == await reasons(world, third)
    assert (account.turned_away, stranger.turned_away) == (True, False)


async def test_an_account_that_was_turned_away_proves_no_address(world: World) -> None:
    await verified(world, email=ADDRESS)
    second = await registered(world, email=ADDRESS)

    with pytest.raises(RefusedError) as refused:
        await world.do(VerifyEmail(member_id=second))

    assert codes(refused) == {"member.turned_away"}


async def test_an_address_is_nobodys_before_it_is_proved_so_that_nobody_can_be_kept_out(world: World) -> None:
    squatter = await registered(world, email=ADDRESS)
    owner = await verified(world, email=ADDRESS)

    with pytest.raises(RefusedError) as refused:
        await world.do(VerifyEmail(member_id=squatter))

    assert (await world.store.load(Member, owner)).email_verified
    assert codes(refused) == {"member.email_taken"}


@pytest.mark.parametrize(
    "other",
    ["a.da@example.org", "ada+1@example.org", "ada@example.com", "äda@example.org"],
)
async def test_another_address_is_another_address(world: World, other: str) -> None:
    await verified(world, email=ADDRESS)

    second = await verified(world, email=other)

    assert (await world.store.load(Member, second)).email_verified


@pytest.mark.parametrize(
    ("one", "same"),
    [
        ("ada@bücher.example", "ADA@xn--bcher-kva.example"),
        ("jose\u0301@example.org", "jos\u00e9@example.org"),
        ("ada@Straße.example", "ada@straße.example"),
    ],
)
def test_an_address_is_the_same_however_it_is_encoded(one: str, same: str) -> None:
    assert same_email(one) == same_email(same)


def test_no_two_domains_are_taken_for_one() -> None:
    assert same_email("ada@straße.example") != same_email("ada@strasse.example")


@pytest.mark.parametrize("other", ["b072 rre 2i55", "B072-RRE-2I55", "B072/RRE2I55", "\uff22072RRE2I55"])
def test_a_licence_is_the_same_however_it_is_typed(other: str) -> None:
    assert same_licence("DE", other) == same_licence("DE", "B072RRE2I55")
    assert same_licence("AT", other) != same_licence("DE", other)


@pytest.mark.parametrize(("kind", "come"), SHARED)
async def test_what_another_account_has_too_is_looked_at_before_anybody_drives(
    world: World, kind: str, come: Coming
) -> None:
    first, second = await verified(world), await verified(world)
    await come(world, first)

    await come(world, second)

    (held,) = world.events(Member.HeldForReview)
    assert (held.originator_id, held.kind, held.others) == (second, kind, (first,))
    assert "member.in_review" in await reasons(world, second)
    assert "member.in_review" not in await reasons(world, first)


@pytest.mark.parametrize(("kind", "come"), SHARED)
async def test_it_is_refused_where_the_rulebook_says_so(world: World, kind: str, come: Coming) -> None:
    rule(world, **{kind: "refuse"})
    first, second = await verified(world), await verified(world)
    await come(world, first)

    with pytest.raises(RefusedError) as refused:
        await come(world, second)

    assert codes(refused) == {f"member.{kind}_taken"}
    assert len(world.events(Identifier.Held)) == 3


@pytest.mark.parametrize(("kind", "come"), SHARED)
async def test_it_is_nothing_where_the_rulebook_allows_it(world: World, kind: str, come: Coming) -> None:
    rule(world, **{kind: "allow"})
    first, second = await verified(world), await verified(world)

    await come(world, first)
    await come(world, second)

    assert world.events(Member.HeldForReview) == []


async def test_an_address_that_is_to_be_looked_at_is_shown_to_who_has_proved_it_only(world: World) -> None:
    rule(world, email="review")
    await verified(world, email=ADDRESS)
    second = await registered(world, email=ADDRESS)
    before = await reasons(world, second)

    await world.do(VerifyEmail(member_id=second))

    assert "member.in_review" not in before
    assert "member.in_review" in await reasons(world, second)


async def test_an_agent_lets_an_account_stay_once(world: World) -> None:
    first, second = await verified(world), await verified(world)
    for who in (first, second):
        await with_licence(world, who)

    for _ in range(2):
        await world.do(ClearReview(member_id=second, reason="father and son"))

    assert len(world.events(Member.ReviewCleared)) == 1
    assert "member.in_review" not in await reasons(world, second)


@pytest.mark.parametrize("come", [with_licence, with_card])
async def test_the_same_again_from_the_same_member_is_nothing_new(world: World, come: Coming) -> None:
    who = await verified(world)

    for _ in range(2):
        await come(world, who)

    assert world.events(Member.HeldForReview) == []
    assert len(world.events(Identifier.Held)) == 2


async def test_what_a_member_has_no_more_is_free_for_another(world: World) -> None:
    rule(world, licence="refuse", payment_method="refuse")
    first, second = await verified(world), await verified(world)
    await with_licence(world, first)
    await with_card(world, first)

    await world.do(licence(first, number="anew"))
    await world.do(RemovePaymentMethod(member_id=first, method_id="card"))
    await with_licence(world, second)
    await with_card(world, second)

    assert (await world.store.load(Member, second)).licence is not None


@pytest.mark.parametrize("come", [with_licence, with_card])
async def test_a_ban_holds_for_whatever_account_the_member_comes_with(world: World, come: Coming) -> None:
    first, second = await verified(world), await verified(world)
    await come(world, first)
    await world.do(BlockMember(member_id=first, reason="fraud"))

    with pytest.raises(RefusedError) as refused:
        await come(world, second)
    await world.do(UnblockMember(member_id=first, reason="it was a mistake"))
    await come(world, second)

    assert codes(refused) <= {"member.licence_taken", "member.payment_method_taken"}


@pytest.mark.parametrize("come", [with_licence, with_card])
async def test_what_a_blocked_member_brings_later_is_banned_too(world: World, come: Coming) -> None:
    first, second = await verified(world), await verified(world)
    await world.do(BlockMember(member_id=first, reason="fraud"))
    await come(world, first)

    with pytest.raises(RefusedError):
        await come(world, second)


async def test_a_blocked_member_opens_no_other_account_under_the_same_address(world: World) -> None:
    rule(world, email="allow")
    first = await verified(world, email=ADDRESS)
    await world.do(BlockMember(member_id=first, reason="fraud"))

    second = await registered(world, email=ADDRESS)

    assert (await world.store.load(Member, second)).turned_away


async def test_nothing_leads_to_what_an_erased_member_had(world: World) -> None:
    first, second = await verified(world, email=ADDRESS), await verified(world)
    await with_licence(world, first)
    await with_card(world, first)

    await world.do(EraseMember(member_id=first, reason="asked for"))
    again = await verified(world, email=ADDRESS)
    await with_licence(world, second)

    assert len(world.store.stand_ins) == 3  # of the two accounts that are left
    assert world.events(Member.HeldForReview) == []
    assert (await world.store.load(Member, again)).email_verified


async def test_what_another_account_has_too_is_kept_for_that_account(world: World) -> None:
    first, second, third = [await verified(world) for _ in range(3)]
    await with_licence(world, first)
    await with_licence(world, second)

    await world.do(EraseMember(member_id=first, reason="asked for"))
    await with_licence(world, third)

    *_, held = world.events(Member.HeldForReview)
    assert (held.originator_id, held.others) == (third, (second,))


async def test_the_ban_of_a_member_who_was_erased_holds_until_its_day_and_no_longer(world: World) -> None:
    rule(world, ban_kept_for=timedelta(days=365))
    first, second = await verified(world, email=ADDRESS), await verified(world)
    await with_licence(world, first)
    await world.do(BlockMember(member_id=first, reason="fraud"))
    await world.do(EraseMember(member_id=first, reason="asked for"))

    await world.advance(timedelta(days=364))
    with pytest.raises(RefusedError) as refused:
        await with_licence(world, second)
    await world.advance(timedelta(days=1))
    again = await verified(world, email=ADDRESS)
    await with_licence(world, second)

    assert codes(refused) == {"member.licence_taken"}
    assert not (await world.store.load(Member, again)).turned_away


async def test_nobody_is_known_to_another_service(world: World) -> None:
    await verified(world, email=ADDRESS)
    world.service = "reachnow-usa"

    there = await registered(world, "seattle", email=ADDRESS)

    assert not (await world.store.load(Member, there)).turned_away


@pytest.mark.parametrize("born", [date(2090, 1, 1), date(2026, 3, 3), date(1899, 12, 31), date(1, 1, 1)])
async def test_nobody_was_born_then(world: World, born: date) -> None:
    with pytest.raises(RefusedError) as refused:
        await registered(world, birth_date=born)

    assert codes(refused) == {"member.birth_date_implausible"}


@pytest.mark.parametrize(("born", "code"), [(date(2005, 3, 3), {"member.too_young"}), (date(2005, 3, 2), None)])
async def test_who_is_too_young_to_drive_opens_no_account(world: World, born: date, code: set[str] | None) -> None:
    if code is None:
        assert await registered(world, birth_date=born)
        return
    with pytest.raises(RefusedError) as refused:
        await registered(world, birth_date=born)
    assert codes(refused) == code


async def test_everything_that_is_wrong_with_a_registration_is_told_at_once(world: World) -> None:
    with pytest.raises(RefusedError) as refused:
        await registered(world, "atlantis", birth_date=date(2090, 1, 1))

    assert codes(refused) == {"service.unknown_city", "member.birth_date_implausible"}
