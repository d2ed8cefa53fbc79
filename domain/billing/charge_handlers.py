"""What becomes of a charge: raised, reviewed, announced, objected to, billed."""

from collections.abc import Mapping

from domain.billing.balance_use import put_balance_right, use_balance, with_balance, with_balance_again
from domain.billing.charge import Charge
from domain.billing.charging import is_free, let_go, price_of, priced
from domain.billing.commands import BillCharge, BillMonth, CollectCharge, DecideCharge, ObjectToCharge
from domain.billing.correction import corrected
from domain.billing.decision import costs_nothing, ill_formed
from domain.billing.issuing import bill, bill_month
from domain.billing.payer import clear_open_item, note_open_item
from domain.billing.review import above_limit, review_reasons
from domain.kernel.errors import refuse_if
from domain.kernel.ids import ChargeId
from domain.kernel.messages import Command
from domain.unit_of_work import Handler, UnitOfWork


async def bill_charge(command: BillCharge, work: UnitOfWork) -> ChargeId:
    """Invoice a subject once, and take the money, unless it is free or a person must look at the charge first."""
    charge_id = Charge.id_of(command.subject_kind, command.subject_id)
    if await work.find(Charge, charge_id) is not None:
        return charge_id
    facts = await with_balance(command.facts, command.payer_id, command.seller_id, command.quote.city_id, work)
    price = priced(command.quote, facts, work)
    above = command.facts_by and above_limit(price.gross, work.rulebook.billing.four_eyes(price.gross.currency))
    doubts = (*command.doubts, *([above] if above else ()))
    reasons = (*doubts, *review_reasons(work.rulebook.trip, command.facts, price.gross))
    if is_free(price) and not reasons:
        await let_go(command.payment_id, work)
        await clear_open_item(command.payer_id, command.subject_id, work)
        return charge_id
    charge = Charge.begin_for(command, facts, work.now)
    work.add(charge)
    await use_balance(charge, price, work)
    if reasons:
        charge.require_review(reasons, price, work.now, payer_told=command.payer_told)
        await note_open_item(charge.payer_id, charge.id, "charge_in_review", work)
    else:
        await bill(charge, price, work)
    return charge_id


async def decide_charge(command: DecideCharge, work: UnitOfWork) -> None:
    """Bill the charge as it is, or for other facts, or let it and its hold go, once enough persons say so."""
    charge = await work.load(Charge, command.charge_id)
    refuse_if([charge.not_in_review(), *ill_formed(command)])
    correction = command.correction
    facts = charge.facts
    if correction is not None:
        facts = await with_balance_again(charge, corrected(facts, correction, work.now), work)
    price, waived = price_of(charge, facts, work.rulebook, work.tariff), command.decision == "waive"
    refuse_if([costs_nothing() if is_free(price) and not waived else None])
    limit, by = work.rulebook.billing.four_eyes(price.gross.currency), work.metadata.actor.id
    carried_out = charge.decide(
        command.decision, facts, price, by=by, reason=command.reason, four_eyes_above=limit, at=work.now
    )
    if carried_out:
        await put_balance_right(charge, command.decision, price, work)
        await clear_open_item(charge.payer_id, charge.id, work)
    if carried_out and waived:
        await let_go(charge.payment_id, work)
        await clear_open_item(charge.payer_id, charge.subject_id, work)
    elif carried_out and charge.is_to_be_announced:
        charge.announce(price, work.now)
    elif carried_out:
        await bill(charge, price, work)


async def object_to_charge(command: ObjectToCharge, work: UnitOfWork) -> None:
    """Keep the charge back until an agent has decided."""
    charge = await work.load(Charge, command.charge_id)
    charge.take_objection(command.objection, price_of(charge, charge.facts, work.rulebook, work.tariff), work.now)
    await note_open_item(charge.payer_id, charge.id, "charge_in_review", work)


async def collect_charge(command: CollectCharge, work: UnitOfWork) -> None:
    """Issue the invoice of what was announced long enough, and take the money."""
    charge = await work.load(Charge, command.charge_id)
    if charge.state == "announced" and charge.collected_from is not None and work.now >= charge.collected_from:
        await bill(charge, price_of(charge, charge.facts, work.rulebook, work.tariff), work)


CHARGE_HANDLERS: Mapping[type[Command], Handler] = {
    BillCharge: bill_charge,
    DecideCharge: decide_charge,
    ObjectToCharge: object_to_charge,
    CollectCharge: collect_charge,
    BillMonth: bill_month,
}
