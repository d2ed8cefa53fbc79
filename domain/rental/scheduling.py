"""Reservations ahead of time: member, car and reservation change together or not at all."""

from datetime import datetime
from typing import Any

from domain.fleet.vehicle import Vehicle
from domain.kernel.calendar import Entry
from domain.kernel.car_search import CarWish
from domain.kernel.errors import RefusedError, Violation, refuse_if
from domain.kernel.ids import MemberId, ReservationId
from domain.members.bookings import booking_violations
from domain.members.member import Member
from domain.rental import scheduled_commands as commands
from domain.rental import start
from domain.rental.quotes import quote_for
from domain.rental.scheduled import ScheduledReservation
from domain.rental.scheduled_plan import Plan, Wish, entry
from domain.rental.scheduled_rules import offered, unfit_period
from domain.rental.trip import Trip
from domain.rulebook.reservations import AheadLimits
from domain.unit_of_work import UnitOfWork


async def place(command: commands.PlaceScheduledReservation, work: UnitOfWork) -> ReservationId:
    """Refused with every reason of the period, the member and the car together, and with what is free instead."""
    member = await work.load(Member, command.member_id)
    ahead = limits(work)
    if known := await _known(command, member, ahead, work):
        return known
    wanted = entry(command.reservation_id, command.period, ahead)
    alone = [*unfit_period(command.period, ahead, work.now), *eligible(member, work, command.period.ends)]
    refuse_if([*alone, *booking_violations(member.bookings, wanted, ahead)])
    vehicle = await _car(command.wish, wanted, work)
    work.add(_reservation(command, vehicle, member, ahead, work))
    member.book(wanted, work.now)
    vehicle.book(wanted, work.now)
    return command.reservation_id


async def change(command: commands.ChangeScheduledReservation, work: UnitOfWork) -> None:
    """Refused when the next reservation of the car is near, and beyond what the rules allow."""
    reservation = await work.load(ScheduledReservation, command.reservation_id)
    ahead = limits(work)
    if not reservation.change(command.until, ahead, work.now):
        return
    member, vehicle = await work.load(Member, reservation.member_id), await work.load(Vehicle, reservation.vehicle_id)
    wanted = entry(command.reservation_id, reservation.period, ahead)
    too_much = [v for v in booking_violations(member.bookings, wanted, ahead) if v.code == "member.reserved_then"]
    refuse_if([*eligible(member, work, command.until), *too_much])
    vehicle.book(wanted, work.now)
    member.book(wanted, work.now)
    if reservation.trip_id is not None:
        (await work.load(Trip, reservation.trip_id)).note_booked(reservation.booked, work.now)


async def cancel(command: commands.CancelScheduledReservation, work: UnitOfWork) -> None:
    """Free where there was no car, else by the tariff."""
    reservation = await work.load(ScheduledReservation, command.reservation_id)
    tariff = work.tariff(reservation.quote.tariff_digest)
    if reservation.cancel(work.rulebook.city(reservation.city_id), tariff, work.now):
        await let_go(reservation, work)


async def complete(command: commands.CompleteScheduledReservation, work: UnitOfWork) -> None:
    """The rest of the period is free for others, and the member for another reservation."""
    trip = await work.load(Trip, command.trip_id)
    if trip.reservation_id is not None and trip.ended_at is not None:
        reservation = await work.load(ScheduledReservation, trip.reservation_id)
        reservation.complete(trip.ended_at, work.now)
        await let_go(reservation, work)


async def let_go(reservation: ScheduledReservation, work: UnitOfWork) -> None:
    """Car and member are free of it; if it is charged, the member has an open item."""
    member, vehicle = await work.load(Member, reservation.member_id), await work.load(Vehicle, reservation.vehicle_id)
    id = ReservationId(reservation.id)
    leave_car(id, vehicle, member, work.now)
    if member.reservation_id == id:
        member.release(work.now)
    is_charged = any(isinstance(event, ScheduledReservation.ChargeDue) for event in reservation.pending_events)
    member.close_booking(id, work.now, unsettled=id if is_charged else None)


def leave_car(id: ReservationId, vehicle: Vehicle, member: Member, at: datetime) -> None:
    """The car is not promised any more, nor held if it was pinned."""
    if vehicle.reservation_id == id:
        vehicle.release(at, reserved_by=MemberId(member.id))
    vehicle.close_booking(id, at)


def limits(work: UnitOfWork) -> AheadLimits:
    """The rules of reservations ahead of time. Refused where there are none."""
    return offered(work.rulebook.reservation.ahead)


def eligible(member: Member, work: UnitOfWork, until: datetime) -> list[Violation]:
    """Why this person may not have a car until then, whichever they have now."""
    claim = member.occupation()
    return [violation for violation in member.ineligibility(work.rulebook, work.now, until) if violation != claim]


async def _known(
    command: commands.PlaceScheduledReservation, member: Member, ahead: AheadLimits, work: UnitOfWork
) -> ReservationId | None:
    """The reservation that the member has already, if it is the one that they ask for again.

    Two alike may be meant where a member may have several for the same time.
    """
    if ahead.side_by_side > 1 and command.wish.vehicle_id is None:
        return None
    for known in member.bookings.entries:
        if known.period == command.period:
            reservation = await work.load(ScheduledReservation, known.id)
            if reservation.wish == command.wish:
                return ReservationId(known.id)
    return None


async def _car(wish: Wish, wanted: Entry, work: UnitOfWork) -> Vehicle:
    """The car that was asked for, or the first one of the model that is free. Refused with what is free instead."""
    if wish.vehicle_id is not None:
        vehicle = await work.load(Vehicle, wish.vehicle_id)
        refuse_if(vehicle.bookable(wanted, work.now))
        return vehicle
    city_id, model = wish.city_id or "", wish.model or ""
    refuse_if([work.rulebook.unknown_city(city_id)])
    where = {"city_id": city_id, "models": (model,), "zone_id": wish.zone_id}
    instead: list[dict[str, str]] = []
    for vehicle_id in await work.cars.find(_search(wanted, work, where)):
        vehicle = await work.load(Vehicle, vehicle_id)
        if (objections := vehicle.bookable(wanted, work.now)) == [] and vehicle.description.model == model:
            return vehicle
        instead += [period for v in objections for period in v.values.get("free_instead", ())]
    values = {**where, "zone_id": str(wish.zone_id or ""), "free_instead": sorted(instead, key=str)[:4]}
    detail = "no car of this model is free then: take another time, model or place"
    raise RefusedError(Violation(code="reservation.none_free", detail=detail, values=values))


def _search(wanted: Entry, work: UnitOfWork, where: dict[str, Any]) -> CarWish:
    near = work.now >= wanted.led_from
    return CarWish(service=work.metadata.service, period=wanted.period, free_now=near, **where)


def _reservation(
    command: commands.PlaceScheduledReservation, vehicle: Vehicle, member: Member, ahead: AheadLimits, work: UnitOfWork
) -> ScheduledReservation:
    begins = command.period.begins
    return ScheduledReservation.begin(
        ScheduledReservation.Placed,
        id=command.reservation_id,
        timestamp=work.now,
        vehicle_id=vehicle.id,
        city_id=vehicle.city_id,
        quote=quote_for(vehicle, work.rulebook, work.now, begins),
        method_id=start.method_id(member),
        plan=Plan.of(command.period, ahead),
        **{name: getattr(command, name) for name in ("member_id", "wish", "purpose", "business_reference", "period")},
    )
