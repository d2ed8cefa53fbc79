"""What is done about a reservation ahead of time as its period comes: pin its car, find another, or end it."""

from collections.abc import AsyncIterator

from domain.fleet.newest import newest_readings
from domain.fleet.vehicle import Vehicle
from domain.kernel.car_search import CarWish
from domain.kernel.errors import Violation
from domain.kernel.ids import ReservationId, VehicleId
from domain.members.facts import MemberState
from domain.members.member import Member
from domain.rental.scheduled import ScheduledReservation
from domain.rental.scheduled_commands import SeeToScheduledReservation
from domain.rental.scheduled_plan import entry
from domain.rental.scheduling import leave_car, let_go, limits
from domain.unit_of_work import UnitOfWork


async def see_to(command: SeeToScheduledReservation, work: UnitOfWork) -> None:
    """Do what it is time for. Too early, twice, or once a trip came of it or it ended, it changes nothing."""
    reservation = await work.load(ScheduledReservation, command.reservation_id)
    plan, now = reservation.plan, work.now
    if not reservation.is_open or now < plan.pinned_at:
        return
    vehicle = await work.load(Vehicle, reservation.vehicle_id)
    why = [violation.code for violation in await _matter(reservation, vehicle, work)]
    if not why and now >= plan.no_show_at:
        await _miss(reservation, work)
    elif not why:
        await _pin(reservation, vehicle, work)
    elif now >= plan.looked_at and not await _replace(reservation, vehicle, tuple(why), work):
        await _await_or_give_up(reservation, vehicle, tuple(why), work)


async def _matter(reservation: ScheduledReservation, vehicle: Vehicle, work: UnitOfWork) -> list[Violation]:
    """Why the member cannot have the car now."""
    if taken := vehicle.taken_by_another(ReservationId(reservation.id)):
        return [taken]
    return vehicle.unsoundness(await newest_readings(vehicle, work), work.rulebook.reservation)


async def _pin(reservation: ScheduledReservation, vehicle: Vehicle, work: UnitOfWork) -> None:
    """The car is kept; and a member who has no other one takes none from now on."""
    id, member = ReservationId(reservation.id), await work.load(Member, reservation.member_id)
    reservation.pin(work.now)
    if vehicle.reservation_id is None:
        vehicle.reserve(id, work.now)
    if member.state is MemberState.IDLE and member.erasure() is None:
        member.open_reservation(id, work.now)


async def _miss(reservation: ScheduledReservation, work: UnitOfWork) -> None:
    tariff = work.tariff(reservation.quote.tariff_digest)
    reservation.miss(work.rulebook.city(reservation.city_id), tariff, work.now)
    await let_go(reservation, work)


async def _replace(reservation: ScheduledReservation, vehicle: Vehicle, why: tuple[str, ...], work: UnitOfWork) -> bool:
    """Another car that is there, near the first one or in the zone that was wished; says whether there was one."""
    member = await work.load(Member, reservation.member_id)
    wanted = entry(ReservationId(reservation.id), reservation.period, limits(work))
    async for other in _others(reservation, vehicle, work):
        newest = await newest_readings(other, work)
        if not [*other.bookable(wanted, work.now), *other.unsoundness(newest, work.rulebook.reservation)]:
            leave_car(ReservationId(reservation.id), vehicle, member, work.now)
            other.book(wanted, work.now)
            reservation.replace(VehicleId(other.id), other.description.model, why, work.now)
            await _pin(reservation, other, work)
            return True
    return False


async def _others(reservation: ScheduledReservation, vehicle: Vehicle, work: UnitOfWork) -> AsyncIterator[Vehicle]:
    place = vehicle.readings.position
    wish = CarWish(
        service=work.metadata.service,
        city_id=vehicle.city_id,
        models=limits(work).may_replace(vehicle.description.model),
        period=reservation.period,
        zone_id=reservation.wish.zone_id,
        near=place.value if place else None,
        free_now=True,
    )
    for vehicle_id in await work.cars.find(wish):
        other = await work.load(Vehicle, vehicle_id)
        if other.id != vehicle.id and other.state == "available" and other.description.model in wish.models:
            yield other


async def _await_or_give_up(
    reservation: ScheduledReservation, vehicle: Vehicle, why: tuple[str, ...], work: UnitOfWork
) -> None:
    if work.now < reservation.plan.waits_until:
        reservation.await_car(vehicle.driver_id, why, work.now)
        return
    reservation.give_up(why, work.now)
    await let_go(reservation, work)
