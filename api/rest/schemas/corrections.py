"""What is true of a trip instead of what it was ended on."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, Field

from api.rest.schemas.base import Because, Body, Moment, Word, example
from domain.billing.fee import Evidence
from domain.kernel.approval import Proposal
from domain.rental.trip_event_bases import Difference


class TripTruth(Body):
    """What is not given stays as it is. The end is given as a time or as a duration."""

    model_config = example({"ended_at": "2027-01-05T12:26:00Z", "distance_m": 8200}, extra="forbid")

    ended_at: Moment | None = None
    duration_s: Annotated[int, Field(ge=0, le=1_000_000_000, strict=True)] | None = None
    distance_m: Annotated[int, Field(ge=0, le=10_000_000_000, strict=True)] | None = None
    end_zones: Annotated[list[Word], Field(max_length=40)] | None = None
    """Kinds and names of all the zones that it ended in."""


class TripCorrectionBody(Body):
    """What is true, what shows it, and why: the member of the trip reads the reason."""

    model_config = example(
        {
            "correct": {"ended_at": "2027-01-05T12:26:00Z"},
            "evidence": [{"kind": "photo", "reference": "parked.jpg"}],
            "reason": "photo shows the car parked and locked at 13:26",
        },
        extra="forbid",
    )

    correct: TripTruth
    evidence: Annotated[list[Evidence], Field(min_length=1, max_length=20)]
    reason: Because


class CorrectionShown(BaseModel):
    """What was corrected of a trip, when, why, and what it changed of its price."""

    correction_id: UUID
    corrected_at: AwareDatetime
    ended_at: AwareDatetime
    distance_m: int
    difference: Difference
    reason: str | None
    evidence: tuple[Evidence, ...] | None


class ProposedCorrection(BaseModel):
    """What one agent would correct, while it waits for another who says the same; for staff."""

    ended_at: AwareDatetime
    distance_m: int
    difference: Difference
    proposal: Proposal
