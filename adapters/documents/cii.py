"""Electronic invoices of EN 16931 in the syntax of UN/CEFACT's Cross Industry Invoice."""

from decimal import Decimal

from drafthorse.models.accounting import ApplicableTradeTax
from drafthorse.models.document import Document as Written
from drafthorse.models.note import IncludedNote
from drafthorse.models.party import TaxRegistration, TradeParty
from drafthorse.models.payment import PaymentMeans, PaymentTerms
from drafthorse.models.tradelines import LineItem

from adapters.documents.words import Words, described, words
from domain.billing.buyers import Buyer
from domain.billing.document import Document, DocumentLine
from domain.billing.taxes import TaxAmount
from domain.kernel.money import Money
from domain.rulebook.legal_entity import LegalEntity

FACTUR_X = "urn:cen.eu:en16931:2017"
X_RECHNUNG = "urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0"
_BILLING = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
_TYPES = {"invoice": "380", "credit_note": "381"}
"""UNTDID 1001."""
_BY_PROVIDER = "68"
"""UNTDID 4461: an online payment service."""
_UNITS = {"min": "MIN", "h": "HUR", "d": "DAY", "km": "KMT", "mi": "SMI"}
"""UN/ECE Recommendation 20."""
_ONE = "C62"
_PERCENT = 100


def factur_x(document: Document) -> bytes:
    """With what every buyer needs. The document lacks nothing for EN 16931, see `domain.billing.electronic`."""
    return _serialized(_written(document, FACTUR_X))


def x_rechnung(document: Document, buyer_email: str | None) -> bytes:
    """With what German authorities need besides, such as an account for their reference, which is the payer's."""
    written = _written(document, X_RECHNUNG)
    written.context.business_parameter.id = _BILLING
    written.trade.agreement.buyer_reference = str(document.payer_id)
    if buyer_email is not None:
        written.trade.agreement.buyer.electronic_address.uri_ID = ("EM", buyer_email)
    return _serialized(written)


def _serialized(written: Written) -> bytes:
    return bytes(written.serialize(schema="FACTUR-X_EN16931"))


def _written(document: Document, guideline: str) -> Written:
    written, said = Written(), words(document.language)
    written.context.guideline_parameter.id = guideline
    written.header.id = document.number
    written.header.type_code = _TYPES[document.kind]
    written.header.issue_date_time = document.issued_on
    if document.seller.legal_notice:
        written.header.notes.add(IncludedNote(content=document.seller.legal_notice, subject_code="REG"))
    for number, line in enumerate(document.lines, start=1):
        written.trade.items.add(_line(number, line, document, said))
    _name_seller(written.trade.agreement.seller, document.seller)
    if document.buyer is not None:
        _name_buyer(written.trade.agreement.buyer, document.buyer)
    written.trade.delivery.event.occurrence = document.supplied_on
    if document.supplied_from != document.supplied_on:
        period = written.trade.settlement.period
        period.start, period.end = document.supplied_from, document.supplied_on
    _settle(written, document, said)
    return written


def _line(number: int, line: DocumentLine, document: Document, said: Words) -> LineItem:
    """The price is that of the whole quantity, so that quantity and price give the amount to the minor unit."""
    item = LineItem()
    quantity, unit = _counted(line)
    item.document.line_id = str(number)
    item.product.name = described(line, document, said)
    item.agreement.net.amount = abs(line.net.major)
    item.agreement.net.basis_quantity = (quantity, unit)
    item.delivery.billed_quantity = (-quantity if line.net.amount_minor < 0 else quantity, unit)
    [tax] = document.taxes_on(line)
    _say_rate(item.settlement.trade_tax, tax)
    item.settlement.monetary_summation.total_amount = line.net.major
    if line.supplied_on is not None:
        item.settlement.period.start = item.settlement.period.end = line.supplied_on
    return item


def _counted(line: DocumentLine) -> tuple[Decimal, str]:
    unit = _UNITS.get(line.unit)
    return (Decimal(f"{line.quantity.normalize():f}"), unit) if unit and line.quantity > 0 else (Decimal(1), _ONE)


def _say_rate(written: ApplicableTradeTax, tax: TaxAmount) -> None:
    """Of a rate, exempt for a reason, or zero rated (UNTDID 5305).

    What is outside the scope of the tax may not stand beside what is in it (BR-O-11), and is written as exempt.
    """
    written.type_code = "VAT"
    written.category_code = "S" if tax.rate else "E" if tax.exempt else "Z"
    written.rate_applicable_percent = tax.rate * _PERCENT


def _name_seller(party: TradeParty, seller: LegalEntity) -> None:
    party.name = seller.name
    party.address.line_one, party.address.postcode = seller.street, seller.postcode
    party.address.city_name, party.address.country_id = seller.city, seller.country
    party.tax_registrations.add(TaxRegistration(id=("VA", seller.vat_id)))
    if seller.contact:
        party.contact.person_name = seller.contact
    if seller.phone:
        party.contact.telephone.number = seller.phone
    if seller.email:
        party.contact.email.address = seller.email
        party.electronic_address.uri_ID = ("EM", seller.email)


def _name_buyer(party: TradeParty, buyer: Buyer) -> None:
    party.name = buyer.name
    if buyer.address is not None:
        party.address.line_one, party.address.postcode = buyer.address.street, buyer.address.postcode
        party.address.city_name, party.address.country_id = buyer.address.city, buyer.address.country


def _settle(written: Written, document: Document, said: Words) -> None:
    settlement, currency = written.trade.settlement, document.gross.currency
    settlement.currency_code = str(currency)
    settlement.payment_means.add(PaymentMeans(type_code=_BY_PROVIDER))
    for tax in document.taxes:
        if any(tax in document.taxes_on(line) for line in document.lines):
            breakdown = ApplicableTradeTax(calculated_amount=tax.amount.major, basis_amount=tax.base.major)
            _say_rate(breakdown, tax)
            if tax.exempt:
                breakdown.exemption_reason = tax.exempt
            settlement.trade_tax.add(breakdown)
    settlement.terms.add(PaymentTerms(description=said.say(f"payment_{document.kind}")))
    if document.credits is not None:
        settlement.invoice_referenced_document.issuer_assigned_id = document.credits.number
        settlement.invoice_referenced_document.issue_date_time = document.credits.issued_on
    sums = settlement.monetary_summation
    sums.line_total = sums.tax_basis_total = document.net.major
    sums.tax_total = _with_currency(document.tax)
    sums.grand_total = sums.due_amount = document.gross.major


def _with_currency(amount: Money) -> tuple[Decimal, str]:
    return amount.major, str(amount.currency)
