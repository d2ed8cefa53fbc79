"""How a trip ends: its member's wish, what its car shows of it, and the end."""

from datetime import datetime
from typing import NamedTuple

from domain.fleet.newest import newest_readings
from domain.fleet.state import VehicleReadings
from domain.fleet.vehicle import Vehicle
from domain.kernel.errors import Violation, refuse_if
from domain.members.member import Member
from domain.rental import evidence, forced_end
from domain.rental.commands import ConfirmEnd, EndTrip, ForceEndTrip
from domain.rental.evidence import EndRequest, Evidence
from domain.rental.steps import TripState
from domain.rental.trip import Trip
from domain.rental.vehicle_orders import order
from domain.rental.vehicle_reading import reading, zones_of
from domain.unit_of_work import UnitOfWork


class Shown(NamedTuple):
    """A car now, and what it shows of the end of its trip."""

    newest: VehicleReadings
    evidence: Evidence


async def end_trip(command: EndTrip, work: UnitOfWork) -> tuple[Violation, ...]:
    """Keep the wish, and have the car locked unless it shows already all that the end asks for.

    Returns what it has yet to show. What the car shows that its member can put right is refused at once. Asked again,
    it is the wish that stands, or was fulfilled, unless the car was driven on since.
    """
    trip = await work.load(Trip, command.trip_id)
    if trip.state is TripState.ENDED:
        return ()
    vehicle = await work.load(Vehicle, trip.vehicle_id)
    wish = await _wish(trip, vehicle, work)
    if trip.is_asked_again("end"):
        return wish.missing
    shown = await _look(vehicle, wish, work)
    if shown.evidence.is_complete:
        await _end(trip, vehicle, shown, work.now, work)
        return ()
    if _mendable(vehicle, shown):
        return evidence.without_places(shown.evidence.missing)
    await _have_it_locked(trip, vehicle, work)
    return wish.missing


async def confirm_end(command: ConfirmEnd, work: UnitOfWork) -> None:
    """End the trip of a car if it shows all that its member's wish asks for. Without a wish it changes nothing."""
    vehicle = await work.load(Vehicle, command.vehicle_id)
    if vehicle.trip_id is None:
        return
    trip = await work.load(Trip, vehicle.trip_id)
    if trip.end_request is not None:
        await weigh(trip, vehicle, trip.end_request, command.told_at, work)


async def weigh(
    trip: Trip, vehicle: Vehicle, wish: EndRequest, told_at: datetime, work: UnitOfWork, answer: str | None = None
) -> None:
    """What follows from how the car shows itself now; `answer` is how it answered the order to lock, if it did."""
    shown = await _look(vehicle, wish, work)
    driven = evidence.driven_on(wish, shown.newest)
    seen = _seen(wish, shown, driven)
    if shown.evidence.is_complete:
        await _end(trip, vehicle, shown, told_at, work)
    elif driven is not None and told_at - driven <= evidence.AS_OF_NOW:
        trip.take_end_back(driven, work.now)
    elif answer is not None or _is_news(wish, seen):
        trip.tell(Trip.EndUnconfirmed, work.now, reason=answer or shown.evidence.codes, wish=seen)
    elif shown.evidence.lacks_only_the_lock and trip.pending is None:
        await _have_it_locked(trip, vehicle, work)


async def force_end_trip(command: ForceEndTrip, work: UnitOfWork) -> None:
    """With what the car shows of the end, and what speaks against it. Ended at that time, it changes nothing."""
    trip = await work.load(Trip, command.trip_id)
    if trip.ended_at == command.ended_at:
        return
    member, vehicle = await work.load(Member, trip.member_id), await work.load(Vehicle, trip.vehicle_id)
    shown = await _look(vehicle, trip.end_request, work)
    limits, city = work.rulebook.trip, work.rulebook.city(trip.city_id)
    doubts = forced_end.doubts(command.ended_at, vehicle, shown.newest, shown.evidence, limits, work.now)
    trip.force_end(await reading(shown.newest, work), shown.evidence, doubts, command, city, work.now)
    vehicle.close_trip(work.now)
    member.release(work.now, unsettled=trip.id)


async def _wish(trip: Trip, vehicle: Vehicle, work: UnitOfWork) -> EndRequest:
    """The wish that stands, or a new one where there is none or the car was driven on since."""
    now = await _look(vehicle, None, work)
    driven = evidence.driven_on(trip.end_request, now.newest) if trip.end_request else None
    is_new = trip.end_request is None or driven is not None
    refuse_if([*trip.end_objections(), *(_mendable(vehicle, now) if is_new else ())])
    if driven is not None:
        trip.take_end_back(driven, work.now)
    return trip.request_end(evidence.wish(vehicle, now.newest, now.evidence, work.now), work.now)


async def _look(vehicle: Vehicle, wish: EndRequest | None, work: UnitOfWork) -> Shown:
    newest = await newest_readings(vehicle, work)
    heard_until = wish.heard_until if wish else None
    zones = await zones_of(newest, work)
    return Shown(newest, evidence.judge(vehicle, newest, zones, heard_until, work.rulebook.trip, work.now))


def _mendable(vehicle: Vehicle, shown: Shown) -> list[Violation]:
    """What the member can put right now, as far as a car that can be reached shows it."""
    return shown.evidence.mendable if vehicle.online else []


def _seen(wish: EndRequest, shown: Shown, driven: datetime | None) -> EndRequest:
    """The wish, with what the car has shown of it by now."""
    undone = [evidence.unmet_at(shown.evidence, shown.newest), driven, wish.unmet_at]
    after = [at for at in undone if at is not None and at > wish.requested_at]
    missing = evidence.without_places(shown.evidence.missing)
    return wish.model_copy(update={"missing": missing, "unmet_at": max(after, default=None)})


def _is_news(wish: EndRequest, seen: EndRequest) -> bool:
    """Whether the car shows for the first time after the wish that something else is not done."""
    if seen.unmet_at == wish.unmet_at:
        return False
    return wish.unmet_at is None or {v.code for v in seen.missing} != {v.code for v in wish.missing}


async def _have_it_locked(trip: Trip, vehicle: Vehicle, work: UnitOfWork) -> None:
    """If the car can be told; else its member has a key, or the last order may still be answered."""
    if vehicle.can_be_told("lock", work.now):
        await order(trip, "lock", trip.lock(work.now), work)


async def _end(trip: Trip, vehicle: Vehicle, shown: Shown, told_at: datetime, work: UnitOfWork) -> None:
    wish, held_since = trip.end_request, shown.evidence.held_since
    if wish is None or held_since is None:
        return
    member = await work.load(Member, trip.member_id)
    driven = evidence.driven_on(wish, shown.newest)
    ended_at = evidence.stops_at(wish, held_since, told_at, work.rulebook.trip.bill_until, driven)
    city = work.rulebook.city(trip.city_id)
    trip.end(await reading(shown.newest, work), shown.evidence, city, min(ended_at, work.now), work.now)
    vehicle.close_trip(work.now)
    member.release(work.now, unsettled=trip.id)
