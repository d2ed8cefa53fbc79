"""Mandates of members: signed, found when money is to be collected, ended."""

from datetime import date
from uuid import UUID

from domain.billing.mandate import SEPA_DEBIT, Mandate
from domain.kernel.errors import RefusedError, Violation, refuse_if
from domain.kernel.iban import OUTSIDE_EEA, SEPA, compact, is_iban
from domain.kernel.ids import MemberId, PayerId
from domain.kernel.messages import Command
from domain.kernel.personal import Told
from domain.members.commands import AddPaymentMethod
from domain.members.facts import PostalAddress
from domain.members.member import Member
from domain.unit_of_work import Handler, UnitOfWork


class SignMandate(Command):
    """Let the seller of a city collect from a bank account. It is the member's newest payment method then."""

    NAME = "billing.sign_mandate"
    CREATES = "mandate_id"

    mandate_id: UUID
    member_id: MemberId
    city_id: str
    iban: Told[str]
    holder: Told[str]
    """Of the account, as the bank knows them."""
    address: Told[PostalAddress | None] = None
    """Of the holder, where the account is outside the European Economic Area."""
    signed_on: date


class RevokeMandate(Command):
    """Nothing is collected by a mandate any more. What is on its way comes nevertheless; twice changes nothing."""

    NAME = "billing.revoke_mandate"

    mandate_id: UUID


async def sign_mandate(command: SignMandate, work: UnitOfWork) -> UUID:
    """Once per id."""
    if await work.find(Mandate, command.mandate_id) is not None:
        return command.mandate_id
    member = await work.load(Member, command.member_id)
    refuse_if([work.rulebook.unknown_city(command.city_id)])
    city = work.rulebook.city(command.city_id)
    seller, today = city.legal_entity, city.local_day(work.now)
    refuse_if(_unfit(command, seller.creditor_id, today))
    mandate = Mandate.sign(
        command.mandate_id,
        payer_id=PayerId(member.id),
        seller_id=seller.id,
        creditor_id=compact(seller.creditor_id or ""),
        iban=compact(command.iban),
        holder=command.holder.strip(),
        address=command.address,
        signed_on=command.signed_on,
        at=work.now,
    )
    work.add(mandate)
    method = AddPaymentMethod(
        member_id=command.member_id,
        method_id=str(mandate.id),
        token=mandate.reference,
        brand=SEPA_DEBIT,
        expires_on=date.max,
    )
    member.add_payment_method(method, work.now)
    return mandate.id


async def revoke_mandate(command: RevokeMandate, work: UnitOfWork) -> None:
    """What waits for the bank is dropped when the bank's turn comes."""
    await end_mandate(await work.load(Mandate, command.mandate_id), "revoked", work)


async def end_mandate(mandate: Mandate, reason: str, work: UnitOfWork) -> None:
    """It is no payment method any more, whatever its payer is about."""
    mandate.end(reason, work.now)
    payer = await work.find(Member, mandate.payer_id)
    if payer is not None:
        payer.lose_payment_method(str(mandate.id), work.now)


async def mandate_of(payer_id: PayerId, method_id: str | None, work: UnitOfWork) -> Mandate | None:
    """The mandate that a payment method is, also one that has ended; none where it is a card."""
    payer = await work.find(Member, payer_id)
    known = {method.method_id: method.brand for method in payer.payment_methods} if payer is not None else {}
    if method_id is None or known.get(method_id, SEPA_DEBIT) != SEPA_DEBIT:
        return None
    try:
        return await work.find(Mandate, UUID(method_id))
    except ValueError:
        return None


def _unfit(command: SignMandate, creditor_id: str | None, today: date) -> list[Violation]:
    found, iban = [], compact(command.iban)
    if creditor_id is None:
        detail = "no direct debits are collected here: add a card"
        found.append(Violation(code="mandate.no_creditor", detail=detail, values={"city_id": command.city_id}))
    if not is_iban(iban):
        detail = "its length or its check digits are not those of an IBAN: copy it from the bank's papers"
        found.append(Violation(code="mandate.iban_unfit", detail=detail))
    elif iban[:2] not in SEPA:
        detail = "no SEPA direct debit reaches accounts of this country: give another account, or add a card"
        found.append(Violation(code="mandate.outside_sepa", detail=detail, values={"country": iban[:2]}))
    elif iban[:2] in OUTSIDE_EEA and command.address is None:
        detail = "banks of this country want the address of the account's holder: give it too"
        found.append(Violation(code="mandate.address_missing", detail=detail, values={"country": iban[:2]}))
    if not command.holder.strip():
        found.append(Violation(code="mandate.holder_missing", detail="say whose account it is"))
    if command.signed_on > today:
        detail = "it cannot have been signed after today"
        found.append(Violation(code="mandate.signed_later", detail=detail, values={"today": today.isoformat()}))
    return found


def unknown_seller(seller_id: str) -> RefusedError:
    """No such legal entity sells here."""
    detail = "no legal entity of the rulebook has this id"
    return RefusedError(Violation(code="debit.unknown_seller", detail=detail, values={"seller_id": seller_id}))


MANDATE_HANDLERS: dict[type[Command], Handler] = {SignMandate: sign_mandate, RevokeMandate: revoke_mandate}
