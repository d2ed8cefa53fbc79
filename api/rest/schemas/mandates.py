"""SEPA mandates and the direct debits by them."""

from datetime import date
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from api.rest.schemas.base import INVOICE_ID, MEMBER_ID, Body, example
from domain.billing.debit import State
from domain.billing.mandate import Mandate, Sequence
from domain.kernel.iban import masked
from domain.kernel.money import Currency
from domain.kernel.personal import Personal
from domain.members.facts import PostalAddress

_MANDATE_ID = "01922f3e-8f60-7d3a-8e52-3f8a11c0de05"
_MANDATE = {
    "mandate_id": _MANDATE_ID,
    "payer_id": MEMBER_ID,
    "seller": "drivenow-de",
    "creditor_id": "DE98ZZZ09999999999",
    "reference": "01922F3E8F607D3A8E523F8A11C0DE05",
    "signed_on": "2026-11-30",
    "signed_at": "2026-11-30T08:12:04Z",
    "last_used_on": None,
    "state": "signed",
    "end_reason": None,
}


class MandateBody(Body):
    """The account that may be collected from, as its holder has given it."""

    model_config = example(
        {"city_id": "berlin", "iban": "DE89 3704 0044 0532 0130 00", "holder": "Ada Ek", "signed_on": "2026-11-30"},
        extra="forbid",
    )

    city_id: Annotated[str, Field(max_length=60)]
    """Whose seller may collect."""
    iban: Annotated[str, Field(min_length=15, max_length=42)]
    holder: Annotated[str, Field(min_length=1, max_length=70)]
    address: PostalAddress | None = None
    """Of the holder, where the account is outside the European Economic Area."""
    signed_on: date


class MandateSummary(BaseModel):
    """A mandate in a list, without whose account it is."""

    mandate_id: UUID
    """Also of the payment method."""
    payer_id: UUID
    seller: str
    creditor_id: str
    reference: str
    """By which the bank knows it."""
    signed_on: date
    signed_at: AwareDatetime
    last_used_on: date | None
    state: Literal["signed", "ended"]
    end_reason: str | None
    """`revoked`, or the code of the bank."""


class MandatePage(BaseModel):
    """Mandates, the last signed first, and the cursor of the next page."""

    model_config = example({"mandates": [_MANDATE], "next": None})

    mandates: list[MandateSummary]
    next: str | None


class MandateShown(BaseModel):
    """One mandate."""

    model_config = example(
        {
            **{name: told for name, told in _MANDATE.items() if name != "signed_at"},
            "holder": "Ada Ek",
            "account_masked": "DE** **** 3000",
        }
    )

    mandate_id: UUID
    payer_id: UUID
    seller: str
    creditor_id: str
    reference: str
    signed_on: date
    last_used_on: date | None
    state: Literal["signed", "ended"]
    end_reason: str | None
    holder: Personal[str]
    account_masked: Personal[str]
    """The country and the last four characters of the IBAN."""

    @classmethod
    def of_mandate(cls, mandate: Mandate) -> Self:
        """What may be shown of it."""
        return cls(
            mandate_id=mandate.id,
            payer_id=mandate.payer_id,
            seller=mandate.seller_id,
            creditor_id=mandate.creditor_id,
            reference=mandate.reference,
            signed_on=mandate.signed_on,
            last_used_on=mandate.last_used_on,
            state="signed" if mandate.ended is None else "ended",
            end_reason=mandate.ended,
            holder=mandate.holder,
            account_masked=masked(mandate.iban) if mandate.iban else None,
        )


class DebitSummary(BaseModel):
    """A direct debit in a list."""

    debit_id: UUID
    """Without signs and in capitals the end-to-end id by which the bank tells of it."""
    payer_id: UUID
    invoice_id: UUID
    number: str
    """Of the invoice."""
    mandate_id: UUID
    seller: str
    amount_minor: int
    currency: Currency
    announced_for: date
    """It is collected on this day or later."""
    requested_at: AwareDatetime
    state: State
    batch_id: UUID | None
    sequence: Sequence | None
    collection_on: date | None
    reason: str | None
    """Why it was dropped, rejected or returned: a word of ours, or the code of the bank."""
    retry_at: AwareDatetime | None
    booked_on: date | None
    returned_on: date | None
    bank_fee_minor: int | None
    """What the bank took for the return."""


class DebitPage(BaseModel):
    """Debits, the last announced first, and the cursor of the next page."""

    model_config = example(
        {
            "debits": [
                {
                    "debit_id": "4f3a1c20-5b6d-5e7f-8a90-b1c2d3e4f506",
                    "payer_id": MEMBER_ID,
                    "invoice_id": INVOICE_ID,
                    "number": "DE-00000042",
                    "mandate_id": _MANDATE_ID,
                    "seller": "drivenow-de",
                    "amount_minor": 340,
                    "currency": "EUR",
                    "announced_for": "2026-12-07",
                    "requested_at": "2026-12-01T17:40:00Z",
                    "state": "returned",
                    "batch_id": "7d1b0c3e-2f4a-5d6b-9c8e-0a1b2c3d4e5f",
                    "sequence": "FRST",
                    "collection_on": "2026-12-07",
                    "reason": "AM04",
                    "retry_at": "2026-12-16T09:00:00Z",
                    "booked_on": "2026-12-07",
                    "returned_on": "2026-12-09",
                    "bank_fee_minor": 300,
                }
            ],
            "next": None,
        }
    )

    debits: list[DebitSummary]
    next: str | None
