"""Invoices and credit notes to write, made by the domain, and what stands in the electronic ones."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID
from xml.etree import ElementTree as ET

from domain.billing.buyers import Buyer
from domain.billing.credit_note import CreditNote
from domain.billing.credit_note import credited as parts_of
from domain.billing.invoice import Invoice
from domain.billing.pricing import PriceLine
from domain.billing.taxes import of_each, tax
from domain.kernel.money import Currency, Money
from domain.members.facts import PostalAddress
from domain.rulebook.tax import TaxRule
from tests.domain.billing.desk import Desk
from tests.support.services import RULEBOOKS

BUYER = Buyer(
    name="Änne Müller & Söhne", address=PostalAddress(street="Weg 1", postcode="10115", city="Berlin", country="DE")
)
DRIVING = ("Driving", "24", "min", "0.31", 744)
RAM = "{urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100}"
Line = tuple[str, str, str, str | None, int]
"""Description, quantity, unit, price of one, and the amount in minor units."""


def rule(rate: str, *, inclusive: bool = True, name: str = "VAT", **more: Any) -> TaxRule:
    return TaxRule(name=name, rate=Decimal(rate), inclusive=inclusive, valid_from=date(2000, 1, 1), **more)


async def issued(desk: Desk | None = None) -> Invoice:
    """That of a trip of 24 minutes in Berlin."""
    desk = desk or Desk()
    invoice = await desk.invoice(await desk.price(*await desk.hold(), minutes=24))
    invoice.buyer = BUYER
    return invoice


def of(
    invoice: Invoice, *lines: Line | PriceLine, taxes: Sequence[TaxRule], currency: Currency = Currency.EUR
) -> Invoice:
    """The same of other things, taxed and summed as every invoice is."""
    priced = tuple(line if isinstance(line, PriceLine) else _line(line, currency) for line in lines)
    total = Money.total([line.amount for line in priced], currency)
    taxed = tax(total, tuple(taxes), invoice.supplied_on, of=of_each(priced))
    [charge] = invoice.charges
    invoice.credited_of = {}
    invoice.charges = (charge.model_copy(update={"lines": priced, **dict(taxed)}),)
    invoice.taxes, invoice.net, invoice.tax, invoice.gross = taxed.taxes, taxed.net, taxed.tax, taxed.gross
    return invoice


def line_of(line: Line, minor: dict[str, int], currency: Currency = Currency.EUR) -> PriceLine:
    """One that bears other taxes than the usual ones."""
    taxes = {kind: Money(amount_minor=part, currency=currency) for kind, part in minor.items()}
    return _line(line, currency).model_copy(update={"taxes": taxes})


def _line(line: Line, currency: Currency) -> PriceLine:
    description, quantity, unit, unit_amount, minor = line
    amount = Money(amount_minor=minor, currency=currency)
    return PriceLine(
        rule_id="rule",
        description=description,
        quantity=Decimal(quantity),
        unit=unit,
        unit_amount=None if unit_amount is None else Decimal(unit_amount),
        amount=amount,
        shares={"rule": amount},
        tariff_id="tariff",
        tariff_version=1,
        facts={},
    )


def credited(invoice: Invoice, minor: int) -> CreditNote:
    """A credit note of so much of an invoice."""
    amount = Money(amount_minor=minor, currency=invoice.gross.currency)
    note = CreditNote.issue(
        UUID(int=minor + 1),
        invoice=invoice,
        number=f"DE-C2021-{minor:06}",
        charges=parts_of(invoice, None, amount),
        issued_on=invoice.issued_on,
        reason="it was dirty",
        issued_by="olga",
        proposed_by=None,
        four_eyes_above=None,
        at=invoice.created_on,
    )
    invoice.credited_of = {invoice.charges[0].charge_id: invoice.credited_in(invoice.charges[0].charge_id) + amount}
    invoice.credited = amount if invoice.credited is None else invoice.credited + amount
    return note


def seller_of(service: str, city: str) -> Any:
    return RULEBOOKS[service].city(city).legal_entity


def said(xml: bytes, name: str) -> list[Decimal]:
    """All amounts of a name."""
    root = ET.fromstring(xml)  # noqa: S314 (our own)
    return [Decimal(found.text or "") for found in root.iter(f"{RAM}{name}")]
