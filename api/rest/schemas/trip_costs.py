"""What a trip costs while it lasts."""

from uuid import UUID

from pydantic import AwareDatetime, BaseModel

from api.rest.schemas.base import TRIP_ID, example
from api.rest.schemas.example_prices import ESTIMATE
from domain.billing.estimate import Estimate


class TripCost(BaseModel):
    """What a trip would cost if it ended now, and if it ended after a stop that begins now."""

    model_config = example(
        {
            "trip_id": TRIP_ID,
            "at": "2027-01-05T12:30:02Z",
            "driving_s": 1260,
            "parked_s": 0,
            "distance_m": 8120,
            "so_far": ESTIMATE.model_dump(mode="json"),
            "after_stop": None,
        }
    )

    trip_id: UUID
    at: AwareDatetime
    driving_s: int
    parked_s: int
    distance_m: int
    so_far: Estimate
    after_stop: Estimate | None
