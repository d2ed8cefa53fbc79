"""What stood on bank accounts, and the transfers that came of it."""

from datetime import date
from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from api.rest.schemas.base import INVOICE_ID, MEMBER_ID, Because, Body, example
from domain.billing.bank_entry import EntryKind
from domain.kernel.money import Currency

_ENTRY_ID = "2a6f4c90-7d18-5b3e-9c02-a1b2c3d40011"


class Assignment(Body):
    """Which invoice a bank's entry is for, and how one knows."""

    model_config = example({"invoice_id": INVOICE_ID, "reason": "she rang and told us"}, extra="forbid")

    invoice_id: UUID
    reason: Because


class PaidBack(Body):
    """How what was too much was paid back."""

    model_config = example({"reference": "SEPA 4711", "reason": "paid twice"}, extra="forbid")

    reference: Annotated[str, Field(min_length=1, max_length=200)]
    """Of that payment, by which it is found."""
    reason: Because


class BankEntrySummary(BaseModel):
    """An entry in a list, without who paid and what they wrote: whoever needs that asks the bank by the reference."""

    entry_id: UUID
    kind: EntryKind
    seller: str
    """Legal entity whose account it is."""
    reference: str
    """By which the bank knows it; empty where it gave none."""
    amount_minor: int | None
    currency: Currency | None
    value_on: date | None
    booked_on: date | None
    code: str
    """What kind of booking the bank says that it is."""
    why: str
    """Why it was for no invoice when it was read first."""
    kept_at: AwareDatetime
    state: str
    proposal: str | None
    """What a first person has decided, while it waits for a second."""
    proposed_by: str | None
    invoice_id: UUID | None


class BankEntryPage(BaseModel):
    """Entries, newest first, and the cursor of the next page."""

    model_config = example(
        {
            "bank_entries": [
                {
                    "entry_id": _ENTRY_ID,
                    "kind": "credit",
                    "seller": "drivenow-de",
                    "reference": "2027010410583450000",
                    "amount_minor": 340,
                    "currency": "EUR",
                    "value_on": "2027-01-04",
                    "booked_on": "2027-01-04",
                    "code": "PMNT/RCDT/ESCT",
                    "why": "no_invoice_named",
                    "kept_at": "2027-01-05T06:00:00Z",
                    "state": "unmatched",
                    "proposal": None,
                    "proposed_by": None,
                    "invoice_id": None,
                }
            ],
            "next": None,
        }
    )

    bank_entries: list[BankEntrySummary]
    next: str | None


class TransferSummary(BaseModel):
    """A transfer in a list; amounts are in minor units of its currency."""

    transfer_id: UUID
    seller: str
    reference: str
    amount_minor: int
    currency: Currency
    value_on: date
    recorded_at: AwareDatetime
    state: str
    counted_minor: int
    """What of it counted for the invoice."""
    owed_minor: int
    """What of it is to be given back, and is not yet."""
    invoice_id: UUID | None
    payer_id: UUID | None
    number: str | None
    """Of the invoice."""
    proposal: str | None
    """What a first person has decided, while it waits for a second."""
    proposed_by: str | None
    assigned_by: str | None


class TransferPage(BaseModel):
    """Transfers, newest first, and the cursor of the next page."""

    model_config = example(
        {
            "transfers": [
                {
                    "transfer_id": _ENTRY_ID,
                    "seller": "drivenow-de",
                    "reference": "2027010410583450000",
                    "amount_minor": 500,
                    "currency": "EUR",
                    "value_on": "2027-01-04",
                    "recorded_at": "2027-01-05T06:00:00Z",
                    "state": "received",
                    "counted_minor": 340,
                    "owed_minor": 160,
                    "invoice_id": INVOICE_ID,
                    "payer_id": MEMBER_ID,
                    "number": "DE-2027-000012",
                    "proposal": None,
                    "proposed_by": None,
                    "assigned_by": None,
                }
            ],
            "next": None,
        }
    )

    transfers: list[TransferSummary]
    next: str | None
