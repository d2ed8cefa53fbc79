"""Promotional codes: who may use them, how often, until when, and two at once."""

import asyncio
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from domain.billing.balance import Balance
from domain.billing.product_commands import RedeemCode
from domain.kernel.errors import RefusedError
from domain.kernel.ids import MemberId, derived_id
from domain.rulebook.product import PromoCode
from tests.domain.billing.desk import euros
from tests.domain.billing.shop import DAY, FIVE, Shop, code, with_codes
from tests.support.people_and_cars import made, member
from tests.support.world import codes


async def shop_with(*those: PromoCode) -> Shop:
    shop = Shop(FIVE)
    shop.world.rulebook = with_codes(shop.world.rulebook, *those)
    return await shop.open()


async def redeem(shop: Shop, written: str = "welcome-2026 ", who: MemberId | None = None, wish: object = 1) -> UUID:
    entry_id = derived_id("redeemed", who or shop.member, written, wish)
    return made(await shop.world.do(RedeemCode(entry_id=entry_id, member_id=who or shop.member, code=written)))


async def test_a_code_gives_its_product_however_it_is_written() -> None:
    shop = await shop_with(code())

    entry_id = await redeem(shop)
    again = await redeem(shop)
    trip = await shop.drive(20)

    assert again == entry_id
    assert trip.gross == euros("1.80")
    assert shop.world.told().count("product_given") == 1
    assert shop.broken() == {}


REFUSED: list[tuple[dict[str, Any], str, str]] = [
    ({}, "WELCOME-2027", "code.unknown"),
    ({"valid_until": datetime(2026, 2, 1, tzinfo=UTC)}, "WELCOME-2026", "code.not_valid_now"),
    ({"valid_from": datetime(2026, 12, 1, tzinfo=UTC)}, "WELCOME-2026", "code.not_valid_now"),
]


@pytest.mark.parametrize(("rules", "written", "why"), REFUSED)
async def test_what_cannot_be_redeemed_says_why(rules: dict[str, Any], written: str, why: str) -> None:
    shop = await shop_with(code(**rules))

    with pytest.raises(RefusedError) as refused:
        await redeem(shop, written)

    assert codes(refused) == {why}


async def test_a_member_uses_a_code_once_and_no_other_beside_it() -> None:
    shop = await shop_with(code(), code("OTHER-2026"), code("BESIDE-2026", alone=False))
    await redeem(shop)

    with pytest.raises(RefusedError) as twice:
        await redeem(shop, wish=2)
    with pytest.raises(RefusedError) as at_once:
        await redeem(shop, "other-2026")
    await redeem(shop, "beside-2026")
    await shop.drive(60)
    await redeem(shop, "other-2026")

    assert codes(twice) == {"code.used_already", "code.not_with_another"}
    assert codes(at_once) == {"code.not_with_another"}
    assert len(shop.world.events(Balance.Redeemed)) == 3


async def test_a_code_for_newcomers_is_not_for_others() -> None:
    shop = await shop_with(code(joined_within=7 * DAY))
    await shop.world.advance(8 * DAY)

    with pytest.raises(RefusedError) as refused:
        await redeem(shop)

    assert codes(refused) == {"code.only_for_newcomers"}


async def test_two_members_at_once_never_take_its_last_use() -> None:
    shop = await shop_with(code(limit=2))
    others = [await member(shop.world, name) for name in ("Bob", "Cat", "Dan")]

    answers = await asyncio.gather(*(redeem(shop, who=who) for who in others), return_exceptions=True)

    [refused] = [answer for answer in answers if isinstance(answer, RefusedError)]
    assert [violation.code for violation in refused.violations] == ["code.used_up"]
    assert len(shop.world.events(Balance.Redeemed)) == 2
