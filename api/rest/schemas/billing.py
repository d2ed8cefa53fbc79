"""Invoices."""

from datetime import date
from typing import Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel

from api.rest.schemas.base import INVOICE_ID, MEMBER_ID, METHOD_ID, TRIP_ID, Body, Shown, example
from domain.billing.billed import BilledCharge
from domain.billing.invoice import CreditProposal, Invoice
from domain.billing.pricing import PriceLine
from domain.billing.taxes import TaxAmount
from domain.kernel.money import Currency, Money
from domain.rulebook.legal_entity import LegalEntity


class PaymentRetry(Body):
    """Another of the payer's payment methods; the one charged before when none is given."""

    model_config = example({"method_id": METHOD_ID}, extra="forbid")

    method_id: UUID | None = None


class InvoiceSummary(BaseModel):
    """An invoice in a list; amounts in minor units of its currency."""

    invoice_id: UUID
    number: str
    subject_kind: str
    """Topic of the aggregate that it is for, e.g. `rental.trip`; `billing.invoice` where it has several charges."""
    subject_id: UUID
    """The invoice itself where it has several charges."""
    member_id: UUID | None
    """Who had it; null where several had."""
    payer_id: UUID
    issued_at: AwareDatetime
    currency: Currency
    net_minor: int
    tax_minor: int
    gross_minor: int
    credited_minor: int
    open_minor: int
    state: str
    decline_code: str | None
    """Why the last payment of an open invoice failed."""
    retry_at: AwareDatetime | None
    """When it is tried again."""


SELLER = {
    "id": "drivenow-de",
    "name": "DriveNow GmbH & Co. KG",
    "street": "Petuelring 130",
    "postcode": "80788",
    "city": "München",
    "country": "DE",
    "vat_id": "DE999999999",
    "number_prefix": "DE-",
    "contact": "Rechnungsservice",
    "phone": "+49 89 000000",
    "email": "rechnung@drivenow.example",
    "legal_notice": "Amtsgericht München, HRA 000000",
}
_SUMMARY = {
    "invoice_id": INVOICE_ID,
    "number": "DE-2027-000042",
    "subject_kind": "rental.trip",
    "subject_id": TRIP_ID,
    "member_id": MEMBER_ID,
    "payer_id": MEMBER_ID,
    "issued_at": "2027-01-05T12:35:11Z",
    "currency": "EUR",
    "net_minor": 625,
    "tax_minor": 119,
    "gross_minor": 744,
    "credited_minor": 0,
    "open_minor": 0,
    "state": "paid",
}
CHARGE = {
    "charge_id": "3b7d5c1e-8a2f-5e46-9d10-c4f6b8a20007",
    "subject_kind": "rental.trip",
    "subject_id": TRIP_ID,
}
_CHARGED = {
    "supplied_on": "2027-01-05",
    "net_minor": 625,
    "tax_minor": 119,
    "gross_minor": 744,
    "credited_minor": 0,
}
_NOT_DECLINED = {"decline_code": None, "retry_at": None}


class InvoicePage(BaseModel):
    """Invoices, newest first, and the cursor of the next page."""

    model_config = example({"invoices": [{**_SUMMARY, **_NOT_DECLINED}], "next": None})

    invoices: list[InvoiceSummary]
    next: str | None


class BilledChargeShown(BaseModel):
    """One charge of an invoice; amounts in minor units of its currency."""

    charge_id: UUID
    subject_kind: str
    """Topic of the aggregate that it is for, e.g. `rental.trip`."""
    subject_id: UUID
    member_id: UUID
    """Who had it."""
    city_id: str
    supplied_on: date
    net_minor: int
    tax_minor: int
    gross_minor: int
    credited_minor: int

    @classmethod
    def of(cls, charge: BilledCharge, credited: Money) -> Self:
        """With what was taken back of it."""
        whose = charge.model_dump(include={"charge_id", "subject_kind", "subject_id", "member_id", "city_id"})
        return cls(
            **whose,
            supplied_on=charge.supplied_on,
            net_minor=charge.net.amount_minor,
            tax_minor=charge.tax.amount_minor,
            gross_minor=charge.gross.amount_minor,
            credited_minor=credited.amount_minor,
        )


class InvoiceShown(Shown):
    """One invoice with every line explained: rule, tariff version, facts. Amounts in minor units of its currency."""

    model_config = example(
        {
            **_SUMMARY,
            "version": 4,
            "charges": [{**CHARGE, "member_id": MEMBER_ID, "city_id": "berlin", **_CHARGED}],
            "credit_proposal": None,
            "city_id": "berlin",
            "seller": SELLER,
            "issued_on": "2027-01-05",
            "supplied_from": "2027-01-05",
            "supplied_on": "2027-01-05",
            "lines": [
                {
                    "rule_id": "driving",
                    "description": "Driving",
                    "quantity": "24",
                    "unit": "min",
                    "unit_amount": "0.31",
                    "amount": {"amount_minor": 744, "currency": "EUR"},
                    "shares": {"driving": {"amount_minor": 744, "currency": "EUR"}},
                    "tariff_id": "drivenow-berlin-31",
                    "tariff_version": 1,
                    "facts": {"driving_s": "1440"},
                }
            ],
            "taxes": [
                {
                    "name": "VAT",
                    "rate": "0.19",
                    "base": {"amount_minor": 625, "currency": "EUR"},
                    "amount": {"amount_minor": 119, "currency": "EUR"},
                    "inclusive": True,
                }
            ],
        }
    )

    invoice_id: UUID
    version: int
    charges: tuple[BilledChargeShown, ...]
    number: str
    state: str
    seller: LegalEntity
    subject_kind: str
    """Topic of the aggregate that it is for, e.g. `rental.trip`; `billing.invoice` where it has several charges."""
    subject_id: UUID
    """The invoice itself where it has several charges."""
    member_id: UUID | None
    """Who had it; null where several had."""
    payer_id: UUID
    city_id: str
    issued_at: AwareDatetime
    issued_on: date
    supplied_from: date
    """The first local day on which something that it is for ended, as `supplied_on` is the last."""
    supplied_on: date
    currency: Currency
    net_minor: int
    tax_minor: int
    gross_minor: int
    credited_minor: int
    open_minor: int
    credit_proposal: CreditProposal | None
    """What a first person would take back, while it waits for a second."""
    lines: tuple[PriceLine, ...]
    """Of all charges, in their order."""
    taxes: tuple[TaxAmount, ...]

    @classmethod
    def of_invoice(cls, invoice: Invoice) -> Self:
        """As it is now."""
        return cls.of(
            invoice,
            invoice_id=invoice.id,
            charges=[BilledChargeShown.of(one, invoice.credited_in(one.charge_id)) for one in invoice.charges],
            state=invoice.state,
            issued_at=invoice.created_on,
            currency=invoice.gross.currency,
            net_minor=invoice.net.amount_minor,
            tax_minor=invoice.tax.amount_minor,
            gross_minor=invoice.gross.amount_minor,
            credited_minor=invoice.credited.amount_minor if invoice.credited else 0,
            open_minor=invoice.due.amount_minor,
        )
