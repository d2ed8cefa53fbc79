"""Load, decide, save: one short story per command. Member, car, reservation and trip change together or not at all."""

from collections.abc import Mapping

from domain.fleet.newest import newest_readings
from domain.fleet.vehicle import Vehicle
from domain.kernel.errors import refuse_if
from domain.kernel.ids import ReservationId, TripId
from domain.kernel.messages import Command
from domain.members.member import Member
from domain.rental import car_answers, commands, ending, scheduled_care, scheduled_commands, scheduling, start
from domain.rental.corrections import correct_trip
from domain.rental.damages import ChargeDamage, ReportDamageInTrip, charge_damage, report_damage_in_trip
from domain.rental.fees import charge_fee
from domain.rental.quotes import quote_for
from domain.rental.release import expire, held, release
from domain.rental.reservation import Reservation
from domain.rental.reservation_rules import cooldown
from domain.rental.staff_commands import CorrectTrip
from domain.rental.trip import Trip
from domain.rental.vehicle_orders import order
from domain.rental.vehicle_reading import reading
from domain.unit_of_work import Handler, UnitOfWork


async def place_reservation(command: commands.PlaceReservation, work: UnitOfWork) -> ReservationId:
    """Refused with every reason of the member, the car and the cooldown rule together; asked again, it is the same."""
    member, vehicle = await work.load(Member, command.member_id), await work.load(Vehicle, command.vehicle_id)
    if known := await held(member, vehicle, work):
        return known
    limits = work.rulebook.reservation
    again = cooldown(vehicle.last_reservations.get(command.member_id), limits, work.now)
    refuse_if([*await start.objections(member, vehicle, work), again])
    quote = quote_for(vehicle, work.rulebook, work.now)
    work.add(Reservation.place(command, quote, start.method_id(member), limits, work.now))
    member.open_reservation(command.reservation_id, work.now)
    vehicle.reserve(command.reservation_id, work.now)
    return command.reservation_id


async def extend_reservation(command: commands.ExtendReservation, work: UnitOfWork) -> None:
    reservation = await work.load(Reservation, command.reservation_id)
    vehicle = await work.load(Vehicle, reservation.vehicle_id)
    refuse_if([vehicle.wanted_before(command.until, work.now)])
    reservation.extend(command.until, work.rulebook.reservation, work.now)


async def cancel_reservation(command: commands.CancelReservation, work: UnitOfWork) -> None:
    reservation = await work.load(Reservation, command.reservation_id)
    tariff = work.tariff(reservation.quote.tariff_digest)
    if reservation.cancel(work.rulebook.city(reservation.city_id), tariff, work.now):
        await release(reservation, work)


async def expire_reservation(command: commands.ExpireReservation, work: UnitOfWork) -> None:
    reservation = await work.load(Reservation, command.reservation_id)
    await expire(reservation, work)


async def remind_of_expiry(command: commands.RemindOfExpiry, work: UnitOfWork) -> None:
    reservation = await work.load(Reservation, command.reservation_id)
    reservation.announce_expiry(work.now)


async def start_trip(command: commands.StartTrip, work: UnitOfWork) -> TripId:
    member, vehicle = await work.load(Member, command.member_id), await work.load(Vehicle, command.vehicle_id)
    if known := await start.known_trip(command, member, vehicle, work):
        return known
    claim = await start.claim(command, member, vehicle, work)
    work.add(start.trip(command, claim, work))
    member.open_trip(command.trip_id, work.now)
    vehicle.open_trip(command.trip_id, command.member_id, work.now)
    return command.trip_id


async def unlock_for_trip(command: commands.UnlockForTrip, work: UnitOfWork) -> None:
    """Have the car opened. A payment that comes after the start was given up opens nothing."""
    trip = await work.load(Trip, command.trip_id)
    if trip.awaits_payment:
        await order(trip, "unlock", trip.unlock(work.now), work)


async def fail_trip_start(command: commands.FailTripStart, work: UnitOfWork) -> None:
    """Give everything back when the payment is not secured; changes nothing once it is.

    While the payer has to confirm it, the payment has a time-out of its own.
    """
    trip = await work.load(Trip, command.trip_id)
    unconfirmed = command.reason == "payment_timed_out" and await start.waits_for_the_payer(trip, work)
    if trip.awaits_payment and not unconfirmed:
        await start.give_up(trip, command.reason, work)


async def park_trip(command: commands.ParkTrip, work: UnitOfWork) -> None:
    trip = await work.load(Trip, command.trip_id)
    if not trip.is_asked_again("park"):
        await order(trip, "lock", trip.park(work.now), work)


async def resume_trip(command: commands.ResumeTrip, work: UnitOfWork) -> None:
    trip = await work.load(Trip, command.trip_id)
    if not trip.is_asked_again("resume"):
        await order(trip, "unlock", trip.resume(work.now), work)


async def look_whether_used(command: commands.LookWhetherUsed, work: UnitOfWork) -> None:
    trip = await work.load(Trip, command.trip_id)
    vehicle = await work.load(Vehicle, trip.vehicle_id)
    trip.note_unused(await reading(await newest_readings(vehicle, work), work), work.now)


HANDLERS: Mapping[type[Command], Handler] = {
    commands.PlaceReservation: place_reservation,
    commands.ExtendReservation: extend_reservation,
    commands.CancelReservation: cancel_reservation,
    commands.ExpireReservation: expire_reservation,
    commands.RemindOfExpiry: remind_of_expiry,
    scheduled_commands.PlaceScheduledReservation: scheduling.place,
    scheduled_commands.ChangeScheduledReservation: scheduling.change,
    scheduled_commands.CancelScheduledReservation: scheduling.cancel,
    scheduled_commands.SeeToScheduledReservation: scheduled_care.see_to,
    scheduled_commands.CompleteScheduledReservation: scheduling.complete,
    commands.StartTrip: start_trip,
    commands.UnlockForTrip: unlock_for_trip,
    commands.FailTripStart: fail_trip_start,
    commands.ParkTrip: park_trip,
    commands.ResumeTrip: resume_trip,
    commands.EndTrip: ending.end_trip,
    commands.ForceEndTrip: ending.force_end_trip,
    commands.ChargeFee: charge_fee,
    CorrectTrip: correct_trip,
    ReportDamageInTrip: report_damage_in_trip,
    ChargeDamage: charge_damage,
    commands.LookWhetherUsed: look_whether_used,
    commands.ConfirmTripStep: car_answers.confirm_trip_step,
    commands.ConfirmEnd: ending.confirm_end,
    commands.FailTripStep: car_answers.fail_trip_step,
}
"""Which function carries out which command."""
