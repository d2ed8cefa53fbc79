"""Trips that are over, corrected over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends

from api.auth import Allowed, Caller
from api.command_ids import new_id
from api.rest.commands import DispatchIfMatch
from api.rest.routing import Router
from api.rest.schemas.base import Proposable
from api.rest.schemas.corrections import TripCorrectionBody
from domain.billing.correction import Correction
from domain.kernel.ids import TripId
from domain.rental.staff_commands import CorrectTrip
from domain.rental.trip import Trip

router = Router(prefix="/v1", tags=["rental"])

Agent = Annotated[Caller, Depends(Allowed("invoices:write"))]


@router.command("/trips/{trip_id}/corrections", CorrectTrip)
async def correct_trip(trip_id: UUID, body: TripCorrectionBody, by: Agent, dispatch: DispatchIfMatch) -> Proposable:
    """With `proposed` in the answer, nothing is carried out before another agent says the same."""
    command = CorrectTrip(
        correction_id=new_id(),
        trip_id=TripId(trip_id),
        correction=Correction(**body.correct.model_dump()),
        evidence=tuple(body.evidence),
        reason=body.reason,
    )
    done = await dispatch(command, trip_id, by)
    trip = await dispatch.system.store.load(Trip, trip_id, service=by.service)
    return Proposable(**done.model_dump(), proposed=trip.correction_proposal is not None)
