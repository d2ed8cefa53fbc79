"""What was decided should follow and could not be done: it waits for an operator, at the terminal."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends

from api.auth import Allowed, Caller
from api.rest.commands import InSystem
from api.rest.pagination import InPage, Listing, Order
from api.rest.routing import Router
from api.rest.schemas.jobs import FailedJobPage, FailedJobShown

router = Router(prefix="/v1", tags=["operations"])

Reader = Annotated[Caller, Depends(Allowed("jobs:read"))]

_FAILED = Listing(
    """
    select job_id, kind, policy, vehicle_id, correlation_id, failed_at, attempts, error from (
        select job.id as job_id, job.service, job.kind, job.policy, job.correlation_id, job.failed_at, job.attempts,
            job.last_error as error, coalesce(named.vehicle_id, trip.vehicle_id, reservation.vehicle_id) as vehicle_id
        from csbe.jobs as job
        cross join lateral (
            select (ids ->> 'vehicle_id')::uuid as vehicle_id, (ids ->> 'payment_id')::uuid as payment_id,
                coalesce(ids ->> 'trip_id', ids ->> 'reservation_id', ids ->> 'subject_id')::uuid as subject_id
            from (
                select coalesce(jsonb_object_agg(key, value), '{}') as ids from jsonb_each_text(job.payload)
                where value ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
            ) as payload
        ) as named
        left join read_v1.payments as payment on payment.payment_id = named.payment_id
        left join read_v1.trips as trip on trip.trip_id = coalesce(named.subject_id, payment.subject_id)
        left join read_v1.reservations as reservation
            on reservation.reservation_id = coalesce(named.subject_id, payment.subject_id)
        where job.failed_at is not null
    ) as failed""",
    Order("failed_jobs", {"failed_at": datetime, "job_id": UUID}, descending=False),
)


@router.get("/failed-jobs")
async def list_failed_jobs(
    by: Reader, system: InSystem, page: InPage, *, vehicle_id: UUID | None = None
) -> FailedJobPage:
    """What was given up, the oldest first, with the car that it is about. `csbe jobs` tries it again, or drops it."""
    rows, after = await _FAILED.page(system, page, [("service = {}", by.service), ("vehicle_id = {}", vehicle_id)])
    return FailedJobPage(jobs=[FailedJobShown.model_validate(row) for row in rows], next=after)
