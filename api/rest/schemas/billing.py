"""Invoices and credit notes."""

from datetime import date
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, model_validator

from api.rest.schemas.base import INVOICE_ID, MEMBER_ID, METHOD_ID, TRIP_ID, Because, Body, Shown, example
from domain.billing.credit_note import CreditNote
from domain.billing.invoice import CreditProposal, Invoice
from domain.billing.pricing import PriceLine
from domain.billing.taxes import TaxAmount
from domain.kernel.money import MOST_MINOR, Currency, Money
from domain.rulebook.legal_entity import LegalEntity

RefundState = Literal["none", "pending", "refunded", "failed", "given_up", "by_hand", "paid_by_other_means"]
"""None where nothing had been paid; given up is what the provider refused and is not asked for again by itself.

By hand is what came by bank transfer: an agent has to pay it back."""


class CreditBody(Body):
    """What to take back of an invoice, and why; all of it without an amount."""

    model_config = example({"amount_minor": 250, "currency": "EUR", "reason": "car was dirty"}, extra="forbid")

    amount_minor: Annotated[int, Field(gt=0, le=MOST_MINOR)] | None = None
    currency: Currency | None = None
    reason: Because

    @property
    def amount(self) -> Money | None:
        """The amount, if there is one."""
        if self.amount_minor is None or self.currency is None:
            return None
        return Money(amount_minor=self.amount_minor, currency=self.currency)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if (self.amount_minor is None) != (self.currency is None):
            raise ValueError("amount_minor and currency go together")
        return self


class PaymentRetry(Body):
    """Another of the payer's payment methods; the one charged before when none is given."""

    model_config = example({"method_id": METHOD_ID}, extra="forbid")

    method_id: UUID | None = None


class RefundByOtherMeansBody(Body):
    """By which reference the payment is found, and why it was made so."""

    model_config = example({"reference": "SEPA 2027-01-20 4711", "reason": "the card is closed"}, extra="forbid")

    reference: Because
    reason: Because


class InvoiceSummary(BaseModel):
    """An invoice in a list; amounts in minor units of its currency."""

    invoice_id: UUID
    number: str
    subject_kind: str
    """Topic of the aggregate that it is for, e.g. `rental.trip`."""
    subject_id: UUID
    member_id: UUID
    """Who had it."""
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


CREDIT_NOTE_ID = "8a6b5c4d-3e2f-5170-9281-a3b4c5d60009"
_SELLER = {
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
_NOT_DECLINED = {"decline_code": None, "retry_at": None}


class InvoicePage(BaseModel):
    """Invoices, newest first, and the cursor of the next page."""

    model_config = example({"invoices": [{**_SUMMARY, **_NOT_DECLINED}], "next": None})

    invoices: list[InvoiceSummary]
    next: str | None


class InvoiceShown(Shown):
    """One invoice with every line explained: rule, tariff version, facts. Amounts in minor units of its currency."""

    model_config = example(
        {
            **_SUMMARY,
            "version": 4,
            "charge_id": "3b7d5c1e-8a2f-5e46-9d10-c4f6b8a20007",
            "credit_proposal": None,
            "city_id": "berlin",
            "seller": _SELLER,
            "issued_on": "2027-01-05",
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
    charge_id: UUID
    number: str
    state: str
    seller: LegalEntity
    subject_kind: str
    """Topic of the aggregate that it is for, e.g. `rental.trip`."""
    subject_id: UUID
    member_id: UUID
    """Who had it."""
    payer_id: UUID
    city_id: str
    issued_at: AwareDatetime
    issued_on: date
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
    taxes: tuple[TaxAmount, ...]

    @classmethod
    def of_invoice(cls, invoice: Invoice) -> Self:
        """As it is now."""
        return cls.of(
            invoice,
            invoice_id=invoice.id,
            state=invoice.state,
            issued_at=invoice.created_on,
            currency=invoice.gross.currency,
            net_minor=invoice.net.amount_minor,
            tax_minor=invoice.tax.amount_minor,
            gross_minor=invoice.gross.amount_minor,
            credited_minor=invoice.credited.amount_minor if invoice.credited else 0,
            open_minor=invoice.due.amount_minor,
        )


class CreditNoteSummary(BaseModel):
    """What was taken back of an invoice; amounts in minor units of its currency."""

    credit_note_id: UUID
    number: str
    invoice_id: UUID
    payer_id: UUID
    issued_at: AwareDatetime
    currency: Currency
    net_minor: int
    tax_minor: int
    gross_minor: int
    refund_minor: int
    """What is given back of what was paid."""
    refund_state: RefundState
    decline_code: str | None
    """Why the payment provider would not give it back."""
    retry_at: AwareDatetime | None
    """When it is asked for again."""


class CreditNotePage(BaseModel):
    """Credit notes, newest first, and the cursor of the next page."""

    model_config = example(
        {
            "credit_notes": [
                {
                    "credit_note_id": CREDIT_NOTE_ID,
                    "number": "DE-C2027-000007",
                    "invoice_id": INVOICE_ID,
                    "payer_id": MEMBER_ID,
                    "issued_at": "2027-01-06T09:00:00Z",
                    "currency": "EUR",
                    "net_minor": 210,
                    "tax_minor": 40,
                    "gross_minor": 250,
                    "refund_minor": 250,
                    "refund_state": "failed",
                    "decline_code": "card_closed",
                    "retry_at": "2027-01-06T10:00:02Z",
                }
            ],
            "next": None,
        }
    )

    credit_notes: list[CreditNoteSummary]
    next: str | None


class CreditNoteShown(Shown):
    """One credit note with its taxes; amounts in minor units of its currency."""

    model_config = example(
        {
            "credit_note_id": CREDIT_NOTE_ID,
            "version": 1,
            "number": "DE-C2027-000007",
            "invoice_id": INVOICE_ID,
            "invoice_number": "DE-2027-000042",
            "payer_id": MEMBER_ID,
            "seller": _SELLER,
            "issued_at": "2027-01-06T09:00:00Z",
            "issued_on": "2027-01-06",
            "currency": "EUR",
            "net_minor": 210,
            "tax_minor": 40,
            "gross_minor": 250,
            "taxes": [
                {
                    "name": "VAT",
                    "rate": "0.19",
                    "base": {"amount_minor": 210, "currency": "EUR"},
                    "amount": {"amount_minor": 40, "currency": "EUR"},
                    "inclusive": True,
                }
            ],
        }
    )

    credit_note_id: UUID
    version: int
    number: str
    invoice_id: UUID
    invoice_number: str
    payer_id: UUID
    seller: LegalEntity
    issued_at: AwareDatetime
    issued_on: date
    currency: Currency
    net_minor: int
    tax_minor: int
    gross_minor: int
    taxes: tuple[TaxAmount, ...]

    @classmethod
    def of_note(cls, note: CreditNote) -> Self:
        """As it was issued."""
        return cls.of(
            note,
            credit_note_id=note.id,
            issued_at=note.created_on,
            currency=note.gross.currency,
            net_minor=note.net.amount_minor,
            tax_minor=note.tax.amount_minor,
            gross_minor=note.gross.amount_minor,
        )
