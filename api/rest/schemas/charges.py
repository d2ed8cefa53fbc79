"""Charges, and decisions about them."""

from datetime import date, timedelta
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from api.rest.schemas.base import INVOICE_ID, MEMBER_ID, TRIP_ID, Because, Body, Moment, Rule, Shown, Word, example
from api.rest.schemas.example_prices import ESTIMATE
from domain.billing.charge import Charge
from domain.billing.commands import DecisionKind
from domain.billing.correction import Correction
from domain.billing.decision import Decision
from domain.billing.estimate import Estimate
from domain.billing.fee import Evidence, FeeFacts
from domain.billing.product_facts import ProductFacts
from domain.kernel.approval import Proposal
from domain.kernel.money import Currency, Money

_CHARGE_ID = "3b7d5c1e-8a2f-5e46-9d10-c4f6b8a20007"


class CorrectionBody(Body):
    """What is true instead of the facts of a charge: the end as a time or as a duration, the distance."""

    model_config = example({"ended_at": "2027-01-05T12:26:00Z", "distance_m": 8200}, extra="forbid")

    ended_at: Moment | None = None
    duration_s: Annotated[int, Field(ge=0, le=1_000_000_000, strict=True)] | None = None
    distance_m: Annotated[int, Field(ge=0, le=10_000_000_000, strict=True)] | None = None
    amount: Money | None = None
    """Of a fee: less than was announced; nothing else of it is corrected."""


class FeeBody(Body):
    """What came of a trip, and what shows it."""

    model_config = example(
        {
            "fee": "traffic_offence",
            "happened_at": "2027-01-05T12:15:00Z",
            "evidence": [{"kind": "letter", "reference": "Az. 58.92.123456.7"}],
            "reason": "fine for speeding, Berlin, 5 January",
        },
        extra="forbid",
    )

    fee: Word
    """Id in the catalogue: `GET /v1/fees`."""
    amount: Money | None = None
    """What it cost, where the catalogue has no amount."""
    happened_at: Moment
    evidence: Annotated[list[Evidence], Field(min_length=1, max_length=20)]
    reason: Because


class ObjectionBody(Body):
    """Why its payer does not agree."""

    model_config = example({"objection": "I had parked elsewhere by then"}, extra="forbid")

    objection: Because


class FeeShown(BaseModel):
    """An entry of the catalogue of fees."""

    model_config = ConfigDict(from_attributes=True)

    id: str
    name: str
    """As it stands on the invoice."""
    description: str
    """When it is charged."""
    amount: Money | None
    """Null where it is what it cost us, as the evidence says."""
    maximum: Money | None
    tax: str
    """Which taxes of the city are on it."""
    within: timedelta
    """How long after a trip it is charged."""
    objection: timedelta
    """How long its payer may object before it is collected."""


class FeesShown(BaseModel):
    """The catalogue of a city."""

    model_config = example(
        {
            "fees": [
                {
                    "id": "traffic_offence",
                    "name": "Handling of a traffic offence",
                    "description": "An authority asked us who drove.",
                    "amount": {"amount_minor": 1800, "currency": "EUR"},
                    "maximum": None,
                    "tax": "standard",
                    "within": "P90D",
                    "objection": "P14D",
                }
            ]
        }
    )

    fees: list[FeeShown]


class Explanation(BaseModel):
    """Why a charge costs what it costs: every line with its rule, version and facts, and the whole in words."""

    model_config = example(
        {
            "charge_id": _CHARGE_ID,
            "subject_kind": "rental.trip",
            "subject_id": TRIP_ID,
            "state": "billed",
            "quoted_at": "2027-01-05T12:00:00Z",
            "tariff_digest": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
            "price": ESTIMATE.model_dump(mode="json"),
            "words": ["Driving: 21 min at 0.34 EUR, which makes 7.14 EUR. Rule driving of berlin-34, version 1."],
        }
    )

    charge_id: UUID
    subject_kind: str
    """Topic of the aggregate that it is for, e.g. `rental.trip`, or `billing.fee`."""
    subject_id: UUID
    state: str
    quoted_at: AwareDatetime | None
    """When the prices were shown that it is priced by; null for a fee."""
    tariff_digest: str | None
    """SHA-256 of the tariff; null for a fee."""
    price: Estimate
    words: list[str]


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
    """A charge in a list; amounts in minor units of its currency.

    The price is what it costs where it waits for its month, else what it would have cost before the review.
    """

    charge_id: UUID
    subject_kind: str
    """Topic of the aggregate that it is for, e.g. `rental.trip`."""
    subject_id: UUID
    member_id: UUID
    """Who had it."""
    payer_id: UUID
    raised_at: AwareDatetime
    trip_id: UUID | None
    """The trip that it is for, or that it came of."""
    fee: str | None
    """Id in the catalogue of fees; null for what a tariff prices."""
    state: str
    collected_from: AwareDatetime | None
    """When it is billed, unless its payer objects; null where it was not announced."""
    supplied_on: date | None
    """The local day on which it ended, of one that waits for the invoice of its month, or did."""
    objection: str | None
    """Why its payer does not agree, in their words."""
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
                    "trip_id": TRIP_ID,
                    "fee": None,
                    "collected_from": None,
                    "supplied_on": None,
                    "objection": None,
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
            "fee": None,
            "product": None,
            "evidence": None,
            "raised_by": None,
            "collected_from": None,
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
    started_at: AwareDatetime | None
    """With the other facts: those that it is billed for, corrected where they were. Null for a fee."""
    ended_at: AwareDatetime
    """For a fee, when that happened which it is for."""
    distance_m: int | None
    fee: FeeFacts | None
    """What it is a fee for; null for what a tariff prices."""
    product: ProductFacts | None
    """What was bought in advance; null for all else."""
    evidence: tuple[Evidence, ...] | None
    """What shows it."""
    raised_by: str | None
    """Who of the staff; null where it came of the end of a trip or a reservation."""
    collected_from: AwareDatetime | None
    """When it is billed, unless its payer objects; null where it was not announced."""
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
        facts, known = charge.facts, {"charge_id": charge.id, "raised_at": charge.created_on}
        driven: dict[str, object] = {"started_at": None, "distance_m": None, "fee": None, "product": None}
        if isinstance(facts, FeeFacts):
            driven["fee"] = facts
        elif isinstance(facts, ProductFacts):
            driven["product"] = facts
        else:
            started_at = facts.reserved_at if facts.reservation_only else facts.started_at
            driven |= {"started_at": started_at, "distance_m": facts.distance_m}
        return cls.of(charge, **known, **driven, ended_at=facts.ended_at)
