"""Reservations ahead of time over HTTP, and which cars are free when."""

from datetime import datetime, timedelta
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Query, Response

from api.auth import Allowed, Caller
from api.command_ids import new_id
from api.problems import Problem
from api.rest.commands import TAGGED, Dispatch, DispatchIfMatch, InSystem, tag
from api.rest.ownership import for_whom, load_owned, own
from api.rest.pagination import InPage, InPeriod, Listing, Order
from api.rest.routing import Router
from api.rest.schemas.base import Accepted, Moment, Word
from api.rest.schemas.scheduled import (
    AvailabilityPage,
    CarAvailability,
    FreeCar,
    FreeTime,
    NewEndBody,
    ScheduledReservationBody,
    ScheduledReservationPage,
    ScheduledReservationShown,
    ScheduledReservationSummary,
)
from api.system import Row
from domain.fleet.vehicle import Vehicle
from domain.kernel.calendar import Period
from domain.kernel.ids import ReservationId
from domain.rental import scheduled_commands as commands
from domain.rental.scheduled import ScheduledReservation
from domain.rental.scheduled_plan import ScheduledState, Wish
from domain.rental.scheduled_rules import offered

router = Router(prefix="/v1", tags=["rental"])

SEES_ALL = "rentals:read"
SHORT_TRIP = timedelta(hours=1)

Anybody = Annotated[Caller, Depends(Allowed("vehicles:read"))]
Reader = Annotated[Caller, Depends(Allowed("own:read", SEES_ALL))]
Writer = Annotated[Caller, Depends(Allowed("own:write", "rentals:write"))]

_SCHEDULED = Listing(
    "select scheduled_reservation_id, member_id, vehicle_id, car_chosen, city_id, model, state, "
    "purpose, placed_at, booked_from, booked_until, trip_id from read_v1.scheduled_reservations",
    Order("scheduled_reservations", {"booked_from": datetime, "scheduled_reservation_id": UUID}),
)
_FREE = Listing(
    "select vehicle_id, make, model, propulsion, seats, city_id, latitude, longitude from read_v1.vehicles",
    Order("availability", {"vehicle_id": UUID}, descending=False),
)
_NOT_PROMISED = """not exists (
    select from read_v1.promised_periods as promised
    where promised.vehicle_id = vehicles.vehicle_id and open
    and booked_from < ({0}::timestamptz[])[2] and closed_until > ({0}::timestamptz[])[1]
)"""
"""Nothing else is promised in a period, given as its begin and the end of the buffer after it."""
_IN_ZONE = """exists (
    select from read_v1.zones as zone
    where zone.zone_id = {} and zone.service = vehicles.service
    and read_v1.has_inside(zone.polygons, vehicles.latitude, vehicles.longitude)
)"""


@router.get("/availability")
async def list_available_vehicles(
    by: Anybody,
    system: InSystem,
    page: InPage,
    *,
    booked_from: Annotated[Moment | None, Query(description="Begin of the period; now when it is not given.")] = None,
    booked_until: Annotated[Moment | None, Query(description="Its end; an hour after its begin if not given.")] = None,
    city_id: Word | None = None,
    model: Word | None = None,
    zone_id: UUID | None = None,
) -> AvailabilityPage:
    """Cars that nobody is promised in a period. One that begins soon needs a car that is free now."""
    now = system.clock.now()
    begins = booked_from or now
    ends = booked_until or begins + SHORT_TRIP
    if begins >= ends:
        raise Problem.invalid("booked_until", "give a time after booked_from")
    ahead = offered(system.rulebook(by.service).reservation.ahead)
    near = begins - ahead.closed_before <= now
    rows, after = await _FREE.page(
        system,
        page,
        [
            ("service = {}", by.service),
            ("service_state = {}", "in_service"),
            ("state = {}", "available" if near else None),
            ("city_id = {}", city_id),
            ("model = {}", model),
            (_IN_ZONE, zone_id),
            (_NOT_PROMISED, [begins, ends + ahead.buffer]),
        ],
    )
    return AvailabilityPage(vehicles=[FreeCar(**row) for row in rows], next=after)


@router.get("/vehicles/{vehicle_id}/availability")
async def get_vehicle_availability(vehicle_id: UUID, by: Anybody, system: InSystem) -> CarAvailability:
    """When a car can be reserved ahead of time: what is between its reservations, less their buffers."""
    found = await system.store.load(Vehicle, vehicle_id, service=by.service)
    ahead = offered(system.rulebook(by.service).reservation.ahead)
    gaps = found.bookings.gaps(system.clock.now(), ahead.buffer)
    free = tuple(FreeTime(available_from=gap.begins, available_until=gap.ends) for gap in gaps)
    return CarAvailability(vehicle_id=vehicle_id, free=free)


@router.get("/scheduled-reservations")
async def list_scheduled_reservations(
    by: Reader,
    system: InSystem,
    page: InPage,
    begins: InPeriod,
    *,
    member_id: UUID | None = None,
    vehicle_id: UUID | None = None,
    city_id: Word | None = None,
    state: ScheduledState | None = None,
) -> ScheduledReservationPage:
    """Those that begin last first: one's own, or for an agent all; `since` and `until` tell when the period begins."""
    hidden = None if by.may(SEES_ALL) else vehicle_id
    rows, after = await _SCHEDULED.page(
        system,
        page,
        [
            ("service = {}", by.service),
            own("member_id", by, SEES_ALL),
            ("member_id = {}", member_id),
            ("vehicle_id = {}", vehicle_id),
            ("(car_chosen or state <> 'placed') and vehicle_id = {}", hidden),
            ("city_id = {}", city_id),
            ("state = {}", state),
            *begins.of("booked_from"),
        ],
    )
    shown = [_summary(row, by) for row in rows]
    return ScheduledReservationPage(scheduled_reservations=shown, next=after)


def _summary(row: Row, by: Caller) -> ScheduledReservationSummary:
    told = _is_told(row["state"], by, chosen=row["car_chosen"])
    known = {name: value for name, value in row.items() if name != "car_chosen"}
    return ScheduledReservationSummary(**known | {"vehicle_id": row["vehicle_id"] if told else None})


def _is_told(state: str, by: Caller, *, chosen: bool) -> bool:
    """Which car it is may change until it is pinned, and is for the staff until then."""
    return chosen or state != "placed" or by.may(SEES_ALL)


@router.command("/scheduled-reservations", commands.PlaceScheduledReservation, status_code=201)
async def place_scheduled_reservation(body: ScheduledReservationBody, by: Writer, dispatch: Dispatch) -> Accepted:
    """It costs what the tariff of the day of its begin says, as known now."""
    command = commands.PlaceScheduledReservation(
        reservation_id=ReservationId(new_id()),
        member_id=for_whom(by, body.member_id),
        wish=Wish.model_validate(body.model_dump(include=set(Wish.model_fields))),
        period=Period(begins=body.booked_from, ends=body.booked_until),
        purpose=body.purpose,
        business_reference=body.business_reference,
    )
    return await dispatch.create(command, by, among="/v1/scheduled-reservations")


@router.get("/scheduled-reservations/{scheduled_reservation_id}", responses=TAGGED)
async def get_scheduled_reservation(
    scheduled_reservation_id: UUID, by: Reader, system: InSystem, response: Response
) -> ScheduledReservationShown:
    """One reservation ahead of time with its quote: what is shown here is what is charged."""
    found = await load_owned(ScheduledReservation, scheduled_reservation_id, by, system, scope=SEES_ALL)
    tag(response, found.version)
    told = _is_told(found.state, by, chosen=found.wish.vehicle_id is not None)
    return ScheduledReservationShown.of(
        found,
        scheduled_reservation_id=found.id,
        vehicle_id=found.vehicle_id if told else None,
        model=found.quote.model,
        placed_at=found.created_on,
        booked_from=found.period.begins,
        booked_until=found.period.ends,
        tariff=system.rulebooks.tariff(by.service, found.quote.tariff_digest),
    )


@router.command("/scheduled-reservations/{scheduled_reservation_id}/change", commands.ChangeScheduledReservation)
async def change_scheduled_reservation(
    scheduled_reservation_id: UUID, body: NewEndBody, by: Writer, dispatch: DispatchIfMatch
) -> Accepted:
    await load_owned(ScheduledReservation, scheduled_reservation_id, by, dispatch.system, scope=SEES_ALL)
    id = ReservationId(scheduled_reservation_id)
    command = commands.ChangeScheduledReservation(reservation_id=id, until=body.booked_until)
    return await dispatch(command, scheduled_reservation_id, by)


@router.command("/scheduled-reservations/{scheduled_reservation_id}/cancel", commands.CancelScheduledReservation)
async def cancel_scheduled_reservation(
    scheduled_reservation_id: UUID, by: Writer, dispatch: DispatchIfMatch
) -> Accepted:
    await load_owned(ScheduledReservation, scheduled_reservation_id, by, dispatch.system, scope=SEES_ALL)
    command = commands.CancelScheduledReservation(reservation_id=ReservationId(scheduled_reservation_id))
    return await dispatch(command, scheduled_reservation_id, by)
