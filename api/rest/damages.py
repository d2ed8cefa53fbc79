"""Damages over HTTP: the list of a car, reports of members and staff, what shows it intact, and the charge."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Response

from api.auth import Allowed, Caller
from api.command_ids import new_id
from api.rest.commands import TAGGED, Dispatch, DispatchIfMatch, InSystem, tag
from api.rest.ownership import load_owned
from api.rest.pagination import InPage, InPeriod, Listing, Order
from api.rest.routing import Router
from api.rest.schemas.base import Accepted
from api.rest.schemas.damages import (
    DamageBody,
    DamageChargeBody,
    DamageInTripBody,
    DamagePage,
    DamageShown,
    DamageSummary,
    IntactBody,
)
from domain.fleet.damage import Damage
from domain.fleet.damage_handlers import RepairDamage, ReportDamage, ShowIntact
from domain.kernel.ids import TripId, VehicleId
from domain.rental.damages import ChargeDamage, ReportDamageInTrip
from domain.rental.trip import Trip

router = Router(prefix="/v1", tags=["fleet"])

SEES_WHO = "fleet:read"
Reader = Annotated[Caller, Depends(Allowed("vehicles:read"))]
Driver = Annotated[Caller, Depends(Allowed("own:write", "rentals:write"))]
Staff = Annotated[Caller, Depends(Allowed("rentals:write", "vehicles:write"))]
Agent = Annotated[Caller, Depends(Allowed("invoices:write"))]

_DAMAGES = Listing(
    "select damage_id, vehicle_id, kind, place, photos, source, state, found_at, reported_at, repaired_at "
    "from read_v1.damages",
    Order("damages", {"reported_at": datetime, "damage_id": UUID}),
)


@router.get("/damages")
async def list_damages(
    by: Reader,
    system: InSystem,
    page: InPage,
    reported: InPeriod,
    *,
    vehicle_id: UUID | None = None,
    state: Literal["known", "repaired"] = "known",
) -> DamagePage:
    """What is known of a car, the newest first: whoever takes it looks for what is not on this list."""
    where = [("service = {}", by.service), ("state = {}", state), ("vehicle_id = {}", vehicle_id)]
    rows, after = await _DAMAGES.page(system, page, [*where, *reported.of("reported_at")])
    return DamagePage(damages=[DamageSummary(**row) for row in rows], next=after)


@router.get("/damages/{damage_id}", responses=TAGGED)
async def get_damage(damage_id: UUID, by: Reader, system: InSystem, response: Response) -> DamageShown:
    """One damage; to staff also who may have done it, and its charge."""
    found = await system.store.load(Damage, damage_id, service=by.service)
    tag(response, found.version)
    hidden = {} if by.may(SEES_WHO) else {"attribution": None, "intact": None, "charge_id": None}
    return DamageShown.of(found, damage_id=found.id, reported_at=found.created_on, **hidden)


@router.command("/trips/{trip_id}/damages", ReportDamageInTrip, status_code=201)
async def report_damage_in_trip(
    trip_id: UUID, body: DamageInTripBody, by: Driver, dispatch: DispatchIfMatch
) -> Accepted:
    await load_owned(Trip, trip_id, by, dispatch.system, scope="rentals:write")
    command = ReportDamageInTrip(damage_id=new_id(), trip_id=TripId(trip_id), **dict(body))
    return dispatch.made(await dispatch(command, trip_id, by), among="/v1/damages")


@router.command("/damages", ReportDamage, status_code=201)
async def report_damage(body: DamageBody, by: Staff, dispatch: Dispatch) -> Accepted:
    command = ReportDamage(damage_id=new_id(), **{**dict(body), "vehicle_id": VehicleId(body.vehicle_id)})
    return await dispatch.create(command, by, among="/v1/damages")


@router.command("/damages/{damage_id}/intact", ShowIntact)
async def show_intact(damage_id: UUID, body: IntactBody, by: Staff, dispatch: DispatchIfMatch) -> Accepted:
    return await dispatch(ShowIntact(damage_id=damage_id, intact=body.photo), damage_id, by)


@router.command("/damages/{damage_id}/repair", RepairDamage)
async def repair_damage(damage_id: UUID, by: Staff, dispatch: DispatchIfMatch) -> Accepted:
    return await dispatch(RepairDamage(damage_id=damage_id), damage_id, by)


@router.command("/damages/{damage_id}/charges", ChargeDamage, status_code=201)
async def charge_damage(damage_id: UUID, body: DamageChargeBody, by: Agent, dispatch: DispatchIfMatch) -> Accepted:
    command = ChargeDamage(
        fee_id=new_id(),
        damage_id=damage_id,
        trip_id=TripId(body.trip_id),
        amount=body.amount,
        evidence=tuple(body.evidence),
        reason=body.reason,
    )
    return dispatch.made(await dispatch(command, damage_id, by), among="/v1/charges")
