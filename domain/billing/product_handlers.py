"""What members have in advance: bought, given, cancelled, renewed, ended."""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from domain.billing.balance import Balance
from domain.billing.balance_entry import BalanceEntry, Sale
from domain.billing.charge import Charge
from domain.billing.invoice import Invoice
from domain.billing.issuing import bill
from domain.billing.payer import note_open_item
from domain.billing.product_commands import (
    BuyProduct,
    CancelProduct,
    GiveBackUse,
    GiveProduct,
    RemindOfProduct,
    RenewOrEndProduct,
)
from domain.billing.product_facts import PRODUCT, ProductFacts
from domain.billing.product_rules import (
    had_already,
    listed,
    not_for_sale,
    nothing_used,
    unfit_gift,
    version_of,
    without_reason,
)
from domain.billing.sold import balance_of, find_balance
from domain.billing.terms import Terms
from domain.kernel.approval import Proposal, is_seconded, needs_two
from domain.kernel.errors import RefusedError, Violation, refuse_if
from domain.kernel.ids import ChargeId, MemberId, PayerId, derived_id
from domain.kernel.messages import Command
from domain.kernel.money import Money
from domain.members.member import Member
from domain.unit_of_work import Handler, UnitOfWork


class Agreement(NamedTuple):
    """Whether enough persons want the same."""

    is_agreed: bool
    proposed_by: str | None = None
    """The first of two persons; none where one was enough."""


async def buy_product(command: BuyProduct, work: UnitOfWork) -> UUID:
    """Sell it once per id, to whoever may drive."""
    balance = await balance_of(PayerId(command.member_id), work)
    if command.entry_id in balance.entries:
        return command.entry_id
    member = await work.load(Member, command.member_id)
    city, product = listed(command.city_id, command.product, work)
    may_not = [why for why in member.ineligibility(work.rulebook, work.now) if why != member.occupation()]
    refuse_if([not_for_sale(product), had_already(balance, product), *may_not])
    terms = Terms.of(product, city, version_of(work))
    entry = BalanceEntry(entry_id=command.entry_id, terms=terms, starts_at=work.now, ends_at=terms.end_of(1, work.now))
    sale = await _sell(entry, command.member_id, work)
    nothing = Money.zero(sale.net.currency) if terms.holds == "minutes" else None
    balance.take_in(entry.model_copy(update={"sale": sale, "earned": nothing}), work.now)
    return command.entry_id


async def give_product(command: GiveProduct, work: UnitOfWork) -> UUID:
    """Give it once per id; above the limit, once two persons say so."""
    balance = await balance_of(PayerId(command.member_id), work)
    if command.entry_id in balance.entries:
        return command.entry_id
    member = await work.load(Member, command.member_id)
    city, product = listed(command.city_id, command.product, work)
    refuse_if([member.erasure(), had_already(balance, product), *unfit_gift(command, product, city.currency)])
    terms = Terms.of(product, city, version_of(work), command.amount)
    worth = terms.amount or terms.price or Money.zero(city.currency)
    agreed = _agreed(balance, f"give {product.id} of {city.id}, {worth}", worth, command.reason, work)
    if not agreed.is_agreed:
        return command.entry_id
    ends_at = terms.end_of(1, work.now)
    entry = BalanceEntry(entry_id=command.entry_id, terms=terms, starts_at=work.now, ends_at=ends_at)
    balance.give(entry, command.reason, work.metadata.actor.id, agreed.proposed_by, work.now)
    return command.entry_id


async def give_back_use(command: GiveBackUse, work: UnitOfWork) -> None:
    """Refused where the charge used nothing, or its use was given back already."""
    charge = await work.load(Charge, command.charge_id)
    balance = await find_balance(charge.payer_id, work)
    uses = balance.uses.get(command.charge_id, ()) if balance else ()
    refuse_if([nothing_used(command.charge_id) if not uses else None, without_reason(command.reason)])
    if balance is not None:
        worth = Money.total((one.use.amount for one in uses), uses[0].use.amount.currency)
        if _agreed(balance, f"give back {charge.id}, {worth}", worth, command.reason, work).is_agreed:
            work.because(command.reason)
            balance.give_back(command.charge_id, work.now)


async def cancel_product(command: CancelProduct, work: UnitOfWork) -> None:
    """Refused for what does not renew."""
    balance = await balance_of(PayerId(command.member_id), work)
    balance.cancel(command.entry_id, work.now)


async def renew_or_end_product(command: RenewOrEndProduct, work: UnitOfWork) -> None:
    """Nobody is sold another period who has not paid for this one, or has nothing to pay with."""
    balance = await work.load(Balance, Balance.id_of(work.metadata.service, command.payer_id))
    entry = balance.entries[command.entry_id]
    if entry.state == "ended" or entry.period != command.period:
        return
    payer = await work.find(Member, command.payer_id)
    if not entry.terms.renews:
        balance.end(entry.entry_id, "expired", work.now)
    elif entry.renews_until is not None and entry.ends_at is not None and entry.ends_at >= entry.renews_until:
        balance.end(entry.entry_id, "cancelled", work.now)
    elif entry.state == "held_back" or payer is None or payer.charged_method is None:
        balance.end(entry.entry_id, "unpaid", work.now)
    else:
        ends_at = entry.terms.end_of(entry.period + 1, entry.starts_at)
        next_one = entry.model_copy(update={"period": entry.period + 1, "ends_at": ends_at})
        sale = await _sell(next_one, MemberId(command.payer_id), work)
        balance.renew(entry.entry_id, ends_at, sale, work.now)


async def remind_of_product(command: RemindOfProduct, work: UnitOfWork) -> None:
    """If something would be lost, or bought anew."""
    balance = await find_balance(command.payer_id, work)
    if balance is not None:
        balance.remind(command.entry_id, command.period, work.now)


def _agreed(balance: Balance, content: str, worth: Money, reason: str, work: UnitOfWork) -> Agreement:
    """Whether enough persons want the same; a first person's wish above the limit is put down as a proposal."""
    by, limit = work.metadata.actor.id, work.rulebook.billing.four_eyes(worth.currency)
    if limit is None or not needs_two(worth, limit):
        return Agreement(is_agreed=True)
    if is_seconded(balance.proposal, content, by) and balance.proposal:
        return Agreement(is_agreed=True, proposed_by=balance.proposal.proposed_by)
    proposal = Proposal(content=content, proposed_by=by, proposed_at=work.now)
    balance.propose_gift(proposal, reason, limit, work.now)
    return Agreement(is_agreed=False)


async def _sell(entry: BalanceEntry, member_id: MemberId, work: UnitOfWork) -> Sale:
    """Charge a period of an entry, and issue its invoice."""
    terms, first = entry.terms, entry.period == 1
    subject_id = entry.entry_id if first else derived_id(PRODUCT, entry.entry_id, entry.period)
    member = await work.load(Member, member_id)
    if terms.price is None or member.charged_method is None:
        raise RefusedError(Violation(code="member.no_payment_method", detail="add a payment method first"))
    facts = ProductFacts(
        product_id=terms.product_id,
        name=terms.name,
        price=terms.price,
        city_id=terms.city_id,
        entry_id=entry.entry_id,
        period=entry.period,
        starts_at=_starts_at(entry),
        ends_at=entry.ends_at,
        rulebook_version=terms.rulebook_version,
    )
    price = facts.estimate(work.rulebook.city(terms.city_id))
    charge = Charge.begin_product(
        facts, subject_id, member_id, terms.seller_id, member.charged_method.method_id, work.now
    )
    work.add(charge)
    await note_open_item(charge.payer_id, charge.subject_id, "unsettled", work)
    await bill(charge, price, work)
    invoice = await work.load(Invoice, Invoice.id_of(PRODUCT, subject_id))
    return Sale(charge_id=ChargeId(charge.id), document=invoice.number, net=price.net)


def _starts_at(entry: BalanceEntry) -> datetime:
    """Of its present period."""
    return entry.terms.end_of(entry.period - 1, entry.starts_at) or entry.starts_at


PRODUCT_HANDLERS: Mapping[type[Command], Handler] = {
    BuyProduct: buy_product,
    GiveProduct: give_product,
    GiveBackUse: give_back_use,
    CancelProduct: cancel_product,
    RenewOrEndProduct: renew_or_end_product,
    RemindOfProduct: remind_of_product,
}
