"""Builders: what somebody sends who wants to become a member."""

from datetime import date
from itertools import count

from domain.kernel.ids import MemberId, derived_id
from domain.members.commands import AddPaymentMethod, RegisterMember, SubmitLicence, VerifyEmail
from tests.support.world import World

_number = count()


async def registered(
    world: World, city_id: str = "berlin", birth_date: date = date(1990, 5, 1), email: str | None = None
) -> MemberId:
    """Somebody who has opened an account and done nothing else."""
    who = MemberId(derived_id("applicant", next(_number)))
    address = email or f"{who.hex}@example.org"
    command = RegisterMember(member_id=who, city_id=city_id, name="Ada", email=address, birth_date=birth_date)
    await world.do(command)
    return who


async def verified(world: World, city_id: str = "berlin", email: str | None = None) -> MemberId:
    """Somebody whose e-mail address is known to be theirs."""
    who = await registered(world, city_id, email=email)
    await world.do(VerifyEmail(member_id=who))
    return who


def licence(
    who: MemberId,
    country: str = "DE",
    issued_on: date = date(2010, 1, 1),
    expires_on: date = date(2033, 1, 1),
    number: str | None = None,
) -> SubmitLicence:
    """A driving licence to hand in."""
    known = number or f"B072{who.hex}"
    return SubmitLicence(member_id=who, number=known, country=country, issued_on=issued_on, expires_on=expires_on)


def card(
    who: MemberId,
    method_id: str = "card",
    expires_on: date = date(2030, 1, 1),
    *,
    prepaid: bool = False,
    fingerprint: str | None = None,
) -> AddPaymentMethod:
    """A card to pay with."""
    return AddPaymentMethod(
        member_id=who,
        method_id=method_id,
        token=f"tok-{method_id}",
        brand="visa",
        prepaid=prepaid,
        expires_on=expires_on,
        fingerprint=fingerprint,
    )
