"""What follows when a car confirms a step of its trip, or fails it."""

from collections.abc import Awaitable, Callable
from datetime import datetime

from domain.fleet.newest import newest_readings
from domain.fleet.vehicle import Vehicle
from domain.members.member import Member
from domain.rental import start
from domain.rental.commands import ConfirmLateEnd, ConfirmTripStep, FailTripStep
from domain.rental.steps import Step
from domain.rental.trip import Trip
from domain.rental.vehicle_reading import reading
from domain.unit_of_work import UnitOfWork


async def confirm_trip_step(command: ConfirmTripStep, work: UnitOfWork) -> None:
    """Take the step that the car has confirmed. An answer that no trip waits for changes nothing."""
    vehicle = await work.load(Vehicle, command.vehicle_id)
    if vehicle.trip_id is None:
        return
    trip = await work.load(Trip, vehicle.trip_id)
    if step := trip.step_of(command.request_id):
        await _CONFIRMED[step](trip, vehicle, command, work)


async def fail_trip_step(command: FailTripStep, work: UnitOfWork) -> None:
    """Undo the step that the car did not take. An answer that no trip waits for changes nothing."""
    vehicle = await work.load(Vehicle, command.vehicle_id)
    if vehicle.trip_id is None:
        return
    trip = await work.load(Trip, vehicle.trip_id)
    if step := trip.step_of(command.request_id):
        await _FAILED[step](trip, command.reason, work)


async def confirm_late_end(command: ConfirmLateEnd, work: UnitOfWork) -> None:
    """End the trip whose end the car did not confirm in time, now that it is known to be locked."""
    vehicle = await work.load(Vehicle, command.vehicle_id)
    if vehicle.trip_id is None:
        return
    trip = await work.load(Trip, vehicle.trip_id)
    if trip.end_is_unconfirmed:
        await _end(trip, vehicle, command.locked_at, work)


async def _started(trip: Trip, vehicle: Vehicle, command: ConfirmTripStep, work: UnitOfWork) -> None:
    car = await reading(await newest_readings(vehicle, work), work)
    trip.tell(Trip.StartConfirmed, work.now, started_at=command.confirmed_at, **dict(car))


async def _parked(trip: Trip, _vehicle: Vehicle, command: ConfirmTripStep, work: UnitOfWork) -> None:
    trip.tell(Trip.Parked, work.now, parked_at=command.confirmed_at)


async def _resumed(trip: Trip, _vehicle: Vehicle, command: ConfirmTripStep, work: UnitOfWork) -> None:
    trip.tell(Trip.Resumed, work.now, resumed_at=command.confirmed_at)


async def _ended(trip: Trip, vehicle: Vehicle, command: ConfirmTripStep, work: UnitOfWork) -> None:
    await _end(trip, vehicle, command.confirmed_at, work)


async def _end(trip: Trip, vehicle: Vehicle, locked_at: datetime, work: UnitOfWork) -> None:
    member = await work.load(Member, trip.member_id)
    car = await reading(await newest_readings(vehicle, work), work)
    trip.end(car, work.rulebook.city(trip.city_id), locked_at, work.now)
    vehicle.close_trip(work.now)
    member.release(work.now)


async def _park_failed(trip: Trip, reason: str, work: UnitOfWork) -> None:
    trip.tell(Trip.ParkFailed, work.now, reason=reason)


async def _resume_failed(trip: Trip, reason: str, work: UnitOfWork) -> None:
    trip.tell(Trip.ResumeFailed, work.now, reason=reason)


async def _end_unconfirmed(trip: Trip, reason: str, work: UnitOfWork) -> None:
    trip.tell(Trip.EndUnconfirmed, work.now, reason=reason)


_CONFIRMED: dict[Step, Callable[[Trip, Vehicle, ConfirmTripStep, UnitOfWork], Awaitable[None]]] = {
    "start": _started,
    "park": _parked,
    "resume": _resumed,
    "end": _ended,
}
_FAILED: dict[Step, Callable[[Trip, str, UnitOfWork], Awaitable[None]]] = {
    "start": start.give_up,
    "park": _park_failed,
    "resume": _resume_failed,
    "end": _end_unconfirmed,
}
