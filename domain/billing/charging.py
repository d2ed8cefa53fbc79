"""What a charge costs, and the money for its invoice: the steps that billing's handlers share."""

from collections.abc import Callable

from domain.billing.charge import Charge
from domain.billing.debiting import order_debit
from domain.billing.estimate import Estimate, estimate
from domain.billing.fee import Facts
from domain.billing.invoice import Invoice
from domain.billing.mandates import mandate_of
from domain.billing.payer import clear_arrears, note_open_item
from domain.billing.payment import Payment
from domain.billing.pricing import TripFacts
from domain.billing.review import above_limit
from domain.kernel.errors import RefusedError, Violation
from domain.kernel.ids import InvoiceId, PaymentId, derived_id
from domain.kernel.money import Money
from domain.members.member import Member
from domain.rulebook.model import Rulebook
from domain.rulebook.tariff import Quote, Tariff
from domain.unit_of_work import UnitOfWork


def price_of(charge: Charge, facts: Facts, rulebook: Rulebook, tariff: Callable[[str], Tariff]) -> Estimate:
    """What a charge would cost if these were its facts; `tariff` finds what was quoted, by its digest."""
    city = rulebook.city(charge.city_id)
    if isinstance(facts, TripFacts):
        return estimate(tariff(charge.quoted.tariff_digest), city, facts)
    return facts.estimate(city)


def priced(quote: Quote, facts: TripFacts, work: UnitOfWork) -> Estimate:
    """What was supplied costs, by the tariff that was quoted and the taxes of its city."""
    return estimate(work.tariff(quote.tariff_digest), work.rulebook.city(quote.city_id), facts)


def is_free(price: Estimate) -> bool:
    """What has no line costs nothing, and has no invoice."""
    return not price.lines


async def announce_or_review(charge: Charge, price: Estimate, work: UnitOfWork) -> None:
    """Tell the payer of what came later than its trip; above the limit, once two persons have said that it is right."""
    limit = work.rulebook.billing.four_eyes(price.gross.currency)
    await note_open_item(charge.payer_id, charge.subject_id, "unsettled", work)
    if why := above_limit(price.gross, limit):
        charge.require_review((why,), price, work.now, payer_told=False)
        await note_open_item(charge.payer_id, charge.id, "charge_in_review", work)
    else:
        charge.announce(price, work.now)


async def collect(invoice: Invoice, method_id: str | None, work: UnitOfWork, *, on_session: bool = False) -> None:
    """Take the money of an open invoice: from its hold as far as that goes, the rest by a new payment.

    When nothing is due, the invoice is settled and the hold given back. What is due to the payer is never captured: the
    invoice stays open. On session the payer is there to confirm a new payment.
    """
    first, due = await work.find(Payment, invoice.payment_id) if invoice.payment_id else None, invoice.due
    if not due:
        invoice.settle(work.now)
        await clear_arrears(invoice, work)
    taken = _take_from_hold(first, invoice, due, work)
    if due > taken:
        from_what = method_id or (first.method_id if first else await newest_method(invoice, work))
        mandate = await mandate_of(invoice.payer_id, from_what, work)
        if mandate is None:
            _charge(invoice, due - taken, from_what, work, on_session=on_session)
        else:
            await order_debit(invoice, mandate, due - taken, work)


def _take_from_hold(payment: Payment | None, invoice: Invoice, due: Money, work: UnitOfWork) -> Money:
    zero = Money.zero(due.currency)
    if payment is None:
        return zero
    if not payment.held or due <= zero or payment.state != "held":
        payment.release(work.now)
        return zero
    part = min(due, payment.held)
    invoice.request_payment(PaymentId(payment.id), part, work.now)
    payment.capture(InvoiceId(invoice.id), part, work.now)
    return part


def _charge(invoice: Invoice, amount: Money, method_id: str | None, work: UnitOfWork, *, on_session: bool) -> None:
    if method_id is None:
        detail = "there is neither a hold nor a payment method to take the money from"
        violation = Violation(code="payment.no_method", detail=detail, values={"invoice": invoice.number})
        raise RefusedError(violation)
    payment = Payment.hold(
        PaymentId(derived_id("billing.payment", invoice.id, len(invoice.payment_ids))),
        payer_id=invoice.payer_id,
        subject_kind=invoice.subject_kind,
        subject_id=invoice.subject_id,
        amount=amount,
        method_id=method_id,
        at=work.now,
        invoice_id=InvoiceId(invoice.id),
        on_session=on_session,
    )
    work.add(payment)
    invoice.request_payment(PaymentId(payment.id), amount, work.now)


async def newest_method(invoice: Invoice, work: UnitOfWork) -> str | None:
    """The payer's newest payment method, where the payer is a member who has one.

    Otherwise that of the last try, if there was one.
    """
    payer = await work.find(Member, invoice.payer_id)
    if payer is not None and payer.charged_method is not None:
        return payer.charged_method.method_id
    tried = await work.find(Payment, invoice.payment_ids[-1]) if invoice.payment_ids else None
    return tried.method_id if tried else None


async def let_go(payment_id: PaymentId, work: UnitOfWork) -> None:
    """Give a hold back; an unknown or finished payment is left as it is."""
    payment = await work.find(Payment, payment_id)
    if payment is not None:
        payment.release(work.now)
