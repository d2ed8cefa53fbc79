"""Charges, and decisions about them."""

from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from api.rest.schemas.base import INVOICE_ID, MEMBER_ID, TRIP_ID, Because, Body, Moment, Rule, Shown, example
from api.rest.schemas.example_prices import ESTIMATE
from domain.billing.charge import Charge
from domain.billing.commands import DecisionKind
from domain.billing.correction import Correction
from domain.billing.decision import Decision
from domain.billing.estimate import Estimate
from domain.kernel.approval import Proposal
from domain.kernel.money import Currency

_CHARGE_ID = "3b7d5c1e-8a2f-5e46-9d10-c4f6b8a20007"


class CorrectionBody(Body):
    """What is true instead of the facts of a charge: the end as a time or as a duration, the distance."""

    model_config = example({"ended_at": "2027-01-05T12:26:00Z", "distance_m": 8200}, extra="forbid")

    ended_at: Moment | None = None
    duration_s: Annotated[int, Field(ge=0, le=1_000_000_000, strict=True)] | None = None
    distance_m: Annotated[int, Field(ge=0, le=10_000_000_000, strict=True)] | None = None


class DecisionBody(Body):
    """Approve a charge as it is, correct it and say what is true, or waive it; and why."""

    model_config = example(
        {"decision": "correct", "correct": {"distance_m": 8200}, "reason": "photo of the odometer"}, extra="forbid"
    )

    decision: DecisionKind
    correct: CorrectionBody | None = None
    """What is true instead, where the decision is to correct."""
    reason: Because

    @property
    def correction(self) -> Correction | None:
        """As the command takes it."""
        return None if self.correct is None else Correction(**self.correct.model_dump())


class ChargeSummary(BaseModel):
    """A charge in a list; the price is what it would have cost before the review, in minor units of its currency."""

    charge_id: UUID
    subject_kind: str
    """Topic of the aggregate that it is for, e.g. `rental.trip`."""
    subject_id: UUID
    member_id: UUID
    """Who had it."""
    payer_id: UUID
    raised_at: AwareDatetime
    state: str
    reasons: list[Rule]
    """Why it is or was in review."""
    currency: Currency | None
    price_minor: int | None
    proposal: str | None
    """What a first person has decided, while it waits for a second."""
    proposed_by: str | None
    decision: str | None
    decided_by: str | None
    decision_reason: str | None
    invoice_id: UUID | None


_REASON: dict[str, Any] = {
    "code": "charge.trip_too_long",
    "detail": "check that the trip really lasted this long",
    "values": {"duration_s": 190_000, "limit_s": 172_800},
}
_SAME: dict[str, Any] = {
    "charge_id": _CHARGE_ID,
    "subject_kind": "rental.trip",
    "subject_id": TRIP_ID,
    "member_id": MEMBER_ID,
    "payer_id": MEMBER_ID,
    "raised_at": "2027-01-05T12:35:11Z",
    "state": "billed",
    "reasons": [_REASON],
    "invoice_id": INVOICE_ID,
}


class ChargePage(BaseModel):
    """Charges, newest first, and the cursor of the next page."""

    model_config = example(
        {
            "charges": [
                {
                    **_SAME,
                    "currency": "EUR",
                    "price_minor": 89_760,
                    "proposal": None,
                    "proposed_by": "agent-3",
                    "decision": "correct",
                    "decided_by": "agent-7",
                    "decision_reason": "photo of the odometer",
                }
            ],
            "next": None,
        }
    )

    charges: list[ChargeSummary]
    next: str | None


class ChargeShown(Shown):
    """One charge: what it is for, its facts, why it is or was in review, what it would have cost, what was decided."""

    model_config = example(
        {
            **_SAME,
            "version": 5,
            "seller_id": "drivenow-de",
            "started_at": "2027-01-05T12:05:00Z",
            "ended_at": "2027-01-05T12:26:00Z",
            "distance_m": 8200,
            "price": ESTIMATE.model_dump(mode="json"),
            "proposal": None,
            "decision": {
                "kind": "correct",
                "reason": "photo of the odometer",
                "decided_by": "agent-7",
                "proposed_by": "agent-3",
            },
        }
    )

    charge_id: UUID
    version: int
    subject_kind: str
    """Topic of the aggregate that it is for, e.g. `rental.trip`."""
    subject_id: UUID
    member_id: UUID
    """Who had it."""
    payer_id: UUID
    seller_id: str
    raised_at: AwareDatetime
    state: str
    started_at: AwareDatetime
    """With the other facts: those that it is billed for, corrected where they were."""
    ended_at: AwareDatetime
    distance_m: int
    reasons: tuple[Rule, ...]
    price: Estimate | None
    """Before the review."""
    proposal: Proposal | None
    """What a first person has decided, while it waits for a second."""
    decision: Decision | None
    invoice_id: UUID | None

    @classmethod
    def of_charge(cls, charge: Charge) -> Self:
        """As it is now."""
        facts = charge.facts
        return cls.of(
            charge,
            charge_id=charge.id,
            raised_at=charge.created_on,
            started_at=facts.reserved_at if facts.reservation_only else facts.started_at,
            ended_at=facts.ended_at,
            distance_m=facts.distance_m,
        )
