"""Credit notes, and what is asked for them."""

from datetime import date
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field, model_validator

from api.rest.schemas.base import INVOICE_ID, MEMBER_ID, Because, Body, Shown, example
from api.rest.schemas.billing import CHARGE, SELLER
from domain.billing.billed import CreditedCharge
from domain.billing.credit_note import CreditNote
from domain.billing.taxes import TaxAmount
from domain.kernel.money import MOST_MINOR, Currency, Money
from domain.rulebook.legal_entity import LegalEntity

CREDIT_NOTE_ID = "8a6b5c4d-3e2f-5170-9281-a3b4c5d60009"
RefundState = Literal["none", "pending", "refunded", "failed", "given_up", "by_hand", "paid_by_other_means"]
"""None where nothing had been paid; given up is what the provider refused and is not asked for again by itself.

By hand is what came by bank transfer: an agent has to pay it back."""


class CreditBody(Body):
    """What to take back of an invoice, or of one of its charges, and why; all that is left of it without an amount."""

    model_config = example({"amount_minor": 250, "currency": "EUR", "reason": "car was dirty"}, extra="forbid")

    charge_id: UUID | None = None
    """Of an invoice of several charges, which one an amount is of."""
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


class RefundByOtherMeansBody(Body):
    """By which reference the payment is found, and why it was made so."""

    model_config = example({"reference": "SEPA 2027-01-20 4711", "reason": "the card is closed"}, extra="forbid")

    reference: Because
    reason: Because


class CreditedChargeShown(BaseModel):
    """What a credit note takes back of one charge; amounts in minor units of its currency."""

    charge_id: UUID
    subject_kind: str
    """Topic of the aggregate that it is for, e.g. `rental.trip`."""
    subject_id: UUID
    net_minor: int
    tax_minor: int
    gross_minor: int

    @classmethod
    def of(cls, charge: CreditedCharge) -> Self:
        """As it was issued."""
        return cls(
            **charge.model_dump(include={"charge_id", "subject_kind", "subject_id"}),
            net_minor=charge.net.amount_minor,
            tax_minor=charge.tax.amount_minor,
            gross_minor=charge.gross.amount_minor,
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
            "seller": SELLER,
            "issued_at": "2027-01-06T09:00:00Z",
            "issued_on": "2027-01-06",
            "currency": "EUR",
            "net_minor": 210,
            "tax_minor": 40,
            "gross_minor": 250,
            "charges": [{**CHARGE, "net_minor": 210, "tax_minor": 40, "gross_minor": 250}],
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
    charges: tuple[CreditedChargeShown, ...]
    """What it takes back of which charge of the invoice."""
    taxes: tuple[TaxAmount, ...]

    @classmethod
    def of_note(cls, note: CreditNote) -> Self:
        """As it was issued."""
        return cls.of(
            note,
            credit_note_id=note.id,
            charges=[CreditedChargeShown.of(one) for one in note.charges],
            issued_at=note.created_on,
            currency=note.gross.currency,
            net_minor=note.net.amount_minor,
            tax_minor=note.tax.amount_minor,
            gross_minor=note.gross.amount_minor,
        )
