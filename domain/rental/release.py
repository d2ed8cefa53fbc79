"""A claim that holds, and its end when no trip comes of it: member and car are free again."""

from domain.fleet.vehicle import Vehicle
from domain.kernel.ids import ReservationId
from domain.members.member import Member
from domain.rental.reservation import Reservation
from domain.unit_of_work import UnitOfWork


async def held(member: Member, vehicle: Vehicle, work: UnitOfWork) -> ReservationId | None:
    """The reservation by which a member keeps a car now, if they do."""
    if member.reservation_id is None or member.reservation_id != vehicle.reservation_id:
        return None
    reservation = await work.load(Reservation, member.reservation_id)
    return None if reservation.not_open(work.now) else member.reservation_id


async def expire(reservation: Reservation, work: UnitOfWork) -> None:
    """End a reservation whose time is up; too early or twice changes nothing."""
    tariff = work.tariff(reservation.quote.tariff_digest)
    if reservation.expire(work.rulebook.city(reservation.city_id), tariff, work.now):
        await release(reservation, work)


async def release(reservation: Reservation, work: UnitOfWork) -> None:
    """The member may take another car, and others this one."""
    member = await work.load(Member, reservation.member_id)
    vehicle = await work.load(Vehicle, reservation.vehicle_id)
    vehicle.release(work.now, reserved_by=reservation.member_id)
    is_charged = any(isinstance(event, Reservation.ChargeDue) for event in reservation.pending_events)
    member.release(work.now, unsettled=reservation.id if is_charged else None)
