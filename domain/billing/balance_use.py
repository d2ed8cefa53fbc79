"""How a charge uses what its payer has: frozen in its facts as it is priced, and put right when they change."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from domain.billing.balance_event_bases import moved
from domain.billing.charge import Charge
from domain.billing.commands import DecisionKind
from domain.billing.estimate import Estimate
from domain.billing.fee import Facts
from domain.billing.pricing import PriceLine, TripFacts
from domain.billing.pricing.benefits import ENTRY, SECONDS, Use
from domain.billing.sold import find_balance
from domain.kernel.errors import Violation
from domain.kernel.ids import ChargeId, PayerId
from domain.unit_of_work import UnitOfWork


async def with_balance(
    facts: TripFacts,
    payer_id: PayerId,
    seller_id: str,
    city_id: str,
    work: UnitOfWork,
    charge_id: ChargeId | None = None,
) -> TripFacts:
    """The facts of a trip with what its payer has for it: what it pays with, and the options that nobody may claim.

    With a charge that was priced before, as if that had used nothing.
    """
    balance = await find_balance(payer_id, work)
    if balance is None:
        return facts
    city, began_at = work.rulebook.city(city_id), _began_at(facts)
    given_back = moved(balance.entries, balance.uses.get(charge_id, ()), -1) if charge_id else {}
    found = [e for e in (balance.entries | given_back).values() if e.holds_for(city, seller_id, began_at)]
    entries = sorted(found, key=lambda entry: entry.rank)
    benefits = tuple(benefit for entry in entries if (benefit := entry.benefit()))
    options = dict.fromkeys((*facts.options, *(e.terms.option for e in entries if e.terms.option is not None)))
    return facts.model_copy(update={"benefits": benefits, "options": tuple(options)})


async def claimed(options: tuple[str, ...], payer_id: PayerId, city_id: str, work: UnitOfWork) -> Violation | None:
    """Says no to an option that a product of the city holds and whoever asks for it does not have now."""
    city, balance = work.rulebook.city(city_id), await find_balance(payer_id, work)
    found = balance.entries.values() if balance else ()
    had = {entry.terms.option for entry in found if entry.holds_for(city, city.legal_entity.id, work.now)}
    missing = sorted({*options} & {product.option for product in city.products if product.option} - had)
    if not missing:
        return None
    detail = "leave it out: this counts by itself for whoever has it, and for nobody else"
    return Violation(code="trip.option_not_had", detail=detail, values={"options": missing})


async def use_balance(charge: Charge, price: Estimate, work: UnitOfWork) -> None:
    """What the price used is there for nothing else any more."""
    if uses := uses_of(price.lines):
        balance = await find_balance(charge.payer_id, work)
        if balance is not None:
            balance.use(ChargeId(charge.id), uses, work.now)


async def put_balance_right(charge: Charge, decision: DecisionKind, price: Estimate, work: UnitOfWork) -> None:
    """What was used is there again; by other facts, what they use is not."""
    balance = await find_balance(charge.payer_id, work)
    if balance is not None and decision != "approve":
        balance.give_back(ChargeId(charge.id), work.now)
        if decision == "correct":
            balance.use(ChargeId(charge.id), uses_of(price.lines), work.now)


async def with_balance_again(charge: Charge, facts: Facts, work: UnitOfWork) -> Facts:
    """Corrected facts with what the payer has now, and had for this charge."""
    if not isinstance(facts, TripFacts):
        return facts
    return await with_balance(facts, charge.payer_id, charge.seller_id, charge.city_id, work, ChargeId(charge.id))


def _began_at(facts: TripFacts) -> datetime:
    """Of the trip, or of the hold where there was none."""
    held_from = facts.reserved_at if facts.reservation_only else None
    return held_from or facts.started_at


def uses_of(lines: Iterable[PriceLine]) -> tuple[Use, ...]:
    """What a price used of its payer's balance: its lines say so."""
    return tuple(
        Use(entry_id=UUID(line.facts[ENTRY]), seconds=int(line.facts.get(SECONDS, 0)), amount=-line.amount)
        for line in lines
        if ENTRY in line.facts
    )
