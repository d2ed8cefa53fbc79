"""What a car costs."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, Field, model_validator

from api.rest.schemas.base import VEHICLE_ID, Body, Moment, example
from api.rest.schemas.example_prices import ESTIMATE, QUOTE, TARIFF
from domain.billing.estimate import Estimate
from domain.rulebook.tariff import Quote, Tariff

Minutes = Annotated[int, Field(ge=0, le=31 * 24 * 60)]


class QuoteBody(Body):
    """Which car, and if the whole price is asked for, what trip: minutes driven and parked, distance, choices.

    For a reservation ahead of time also its period, of which what is not driven is parked.
    """

    model_config = example(
        {"vehicle_id": VEHICLE_ID, "driving_min": 21, "parked_min": 5, "distance_m": 8000}, extra="forbid"
    )

    vehicle_id: UUID
    driving_min: Minutes = 0
    parked_min: Minutes = 0
    distance_m: Annotated[int, Field(ge=0, le=10_000_000)] = 0
    package: Annotated[str | None, Field(max_length=60)] = None
    options: Annotated[tuple[str, ...], Field(max_length=10)] = ()
    booked_from: Moment | None = None
    booked_until: Moment | None = None

    @model_validator(mode="after")
    def _is_a_period(self) -> Self:
        if (self.booked_from is None) != (self.booked_until is None):
            raise ValueError("give booked_from and booked_until, or neither")
        if self.booked_from and self.booked_until and self.booked_from >= self.booked_until:
            raise ValueError("booked_until is later than booked_from")
        return self


class QuoteShown(BaseModel):
    """The prices that a reservation of this moment would freeze, what would be held, and what the trip would cost."""

    model_config = example(
        {
            "quote": QUOTE.model_dump(mode="json"),
            "tariff": TARIFF.model_dump(mode="json"),
            "estimate": ESTIMATE.model_dump(mode="json"),
        }
    )

    quote: Quote
    tariff: Tariff
    estimate: Estimate
