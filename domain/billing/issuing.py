"""From charges to their invoice, with its number and its buyer."""

from datetime import date
from uuid import UUID

from domain.billing.buyers import KeptBuyers, kept_until
from domain.billing.charge import Charge
from domain.billing.charging import collect, newest_method
from domain.billing.estimate import Estimate
from domain.billing.invoice import Invoice
from domain.billing.number_range import Document, NumberRange
from domain.billing.payer import buyer_of
from domain.kernel.ids import derived_id
from domain.rulebook.legal_entity import LegalEntity
from domain.unit_of_work import UnitOfWork


async def take_number(
    work: UnitOfWork, seller: LegalEntity, document: Document, document_id: UUID, issued_on: date
) -> str:
    """The next number of a legal entity's range of the year, taken in this piece of work."""
    numbers = await work.find(NumberRange, NumberRange.id_of(seller, document, issued_on.year))
    if numbers is None:
        numbers = NumberRange.open(seller, document, issued_on.year, work.now)
        work.add(numbers)
    return numbers.take(seller, document_id, work.now)


async def keep_buyers(city_id: str, work: UnitOfWork) -> UUID:
    """The id of those whose documents are issued there now: of the key that their names are kept under."""
    until = kept_until(work.rulebook.city(city_id), work.rulebook.billing.buyers_kept_years, work.now)
    buyers_id = derived_id("billing.kept_buyers", work.rulebook.key, until.timestamp())
    if await work.find(KeptBuyers, buyers_id) is None:
        work.add(KeptBuyers.open(buyers_id, until, work.now))
    return buyers_id


async def bill(charge: Charge, price: Estimate, work: UnitOfWork) -> None:
    """Issue the invoice of a charge, numbered in the range of its seller, and take the money."""
    city, seller = work.rulebook.city(charge.city_id), work.legal_entity(charge.seller_id)
    invoice_id, today = Invoice.id_of(charge.subject_kind, charge.subject_id), city.local_day(work.now)
    invoice = Invoice.issue(
        charge,
        price,
        number=await take_number(work, seller, "invoice", invoice_id, today),
        seller=seller,
        buyers_id=await keep_buyers(city.id, work),
        buyer=await buyer_of(charge.payer_id, work),
        issued_on=today,
        supplied_on=city.local_day(charge.facts.ended_at),
        at=work.now,
    )
    work.add(invoice)
    charge.bill(invoice_id, work.now)
    newest = await newest_method(invoice, work) if charge.collected_from is not None else None
    await collect(invoice, newest or charge.method_id, work)
