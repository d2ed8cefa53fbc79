"""What a trip that is under way costs so far, and what a stop would cost, before it is taken."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query

from api.auth import Allowed, Caller
from api.rest.commands import InSystem
from api.rest.ownership import load_owned
from api.rest.routing import Router
from api.rest.schemas.trip_costs import TripCost
from domain.billing.estimate import estimate
from domain.billing.pricing import Span
from domain.fleet.newest import newest_readings
from domain.fleet.vehicle import Vehicle
from domain.kernel.errors import refuse_if
from domain.rental.steps import not_in
from domain.rental.trip import ENDABLE, Trip
from domain.rental.vehicle_reading import reading_without_zones

router = Router(prefix="/v1", tags=["rental"])

SEES_ALL = "rentals:read"
Reader = Annotated[Caller, Depends(Allowed("own:read", SEES_ALL))]
Minutes = Annotated[int, Query(ge=1, le=31 * 24 * 60, description="Also tell what it costs after a stop of so long.")]


@router.get("/trips/{trip_id}/cost")
async def get_trip_cost(trip_id: UUID, by: Reader, system: InSystem, *, stop_min: Minutes | None = None) -> TripCost:
    """By the prices that were quoted, as if it ended now where it began; and as if it ended after a stop from now."""
    trip = await load_owned(Trip, trip_id, by, system, scope=SEES_ALL)
    refuse_if(not_in(trip.state, ENDABLE, None))
    vehicle, now = await system.store.load(Vehicle, trip.vehicle_id, service=by.service), system.clock.now()
    car = reading_without_zones(await newest_readings(vehicle, system))
    facts, _ = trip.measured(car.model_copy(update={"zones": trip.started.zones}), now)
    tariff = system.rulebooks.tariff(by.service, trip.quote.tariff_digest)
    city = system.rulebook(by.service).city(trip.city_id)
    stop = Span(phase="parked", seconds=(stop_min or 0) * 60)
    later = facts.model_copy(update={"spans": (*facts.spans, stop)})
    return TripCost(
        trip_id=trip.id,
        at=now,
        driving_s=facts.seconds_in("driving"),
        parked_s=facts.seconds_in("parked"),
        distance_m=facts.distance_m,
        so_far=estimate(tariff, city, facts),
        after_stop=estimate(tariff, city, later) if stop_min else None,
    )
