"""Failed jobs."""

from uuid import UUID

from pydantic import AwareDatetime, BaseModel

from api.rest.schemas.base import VEHICLE_ID, example

_JOB = {
    "job_id": "6f1c1f0e-0000-4000-8000-000000000000",
    "kind": "tell_vehicle",
    "policy": "when_trip_requested_then_unlock",
    "vehicle_id": VEHICLE_ID,
    "correlation_id": "0190a5d2-7c3e-7c51-9f0a-3a5a5c1d2e3f",
    "failed_at": "2027-01-05T12:09:00.120Z",
    "attempts": 12,
    "error": "tell_vehicle was not answered: TimeoutError",
}


class FailedJobShown(BaseModel):
    """Something that a policy decided, why it was given up, and the car that it is about, if any."""

    job_id: UUID
    kind: str
    policy: str
    vehicle_id: UUID | None
    correlation_id: UUID
    failed_at: AwareDatetime
    attempts: int
    error: str


class FailedJobPage(BaseModel):
    """Failed jobs, the oldest first, and the cursor of the next page."""

    model_config = example({"jobs": [_JOB], "next": None})

    jobs: list[FailedJobShown]
    next: str | None
