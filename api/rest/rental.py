"""Quotes, reservations and trips over HTTP."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Query, Response
from pydantic import TypeAdapter

from api.auth import Allowed, Caller
from api.command_ids import new_id
from api.problems import Problem
from api.rest.commands import TAGGED, Dispatch, DispatchIfMatch, InSystem, tag
from api.rest.demand import noted
from api.rest.ownership import for_whom, load_owned, load_reservation, own
from api.rest.pagination import InPage, InPeriod, Listing, Order
from api.rest.routing import Router
from api.rest.schemas.base import Accepted, Moment, Word
from api.rest.schemas.quotes import QuoteBody, QuoteShown
from api.rest.schemas.rental import (
    EndAccepted,
    ExtensionBody,
    ForcedEnd,
    ReservationBody,
    ReservationPage,
    ReservationShown,
    ReservationSummary,
    TripBody,
    TripPage,
    TripPlace,
    TripShown,
    TripSummary,
)
from api.system import System
from domain.billing.estimate import estimate
from domain.billing.pricing import TripFacts
from domain.fleet.newest import newest_readings
from domain.fleet.vehicle import Vehicle
from domain.kernel.errors import Violation, refuse_if
from domain.kernel.ids import ReservationId, TripId, VehicleId
from domain.rental import commands
from domain.rental.quotes import quote_for, unknown_choices
from domain.rental.reservation import Reservation
from domain.rental.steps import TripState
from domain.rental.trip import Trip

router = Router(prefix="/v1", tags=["rental"])

_violations: TypeAdapter[tuple[Violation, ...]] = TypeAdapter(tuple[Violation, ...])

SEES_ALL = "rentals:read"
ReservationState = Literal["open", "converted", "cancelled", "expired"]

Anybody = Annotated[Caller, Depends(Allowed("vehicles:read"))]
Reader = Annotated[Caller, Depends(Allowed("own:read", SEES_ALL))]
Writer = Annotated[Caller, Depends(Allowed("own:write", "rentals:write"))]
Agent = Annotated[Caller, Depends(Allowed("rentals:write"))]

_RESERVATIONS = Listing(
    "select reservation_id, member_id, vehicle_id, state, placed_at, free_until, expires_at, trip_id, city_id "
    "from read_v1.reservations",
    Order("reservations", {"placed_at": datetime, "reservation_id": UUID}),
)
_TRIPS = Listing(
    "select trip_id, member_id, vehicle_id, reservation_id, state, requested_at, started_at, ended_at, driving_s, "
    "parked_s, distance_m, city_id, reason from read_v1.trips",
    Order("trips", {"requested_at": datetime, "trip_id": UUID}),
)


@router.post("/quotes")
async def quote_trip(body: QuoteBody, by: Anybody, system: InSystem) -> QuoteShown:
    """What a car costs, and what a trip with it would cost, taxes included. Nothing is reserved."""
    return await noted(_quoted(body, by, system), "quote", body.vehicle_id, by, system)


async def _quoted(body: QuoteBody, by: Caller, system: System) -> QuoteShown:
    vehicle = await system.store.load(Vehicle, body.vehicle_id, service=by.service)
    rulebook = system.rulebook(by.service)
    found = quote_for(vehicle, rulebook, system.clock.now(), body.booked_from)
    tariff = system.rulebooks.tariff(by.service, found.tariff_digest)
    refuse_if(unknown_choices(tariff, body.package, body.options, found.quoted_at))
    facts = _facts(body, found.quoted_at)
    cost = estimate(tariff, rulebook.city(found.city_id), facts)
    return QuoteShown(quote=found, tariff=tariff, estimate=cost)


def _facts(body: QuoteBody, now: datetime) -> TripFacts:
    """Of the trip that is asked about. What of a reserved period is not driven, the car is parked."""
    parked_s, booked = body.parked_min * 60, {}
    if body.booked_from is not None and body.booked_until is not None:
        whole_s = int((body.booked_until - body.booked_from).total_seconds())
        parked_s = max(parked_s, whole_s - body.driving_min * 60)
        booked = {"booked_at": now, "booked_from": body.booked_from, "booked_until": body.booked_until}
    whole = TripFacts.of(
        driving_s=body.driving_min * 60,
        parked_s=parked_s,
        distance_m=body.distance_m,
        started_at=body.booked_from or now,
    )
    return whole.model_copy(update={"package": body.package, "options": body.options, **booked})


@router.get("/reservations")
async def list_reservations(
    by: Reader,
    system: InSystem,
    page: InPage,
    placed: InPeriod,
    *,
    member_id: UUID | None = None,
    vehicle_id: UUID | None = None,
    city_id: Word | None = None,
    state: ReservationState | None = None,
) -> ReservationPage:
    """Newest first: one's own, or for an agent all of the service; `since` and `until` tell when it was placed."""
    rows, after = await _RESERVATIONS.page(
        system,
        page,
        [
            ("service = {}", by.service),
            own("member_id", by, SEES_ALL),
            ("member_id = {}", member_id),
            ("vehicle_id = {}", vehicle_id),
            ("city_id = {}", city_id),
            ("state = {}", state),
            *placed.of("placed_at"),
        ],
    )
    return ReservationPage(reservations=[ReservationSummary(**row) for row in rows], next=after)


@router.command("/reservations", commands.PlaceReservation, status_code=201)
async def place_reservation(body: ReservationBody, by: Writer, dispatch: Dispatch) -> Accepted:
    reservation_id = ReservationId(new_id())
    command = commands.PlaceReservation(
        reservation_id=reservation_id, member_id=for_whom(by, body.member_id), vehicle_id=VehicleId(body.vehicle_id)
    )
    placed = dispatch.create(command, by, among="/v1/reservations")
    return await noted(placed, "reservation", body.vehicle_id, by, dispatch.system)


@router.get("/reservations/{reservation_id}", responses=TAGGED)
async def get_reservation(reservation_id: UUID, by: Reader, system: InSystem, response: Response) -> ReservationShown:
    """One reservation with its quote: what is shown here is what is charged."""
    found = await load_owned(Reservation, reservation_id, by, system, scope=SEES_ALL)
    tag(response, found.version)
    return ReservationShown.of(
        found,
        tariff=system.rulebooks.tariff(by.service, found.quote.tariff_digest),
        reservation_id=found.id,
        state=found.closed_as or "open",
    )


@router.command("/reservations/{reservation_id}/extend", commands.ExtendReservation)
async def extend_reservation(
    reservation_id: UUID, body: ExtensionBody, by: Writer, dispatch: DispatchIfMatch
) -> Accepted:
    await load_owned(Reservation, reservation_id, by, dispatch.system, scope=SEES_ALL)
    command = commands.ExtendReservation(reservation_id=ReservationId(reservation_id), until=body.until)
    return await dispatch(command, reservation_id, by)


@router.command("/reservations/{reservation_id}/cancel", commands.CancelReservation)
async def cancel_reservation(reservation_id: UUID, by: Writer, dispatch: DispatchIfMatch) -> Accepted:
    await load_owned(Reservation, reservation_id, by, dispatch.system, scope=SEES_ALL)
    return await dispatch(commands.CancelReservation(reservation_id=ReservationId(reservation_id)), reservation_id, by)


@router.get("/trips")
async def list_trips(
    by: Reader,
    system: InSystem,
    page: InPage,
    requested: InPeriod,
    *,
    member_id: UUID | None = None,
    vehicle_id: UUID | None = None,
    city_id: Word | None = None,
    state: TripState | None = None,
    at: Annotated[Moment | None, Query(description="Those that were under way at this time.")] = None,
) -> TripPage:
    """Newest first: one's own, or for an agent all of the service; `since` and `until` tell when it was asked for."""
    rows, after = await _TRIPS.page(
        system,
        page,
        [
            ("service = {}", by.service),
            own("member_id", by, SEES_ALL),
            ("member_id = {}", member_id),
            ("vehicle_id = {}", vehicle_id),
            ("city_id = {}", city_id),
            ("state = {}", state),
            ("{} between started_at and coalesce(ended_at, 'infinity')", at),
            *requested.of("requested_at"),
        ],
    )
    return TripPage(trips=[TripSummary(**row) for row in rows], next=after)


@router.command("/trips", commands.StartTrip, status_code=201)
async def start_trip(body: TripBody, by: Writer, dispatch: Dispatch) -> Accepted:
    """The car is opened afterwards: the trip's `state` tells when it runs."""
    if body.reservation_id is not None:
        await load_reservation(body.reservation_id, by, dispatch.system, scope=SEES_ALL)
    trip_id = TripId(new_id())
    command = commands.StartTrip(
        trip_id=trip_id,
        member_id=for_whom(by, body.member_id),
        vehicle_id=VehicleId(body.vehicle_id),
        reservation_id=ReservationId(body.reservation_id) if body.reservation_id else None,
        package=body.package,
        options=body.options,
    )
    started = dispatch.create(command, by, among="/v1/trips")
    return await noted(started, "trip", body.vehicle_id, by, dispatch.system)


@router.get("/trips/{trip_id}", responses=TAGGED)
async def get_trip(trip_id: UUID, by: Reader, system: InSystem, response: Response) -> TripShown:
    """One trip as it is now."""
    found = await load_owned(Trip, trip_id, by, system, scope=SEES_ALL)
    tag(response, found.version)
    tariff = system.rulebooks.tariff(by.service, found.quote.tariff_digest)
    return TripShown.of_trip(found, tariff, to_staff=by.may(SEES_ALL))


@router.get("/trips/{trip_id}/place")
async def get_trip_place(trip_id: UUID, by: Reader, system: InSystem) -> TripPlace:
    """Where the car of a trip is while the trip lasts: for who drives it, and for staff, whose look is on record."""
    found = await load_owned(Trip, trip_id, by, system, scope=SEES_ALL)
    vehicle = await system.store.load(Vehicle, found.vehicle_id, service=by.service)
    if vehicle.trip_id != found.id:
        raise Problem.not_found("the trip is over: where its car is now is not a part of it")
    seen = (await newest_readings(vehicle, system)).position
    return TripPlace(
        trip_id=found.id,
        member_id=found.member_id,
        vehicle_id=vehicle.id,
        position=seen.value if seen else None,
        position_at=seen.at if seen else None,
    )


@router.command("/trips/{trip_id}/park", commands.ParkTrip, status_code=202)
async def park_trip(trip_id: UUID, by: Writer, dispatch: DispatchIfMatch) -> Accepted:
    await load_owned(Trip, trip_id, by, dispatch.system, scope=SEES_ALL)
    return await dispatch(commands.ParkTrip(trip_id=TripId(trip_id)), trip_id, by)


@router.command("/trips/{trip_id}/resume", commands.ResumeTrip, status_code=202)
async def resume_trip(trip_id: UUID, by: Writer, dispatch: DispatchIfMatch) -> Accepted:
    await load_owned(Trip, trip_id, by, dispatch.system, scope=SEES_ALL)
    return await dispatch(commands.ResumeTrip(trip_id=TripId(trip_id)), trip_id, by)


@router.command("/trips/{trip_id}/end", commands.EndTrip, status_code=202)
async def end_trip(trip_id: UUID, by: Writer, dispatch: DispatchIfMatch) -> EndAccepted:
    await load_owned(Trip, trip_id, by, dispatch.system, scope=SEES_ALL)
    command = commands.EndTrip(trip_id=TripId(trip_id))
    done = await dispatch.carry_out(command, trip_id, dispatch.metadata(command, by))
    awaits = _violations.validate_json(done.value or "[]")
    return EndAccepted(id=trip_id, position=done.position, repeated=done.repeated, awaits=awaits)


@router.command("/trips/{trip_id}/force-end", commands.ForceEndTrip)
async def force_end_trip(trip_id: UUID, body: ForcedEnd, by: Agent, dispatch: DispatchIfMatch) -> Accepted:
    command = commands.ForceEndTrip(trip_id=TripId(trip_id), ended_at=body.ended_at, reason=body.reason)
    return await dispatch(command, trip_id, by)
