"""Reservations and trips over HTTP."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Response
from pydantic import AwareDatetime, ConfigDict, Field

from api.auth import Allowed, Caller
from api.problems import Problem
from api.rest.commanding import Accepted, Body, Give, InPage, InSystem, Page, caught_up, new_id, plain
from api.rest.showing import state_of
from api.system import System
from domain.kernel.errors import NotFoundError
from domain.kernel.ids import MemberId, ReservationId, TripId, VehicleId
from domain.rental import commands
from domain.rental.reservation import Reservation
from domain.rental.trip import Trip

router = APIRouter(prefix="/v1", tags=["rental"])

Reader = Annotated[Caller, Depends(Allowed("own:read", "rentals:read"))]
Writer = Annotated[Caller, Depends(Allowed("own:write", "rentals:write"))]
Agent = Annotated[Caller, Depends(Allowed("rentals:write"))]

_RESERVATIONS = """
select reservation_id, member_id, vehicle_id, state, placed_at, free_until, expires_at, trip_id
from read_v1.reservations
where service = $1 and ($2::uuid is null or member_id = $2) and ($3::timestamptz is null or placed_at < $3)
order by placed_at desc limit $4
"""
_TRIPS = """
select trip_id, member_id, vehicle_id, reservation_id, state, requested_at, started_at, ended_at, driving_s, parked_s,
    distance_m
from read_v1.trips
where service = $1 and ($2::uuid is null or member_id = $2) and ($3::timestamptz is null or requested_at < $3)
order by requested_at desc limit $4
"""


class ReservationBody(Body):
    """Which car; an agent also says for whom."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"vehicle_id": "7f1f7f2c-2f4b-5d61-9c1c-0b8f5f1d0001"}]}
    )

    vehicle_id: UUID
    member_id: UUID | None = None


class ExtensionBody(Body):
    """Until when to keep the car."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"until": "2027-01-05T10:45:00Z"}]})

    until: AwareDatetime


class TripBody(Body):
    """Which car, from which reservation, and with which package of its tariff."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "vehicle_id": "7f1f7f2c-2f4b-5d61-9c1c-0b8f5f1d0001",
                    "reservation_id": "b1946ac9-2a4e-5c1f-8f0e-1f7c2a5d0002",
                }
            ]
        },
    )

    vehicle_id: UUID
    reservation_id: UUID | None = None
    member_id: UUID | None = None
    package: Annotated[str | None, Field(max_length=60)] = None
    options: Annotated[tuple[str, ...], Field(max_length=10)] = ()


class ForcedEnd(Body):
    """When the trip really ended, and why its car cannot say so."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"ended_at": "2027-01-05T10:45:00Z", "reason": "GPS outside the home area, parked at the kerb"}
            ]
        },
    )

    ended_at: AwareDatetime
    reason: Annotated[str, Field(min_length=3, max_length=400)]


@router.get("/reservations")
async def reservations(by: Reader, system: InSystem, page: InPage) -> dict[str, Any]:
    """Newest first: one's own, or for an agent all of the service."""
    return await _page(_RESERVATIONS, "reservations", "placed_at", by, system, page)


@router.post("/reservations", status_code=201)
async def place(body: ReservationBody, by: Writer, give: Give) -> Accepted:
    """Keep a car for the free time, at the prices of now."""
    reservation_id = ReservationId(new_id(by, give.key, "rental.reservation"))
    command = commands.PlaceReservation(
        reservation_id=reservation_id, member_id=_for_whom(by, body.member_id), vehicle_id=VehicleId(body.vehicle_id)
    )
    return await give(command, reservation_id, by)


@router.get("/reservations/{reservation_id}")
async def reservation(reservation_id: UUID, by: Reader, system: InSystem, response: Response) -> dict[str, Any]:
    """One reservation with its quote: what is shown here is what is charged."""
    found = await _reservation(reservation_id, by, system)
    response.headers["ETag"] = f'"{found.version}"'
    return shown(found)


@router.post("/reservations/{reservation_id}/extend")
async def extend(reservation_id: UUID, body: ExtensionBody, by: Writer, give: Give) -> Accepted:
    """Keep the car longer; what lies after the free time is paid."""
    await _reservation(reservation_id, by, give.system)
    command = commands.ExtendReservation(reservation_id=ReservationId(reservation_id), until=body.until)
    return await give(command, reservation_id, by)


@router.post("/reservations/{reservation_id}/cancel")
async def cancel(reservation_id: UUID, by: Writer, give: Give) -> Accepted:
    """Give the car up."""
    await _reservation(reservation_id, by, give.system)
    command = commands.CancelReservation(reservation_id=ReservationId(reservation_id))
    return await give(command, reservation_id, by)


@router.get("/trips")
async def trips(by: Reader, system: InSystem, page: InPage) -> dict[str, Any]:
    """Newest first: one's own, or for an agent all of the service."""
    return await _page(_TRIPS, "trips", "requested_at", by, system, page)


@router.post("/trips", status_code=202)
async def start(body: TripBody, by: Writer, give: Give) -> Accepted:
    """Ask for a trip. It runs once the money is held and the car has confirmed that it is open."""
    trip_id = TripId(new_id(by, give.key, "rental.trip"))
    command = commands.StartTrip(
        trip_id=trip_id,
        member_id=_for_whom(by, body.member_id),
        vehicle_id=VehicleId(body.vehicle_id),
        reservation_id=ReservationId(body.reservation_id) if body.reservation_id else None,
        package=body.package,
        options=body.options,
    )
    return await give(command, trip_id, by)


@router.get("/trips/{trip_id}")
async def trip(trip_id: UUID, by: Reader, system: InSystem, response: Response) -> dict[str, Any]:
    """One trip as it is now."""
    found = await _trip(trip_id, by, system)
    response.headers["ETag"] = f'"{found.version}"'
    return shown(found)


@router.post("/trips/{trip_id}/park", status_code=202)
async def park(trip_id: UUID, by: Writer, give: Give) -> Accepted:
    """Lock the car for a while and keep it."""
    await _trip(trip_id, by, give.system)
    command = commands.ParkTrip(trip_id=TripId(trip_id))
    return await give(command, trip_id, by)


@router.post("/trips/{trip_id}/resume", status_code=202)
async def resume(trip_id: UUID, by: Writer, give: Give) -> Accepted:
    """Open the parked car again."""
    await _trip(trip_id, by, give.system)
    command = commands.ResumeTrip(trip_id=TripId(trip_id))
    return await give(command, trip_id, by)


@router.post("/trips/{trip_id}/end", status_code=202)
async def end(trip_id: UUID, by: Writer, give: Give) -> Accepted:
    """Give the car back. Refused with every criterion that it does not meet here and now."""
    await _trip(trip_id, by, give.system)
    command = commands.EndTrip(trip_id=TripId(trip_id))
    return await give(command, trip_id, by)


@router.post("/trips/{trip_id}/force-end")
async def force_end(trip_id: UUID, body: ForcedEnd, by: Agent, give: Give) -> Accepted:
    """An agent ends a trip whose car cannot confirm it."""
    command = commands.ForceEndTrip(trip_id=TripId(trip_id), ended_at=body.ended_at, reason=body.reason)
    return await give(command, trip_id, by)


def shown(aggregate: Reservation | Trip) -> dict[str, Any]:
    """An aggregate's public state as JSON values."""
    whole = state_of(aggregate, personal=True)
    return {"id": str(aggregate.id), "version": aggregate.version, "state": life_of(aggregate), **whole}


def _for_whom(by: Caller, member_id: UUID | None) -> MemberId:
    if by.may("rentals:write"):
        if member_id is None:
            raise Problem.bad_request("say for which member: member_id")
        return MemberId(member_id)
    if member_id is not None and str(member_id) != by.subject:
        raise Problem.forbidden("a member acts for nobody else")
    return MemberId(UUID(by.subject))


async def _reservation(reservation_id: UUID, by: Caller, system: System) -> Reservation:
    found = await system.store.load(Reservation, reservation_id, service=by.service)
    if by.subject != str(found.member_id) and not by.may("rentals:read"):
        raise NotFoundError(Reservation.TOPIC, reservation_id)
    return found


async def _trip(trip_id: UUID, by: Caller, system: System) -> Trip:
    found = await system.store.load(Trip, trip_id, service=by.service)
    if by.subject != str(found.member_id) and not by.may("rentals:read"):
        raise NotFoundError(Trip.TOPIC, trip_id)
    return found


async def _page(sql: str, name: str, order: str, by: Caller, system: System, page: Page) -> dict[str, Any]:
    await caught_up(system, page.at_least)
    member = None if by.may("rentals:read") else UUID(by.subject)
    rows = await system.fetch(sql, by.service, member, page.cursor, page.limit)
    return {name: plain(rows), "next": page.next(rows, order)}


def life_of(aggregate: Reservation | Trip) -> str:
    """Where it is in its life."""
    if isinstance(aggregate, Trip):
        return aggregate.status
    return aggregate.closed_as or "open"
