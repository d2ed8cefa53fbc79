"""What somebody pays because they did not: a fee of the catalogue, raised as a charge of its own."""

from domain.billing.charge import Charge
from domain.billing.charging import announce_or_review
from domain.billing.fee import FEE, Evidence, FeeFacts
from domain.billing.invoice import Invoice
from domain.kernel.ids import MemberId, derived_id
from domain.unit_of_work import UnitOfWork


async def charge_penalty(invoice: Invoice, fee_id: str | None, cause: str, work: UnitOfWork) -> None:
    """Announce the fee to the payer of an invoice, once per cause. Of an invoice for a fee there is none on top."""
    city = work.rulebook.city(invoice.city_id)
    fee = city.fee(fee_id) if fee_id is not None else None
    if fee is None or fee.amount is None or invoice.subject_kind == FEE:
        return
    own_id = derived_id("billing.penalty", invoice.id, cause)
    if await work.find(Charge, Charge.id_of(FEE, own_id)) is not None:
        return
    facts = FeeFacts(
        fee_id=fee.id,
        name=fee.name,
        amount=fee.amount,
        tax=fee.tax,
        city_id=city.id,
        trip_id=None,
        happened_at=work.now,
        rulebook_version=work.rules.version if work.rules else 0,
        objection_s=int(fee.objection.total_seconds()),
    )
    price = facts.estimate(city)
    charge = Charge.begin_fee(
        facts,
        price,
        fee_id=own_id,
        member_id=invoice.member_id or MemberId(invoice.payer_id),
        payer_id=invoice.payer_id,
        seller_id=invoice.seller.id,
        method_id=None,
        evidence=(Evidence(kind="record", reference=f"invoice {invoice.number}"),),
        reason=f"invoice {invoice.number} was not paid",
        by=work.metadata.actor.id,
        at=work.now,
    )
    work.add(charge)
    await announce_or_review(charge, price, work)
