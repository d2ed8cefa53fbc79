"""Starting a trip: the claim on the car that it begins from, and giving everything back when it fails."""

from domain.billing.balance_use import claimed
from domain.billing.payment import Payment
from domain.fleet.newest import newest_readings
from domain.fleet.vehicle import Vehicle
from domain.kernel.errors import RefusedError, Violation, refuse_if
from domain.kernel.ids import PayerId, ReservationId, TripId
from domain.kernel.values import Instant, Value
from domain.members.member import Member
from domain.rental.billing import payment_id_of
from domain.rental.commands import StartTrip
from domain.rental.quotes import quote_for, unknown_choices
from domain.rental.release import expire
from domain.rental.reservation import Reservation
from domain.rental.scheduled import ScheduledReservation
from domain.rental.scheduled_plan import Booked
from domain.rental.trip import Trip
from domain.rulebook.tariff import Quote
from domain.unit_of_work import UnitOfWork


class Claim(Value):
    """By what right a trip starts: a price that was agreed, and the time from which the car was kept."""

    quote: Quote
    method_id: str
    reserved_at: Instant | None = None
    booked: Booked | None = None
    """The period that was reserved ahead of time."""


async def objections(member: Member, vehicle: Vehicle, work: UnitOfWork) -> list[Violation]:
    """Every reason against this member taking this free car now, or having it as long as it is held at first."""
    limits = work.rulebook.reservation
    return [
        *member.ineligibility(work.rulebook, work.now, work.now + limits.free),
        *vehicle.unavailability(await newest_readings(vehicle, work), limits, work.now),
    ]


def method_id(member: Member) -> str:
    """The payment method to charge. Refused when there is none."""
    method = member.charged_method
    if method is None:
        raise RefusedError(Violation(code="member.no_payment_method", detail="add a payment method first"))
    return method.method_id


async def known_trip(command: StartTrip, member: Member, vehicle: Vehicle, work: UnitOfWork) -> TripId | None:
    """The trip that the member is on already, if it is the one that they ask for again."""
    if member.trip_id is None or member.trip_id != vehicle.trip_id:
        return None
    trip = await work.load(Trip, member.trip_id)
    return member.trip_id if trip.is_of(command) else None


async def claim(command: StartTrip, member: Member, vehicle: Vehicle, work: UnitOfWork) -> Claim:
    """The member's reservation of the car, or else the free car before them. Refused when neither holds."""
    if command.reservation_id is None:
        refuse_if(await objections(member, vehicle, work))
        quote = quote_for(vehicle, work.rulebook, work.now)
        found = Claim(quote=quote, method_id=method_id(member))
    elif reservation := await work.find(Reservation, command.reservation_id):
        refuse_if(_obstacles_beside_the_claim(member, vehicle, work))
        reservation.convert(command.trip_id, command.member_id, command.vehicle_id, work.now)
        found = Claim(quote=reservation.quote, method_id=reservation.method_id, reserved_at=reservation.placed_at)
    else:
        found = await _scheduled(command.reservation_id, command, member, vehicle, work)
    unknown = unknown_choices(work.tariff(found.quote.tariff_digest), command.package, command.options, work.now)
    refuse_if([*unknown, await claimed(command.options, PayerId(command.member_id), found.quote.city_id, work)])
    return found


async def _scheduled(
    id: ReservationId, command: StartTrip, member: Member, vehicle: Vehicle, work: UnitOfWork
) -> Claim:
    """A reservation ahead of time: whoever has the car or another one now is not done yet."""
    reservation = await work.load(ScheduledReservation, id)
    another = member.occupation() if member.reservation_id != id else None
    others = [vehicle.taken_by_another(id), another]
    refuse_if([*_obstacles_beside_the_claim(member, vehicle, work), *others])
    reservation.convert(command.trip_id, command.member_id, command.vehicle_id, work.now)
    return Claim(quote=reservation.quote, method_id=reservation.method_id, booked=reservation.booked)


def _obstacles_beside_the_claim(member: Member, vehicle: Vehicle, work: UnitOfWork) -> list[Violation]:
    found = [*member.ineligibility(work.rulebook, work.now), *vehicle.unfitness()]
    return [violation for violation in found if violation != member.occupation()]


def trip(command: StartTrip, by: Claim, work: UnitOfWork) -> Trip:
    """The trip that is asked for."""
    return Trip.request(
        command.trip_id,
        work.now,
        member_id=command.member_id,
        vehicle_id=command.vehicle_id,
        reservation_id=command.reservation_id,
        city_id=by.quote.city_id,
        quote=by.quote,
        method_id=by.method_id,
        reserved_at=by.reserved_at,
        booked=by.booked,
        package=command.package,
        options=command.options,
        payment_due_at=work.now + work.rulebook.trip.payment_timeout,
    )


async def waits_for_the_payer(asked: Trip, work: UnitOfWork) -> bool:
    """Whether they have to confirm the payment of this trip."""
    payment = await work.find(Payment, payment_id_of(Trip.TOPIC, asked.id))
    return payment is not None and payment.awaits_confirmation


async def give_up(failed: Trip, reason: str, work: UnitOfWork) -> None:
    """The trip does not start: the reservation is given back, and expires if its time is up; else all are free."""
    member, vehicle = await work.load(Member, failed.member_id), await work.load(Vehicle, failed.vehicle_id)
    failed.tell(Trip.StartFailed, work.now, reason=reason)
    vehicle.close_trip(work.now, started=False)
    member.release(work.now, to_reservation=failed.reservation_id)
    if failed.reservation_id is not None:
        vehicle.reserve(failed.reservation_id, work.now)
        await _give_back(failed.reservation_id, work)


async def _give_back(id: ReservationId, work: UnitOfWork) -> None:
    """It holds on, and ends if its time is up: one ahead of time when that is looked at next."""
    if reservation := await work.find(Reservation, id):
        reservation.give_back(work.now)
        await expire(reservation, work)
    else:
        (await work.load(ScheduledReservation, id)).give_back(work.now)
