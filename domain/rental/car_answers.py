"""What follows when a car confirms a step of its trip, or fails it."""

from collections.abc import Awaitable, Callable

from domain.fleet.newest import newest_readings
from domain.fleet.vehicle import Vehicle
from domain.rental import start
from domain.rental.commands import ConfirmTripStep, FailTripStep
from domain.rental.ending import weigh
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


async def _started(trip: Trip, vehicle: Vehicle, command: ConfirmTripStep, work: UnitOfWork) -> None:
    car = await reading(await newest_readings(vehicle, work), work)
    unused_at = command.confirmed_at + work.rulebook.trip.unused_after
    trip.tell(Trip.StartConfirmed, work.now, started_at=command.confirmed_at, unused_at=unused_at, **dict(car))


async def _parked(trip: Trip, _vehicle: Vehicle, command: ConfirmTripStep, work: UnitOfWork) -> None:
    trip.tell(Trip.Parked, work.now, parked_at=command.confirmed_at)


async def _resumed(trip: Trip, _vehicle: Vehicle, command: ConfirmTripStep, work: UnitOfWork) -> None:
    trip.tell(Trip.Resumed, work.now, resumed_at=command.confirmed_at)


async def _locked(trip: Trip, vehicle: Vehicle, command: ConfirmTripStep, work: UnitOfWork) -> None:
    if trip.end_request is not None:
        await weigh(trip, vehicle, trip.end_request, command.confirmed_at, work, answer="")


async def _park_failed(trip: Trip, reason: str, work: UnitOfWork) -> None:
    trip.tell(Trip.ParkFailed, work.now, reason=reason)


async def _resume_failed(trip: Trip, reason: str, work: UnitOfWork) -> None:
    trip.tell(Trip.ResumeFailed, work.now, reason=reason)


async def _not_locked(trip: Trip, reason: str, work: UnitOfWork) -> None:
    if trip.end_request is not None:
        vehicle = await work.load(Vehicle, trip.vehicle_id)
        await weigh(trip, vehicle, trip.end_request, work.now, work, answer=reason)


_CONFIRMED: dict[Step, Callable[[Trip, Vehicle, ConfirmTripStep, UnitOfWork], Awaitable[None]]] = {
    "start": _started,
    "park": _parked,
    "resume": _resumed,
    "end": _locked,
}
_FAILED: dict[Step, Callable[[Trip, str, UnitOfWork], Awaitable[None]]] = {
    "start": start.give_up,
    "park": _park_failed,
    "resume": _resume_failed,
    "end": _not_locked,
}
