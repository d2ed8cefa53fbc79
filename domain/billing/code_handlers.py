"""A member uses a code."""

from collections.abc import Mapping
from hashlib import sha256
from uuid import UUID

from domain.billing.balance import Balance
from domain.billing.balance_entry import BalanceEntry
from domain.billing.product_commands import RedeemCode
from domain.billing.product_rules import listed, version_of
from domain.billing.promo_code import PromoCodeUses
from domain.billing.sold import balance_of
from domain.billing.terms import Terms
from domain.kernel.errors import RefusedError, Violation, refuse_if
from domain.kernel.ids import PayerId
from domain.kernel.messages import Command
from domain.members.member import Member
from domain.rulebook.model import City
from domain.rulebook.product import PromoCode
from domain.unit_of_work import Handler, UnitOfWork


async def redeem_code(command: RedeemCode, work: UnitOfWork) -> UUID:
    """Count it and give its product in one append."""
    balance = await balance_of(PayerId(command.member_id), work)
    if command.entry_id in balance.entries:
        return command.entry_id
    member = await work.load(Member, command.member_id)
    refuse_if([member.erasure()])
    city = work.rulebook.city(member.city_id)
    code = _known(command.code, city)
    refuse_if([_not_now(code, work), _not_for(member, code, work), _used(balance, code), _two_at_once(balance, code)])
    _, product = listed(city.id, code.product, work)
    uses = await _uses_of(code, city, work)
    uses.count(balance.payer_id, command.entry_id, code.limit, work.now)
    terms = Terms.of(product, city, version_of(work))
    ends_at = terms.end_of(1, work.now)
    entry = BalanceEntry(entry_id=command.entry_id, terms=terms, starts_at=work.now, ends_at=ends_at, code_id=code.id)
    balance.take_in(entry, work.now)
    return command.entry_id


async def _uses_of(code: PromoCode, city: City, work: UnitOfWork) -> PromoCodeUses:
    id = PromoCodeUses.id_of(work.metadata.service, city.id, code.id)
    uses = await work.find(PromoCodeUses, id)
    if uses is None:
        uses = PromoCodeUses.open(id, code.id, work.now)
        work.add(uses)
    return uses


def _known(written: str, city: City) -> PromoCode:
    digest = sha256(written.strip().upper().encode()).hexdigest()
    for code in city.codes:
        if code.sha256 == digest:
            return code
    raise RefusedError(Violation(code="code.unknown", detail="there is no such code here: look at how it is written"))


def _not_now(code: PromoCode, work: UnitOfWork) -> Violation | None:
    if code.valid_from <= work.now and (code.valid_until is None or work.now < code.valid_until):
        return None
    until = code.valid_until.isoformat() if code.valid_until else None
    values = {"valid_from": code.valid_from.isoformat(), "valid_until": until}
    return Violation(code="code.not_valid_now", detail="this code holds at another time", values=values)


def _not_for(member: Member, code: PromoCode, work: UnitOfWork) -> Violation | None:
    if code.joined_within is None or work.now <= member.created_on + code.joined_within:
        return None
    values = {"joined_within_days": code.joined_within.days}
    return Violation(code="code.only_for_newcomers", detail="this code is for who has just joined", values=values)


def _used(balance: Balance, code: PromoCode) -> Violation | None:
    if code.id not in {entry.code_id for entry in balance.entries.values()}:
        return None
    return Violation(code="code.used_already", detail="you have used this code: each counts once")


def _two_at_once(balance: Balance, code: PromoCode) -> Violation | None:
    others = [entry for entry in balance.entries.values() if entry.code_id and entry.state != "ended" and entry.is_left]
    if not code.alone or not others:
        return None
    values = {"entry_ids": [str(entry.entry_id) for entry in others]}
    return Violation(code="code.not_with_another", detail="use up what the other code gave you first", values=values)


CODE_HANDLERS: Mapping[type[Command], Handler] = {RedeemCode: redeem_code}
