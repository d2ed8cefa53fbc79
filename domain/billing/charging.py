"""From the facts of a charge to an invoice and the money for it: the steps that billing's handlers share."""

from uuid import UUID

from domain.billing.commands import BillCharge
from domain.billing.invoice import Invoice
from domain.billing.number_range import Document, NumberRange
from domain.billing.payment import Payment
from domain.billing.pricing import price
from domain.billing.taxes import tax
from domain.kernel.errors import RefusedError, Violation
from domain.kernel.ids import InvoiceId, PaymentId, derived_id
from domain.kernel.money import Money
from domain.rulebook.model import LegalEntity
from domain.unit_of_work import UnitOfWork


async def take_number(work: UnitOfWork, seller: LegalEntity, document: Document, document_id: UUID) -> str:
    """The next number of a legal entity's range, taken in this piece of work."""
    numbers = await work.find(NumberRange, NumberRange.id_of(seller, document))
    if numbers is None:
        numbers = NumberRange.open(seller, document, work.now)
        work.add(numbers)
    return numbers.take(document_id, work.now)


async def issue_invoice(command: BillCharge, work: UnitOfWork) -> Invoice | None:
    """Price a charge by its quote, tax it by the city of that, number it in the range of its seller.

    A hold that was free has no invoice.
    """
    city, tariff = work.rulebook.city(command.quote.city_id), work.tariff(command.quote.tariff_digest)
    seller = work.legal_entity(command.seller_id)
    priced, day = price(tariff, command.facts), city.local_day(command.facts.ended_at)
    if command.facts.reservation_only and not priced.lines:
        return None
    invoice = Invoice.issue(
        number=await take_number(work, seller, "invoice", Invoice.id_of(command.subject_kind, command.subject_id)),
        subject_kind=command.subject_kind,
        subject_id=command.subject_id,
        member_id=command.member_id,
        payer_id=command.payer_id,
        payment_id=command.payment_id,
        city_id=city.id,
        seller=seller,
        issued_on=city.local_day(work.now),
        supplied_on=day,
        price=priced,
        taxed=tax(priced.total, city.taxes, day, untaxed=priced.cost_of(*tariff.untaxed)),
        at=work.now,
    )
    work.add(invoice)
    return invoice


async def collect(invoice: Invoice, method_token: str | None, work: UnitOfWork) -> None:
    """Take the money of an open invoice: from its hold as far as that goes, the rest by a new payment.

    When nothing is due, the invoice is settled and the hold given back. What is due to the payer is never captured: the
    invoice stays open.
    """
    first, due = await work.find(Payment, invoice.payment_id), invoice.due
    if not due:
        invoice.settle(work.now)
    taken = _take_from_hold(first, invoice, due, work)
    if due > taken:
        token = method_token or (first.method_token if first else None)
        _charge(invoice, due - taken, token, work)


def _take_from_hold(payment: Payment | None, invoice: Invoice, due: Money, work: UnitOfWork) -> Money:
    zero = Money.zero(due.currency)
    if payment is None:
        return zero
    if payment.held is None or due <= zero or payment.state != "held":
        payment.release(work.now)
        return zero
    part = min(due, payment.held)
    invoice.request_payment(PaymentId(payment.id), part, work.now)
    payment.capture(InvoiceId(invoice.id), part, work.now)
    return part


def _charge(invoice: Invoice, amount: Money, method_token: str | None, work: UnitOfWork) -> None:
    if method_token is None:
        detail = "there is neither a hold nor a payment method to take the money from"
        violation = Violation(code="payment.no_method", detail=detail, values={"invoice": invoice.number})
        raise RefusedError(violation)
    payment = Payment.hold(
        PaymentId(derived_id("billing.payment", invoice.id, len(invoice.payment_ids))),
        payer_id=invoice.payer_id,
        subject_kind=invoice.subject_kind,
        subject_id=invoice.subject_id,
        amount=amount,
        method_token=method_token,
        at=work.now,
        invoice_id=InvoiceId(invoice.id),
    )
    work.add(payment)
    invoice.request_payment(PaymentId(payment.id), amount, work.now)


async def refund(invoice: Invoice, credit_note_id: UUID, amount: Money, work: UnitOfWork) -> None:
    """Give money back by the payments that brought it."""
    left = amount
    for payment_id in invoice.payment_ids:
        payment = await work.load(Payment, payment_id)
        part = min(left, payment.refundable)
        if part:
            payment.refund(credit_note_id, part, work.now)
            left -= part
