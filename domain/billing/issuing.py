"""From charges to their invoice, with its number and its buyer."""

from datetime import date
from uuid import UUID

from domain.billing.billed import BilledCharge
from domain.billing.buyers import KeptBuyers, kept_until
from domain.billing.charge import Charge
from domain.billing.charging import collect, let_go, newest_method
from domain.billing.commands import BillMonth
from domain.billing.debiting import miss_debit
from domain.billing.estimate import Estimate
from domain.billing.invoice import Invoice
from domain.billing.number_range import Document, NumberRange
from domain.billing.payer import buyer_of
from domain.billing.payment import Payment
from domain.billing.product_facts import PRODUCT
from domain.kernel.errors import Violation, refuse_if
from domain.kernel.ids import InvoiceId, PaymentId, derived_id
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
    """Issue the invoice of a charge and take the money; of a payer who is billed by the month, have it wait.

    What is bought in advance is paid in advance.
    """
    supplied_on = _supplied_on(charge, work)
    if work.rulebook.billing.is_monthly(charge.payer_id) and charge.subject_kind != PRODUCT:
        charge.defer(price, supplied_on, work.now)
        await let_go(charge.payment_id, work)
        return
    invoice = await _issued([charge], [BilledCharge.of(charge, price, supplied_on)], charge.payment_id, work)
    newest = await newest_method(invoice, work) if charge.collected_from is not None else None
    method_id = newest or charge.method_id or await newest_method(invoice, work)
    if method_id is None and invoice.due and await work.find(Payment, charge.payment_id) is None:
        await miss_debit(invoice, "no_method", work)
    else:
        await collect(invoice, method_id, work)


async def bill_month(command: BillMonth, work: UnitOfWork) -> InvoiceId | None:
    """Those of the charges that wait, on one invoice; none where none does."""
    found = [await work.load(Charge, charge_id) for charge_id in dict.fromkeys(command.charge_ids)]
    charges = [charge for charge in found if _belongs(charge, command)]
    charges = [charge for charge in charges if charge.told.gross.currency is charges[0].told.gross.currency]
    if not charges:
        return None
    refuse_if([_not_over(command.month, work.rulebook.city(charges[0].city_id).local_day(work.now))])
    billed = [BilledCharge.of(charge, charge.told, _supplied_on(charge, work)) for charge in charges]
    invoice = await _issued(charges, billed, None, work)
    method = await newest_method(invoice, work)
    if method is not None or not invoice.due:  # without one its payer transfers the money
        await collect(invoice, method, work)
    return InvoiceId(invoice.id)


def _supplied_on(charge: Charge, work: UnitOfWork) -> date:
    return work.rulebook.city(charge.city_id).local_day(charge.facts.ended_at)


def _belongs(charge: Charge, command: BillMonth) -> bool:
    whose = (charge.payer_id, charge.seller_id) == (command.payer_id, command.seller_id)
    is_due = charge.supplied_on is not None and f"{charge.supplied_on:%Y-%m}" <= command.month
    return charge.state == "waiting" and whose and is_due


def _not_over(month: str, today: date) -> Violation | None:
    if f"{today:%Y-%m}" > month:
        return None
    detail = "the month is not over: ask again once it is, or for the month before"
    return Violation(code="invoice.month_not_over", detail=detail, values={"month": month, "today": today.isoformat()})


async def _issued(
    charges: list[Charge], billed: list[BilledCharge], payment_id: PaymentId | None, work: UnitOfWork
) -> Invoice:
    """The invoice of charges of one payer and seller, numbered, with all of them marked as billed."""
    first = charges[0]
    city, seller = work.rulebook.city(first.city_id), work.legal_entity(first.seller_id)
    invoice_id, today = Invoice.id_of(first.subject_kind, first.subject_id), city.local_day(work.now)
    invoice = Invoice.issue(
        billed,
        number=await take_number(work, seller, "invoice", invoice_id, today),
        payer_id=first.payer_id,
        payment_id=payment_id,
        seller=seller,
        buyers_id=await keep_buyers(city.id, work),
        buyer=await buyer_of(first.payer_id, work),
        issued_on=today,
        at=work.now,
    )
    work.add(invoice)
    for charge in charges:
        charge.bill(invoice_id, work.now)
    return invoice
