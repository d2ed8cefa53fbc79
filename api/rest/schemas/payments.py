"""Payments: what is held, taken and given back."""

from typing import Any, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel

from api.rest.schemas.base import INVOICE_ID, MEMBER_ID, TRIP_ID, Shown, example
from domain.billing.payment import Payment
from domain.kernel.money import Currency

_PAYMENT: dict[str, Any] = {
    "payment_id": "5e4d3c2b-1a09-5f8e-9d7c-6b5a49380010",
    "payer_id": MEMBER_ID,
    "subject_kind": "rental.trip",
    "subject_id": TRIP_ID,
    "currency": "EUR",
    "amount_minor": 5000,
    "state": "captured",
}


class PaymentSummary(BaseModel):
    """A payment in a list; amounts in minor units of its currency."""

    payment_id: UUID
    payer_id: UUID
    subject_kind: str
    """Topic of the aggregate that it is for, e.g. `rental.trip`."""
    subject_id: UUID
    currency: Currency
    amount_minor: int
    """What was asked to be held."""
    state: str
    """The last thing that happened to it."""
    changed_at: AwareDatetime


class PaymentPage(BaseModel):
    """Payments, the last changed first, and the cursor of the next page."""

    model_config = example({"payments": [{**_PAYMENT, "changed_at": "2027-01-05T12:35:12Z"}], "next": None})

    payments: list[PaymentSummary]
    next: str | None


class ConfirmationShown(BaseModel):
    """What a payment waits for."""

    model_config = example({"confirm_link": "https://bank.example/3ds", "confirm_until": "2027-01-05T12:19:00Z"})

    confirm_link: str
    """The provider's page at which its payer confirms it; empty where only an app can."""
    confirm_until: AwareDatetime | None


class PaymentShown(Shown):
    """One payment: what is held, what was taken and what was given back, in minor units of its currency."""

    model_config = example(
        {
            **_PAYMENT,
            "version": 4,
            "invoice_id": INVOICE_ID,
            "held_minor": 0,
            "captured_minor": 744,
            "refunded_minor": 0,
            "requested_at": "2027-01-05T12:09:00Z",
        }
    )

    payment_id: UUID
    version: int
    payer_id: UUID
    subject_kind: str
    subject_id: UUID
    invoice_id: UUID | None
    currency: Currency
    amount_minor: int
    """What was asked to be held."""
    held_minor: int
    """What the provider holds now."""
    captured_minor: int
    refunded_minor: int
    state: str
    requested_at: AwareDatetime

    @classmethod
    def of_payment(cls, payment: Payment) -> Self:
        """As it is now."""
        return cls.of(
            payment,
            payment_id=payment.id,
            currency=payment.amount.currency,
            amount_minor=payment.amount.amount_minor,
            held_minor=payment.held.amount_minor if payment.held else 0,
            captured_minor=payment.captured.amount_minor if payment.captured else 0,
            refunded_minor=sum(
                refund.amount.amount_minor for refund in payment.refunds.values() if refund.state == "refunded"
            ),
            requested_at=payment.created_on,
        )
