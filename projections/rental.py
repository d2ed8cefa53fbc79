"""Reservations and trips, live and past."""

from domain.kernel.aggregate import Event
from domain.kernel.messages import RecordedEvent
from domain.rental.reservation import Reservation
from domain.rental.trip import Trip
from projections.projector import Database, Projector

_PLACED = """
insert into read_v1.reservations
    (reservation_id, service, member_id, vehicle_id, city_id, state, placed_at, free_until, expires_at)
values ($1, $2, $3, $4, $5, 'open', $6, $7, $8)
on conflict (reservation_id) do nothing
"""
_UNTIL = "update read_v1.reservations set expires_at = $2, state = 'open', trip_id = null where reservation_id = $1"
_CLOSED = "update read_v1.reservations set state = $2, trip_id = $3 where reservation_id = $1"
_REQUESTED = """
insert into read_v1.trips (trip_id, service, member_id, vehicle_id, reservation_id, city_id, state, requested_at)
values ($1, $2, $3, $4, $5, $6, 'requested', $7)
on conflict (trip_id) do nothing
"""
_STATE = "update read_v1.trips set state = $2, reason = $3 where trip_id = $1"
_STARTED = "update read_v1.trips set state = 'running', started_at = $2 where trip_id = $1"
_ENDED = """
update read_v1.trips set state = 'ended', ended_at = $2, driving_s = $3, parked_s = $4, distance_m = $5, forced = $6,
    reason = $7
where trip_id = $1
"""
_STATES: dict[type[Event], str] = {
    Trip.UnlockRequested: "starting",
    Trip.StartFailed: "start_failed",
    Trip.Parked: "parked",
    Trip.Resumed: "running",
    Trip.EndRequested: "ending",
}


class RentalProjector(Projector):
    """One row per reservation, one per trip."""

    NAME = "rental"
    TABLES = ("read_v1.reservations", "read_v1.trips")

    def __init__(self) -> None:
        self.on = {
            Reservation.Placed: self._placed,
            Reservation.Extended: self._until,
            Reservation.GivenBack: self._until,
            Reservation.Cancelled: self._cancelled,
            Reservation.Expired: self._expired,
            Reservation.Converted: self._converted,
            Trip.Requested: self._requested,
            Trip.StartConfirmed: self._started,
            Trip.Ended: self._ended,
            **dict.fromkeys(_STATES, self._changed),
        }

    async def _placed(self, recorded: RecordedEvent, event: Reservation.Placed, db: Database) -> None:
        await db.execute(
            _PLACED,
            event.originator_id,
            recorded.metadata.service,
            event.member_id,
            event.vehicle_id,
            event.city_id,
            event.placed_at,
            event.free_until,
            event.expires_at,
        )

    async def _until(
        self, recorded: RecordedEvent, event: Reservation.Extended | Reservation.GivenBack, db: Database
    ) -> None:
        await db.execute(_UNTIL, event.originator_id, event.expires_at)

    async def _cancelled(self, recorded: RecordedEvent, event: Reservation.Cancelled, db: Database) -> None:
        await db.execute(_CLOSED, event.originator_id, "cancelled", None)

    async def _expired(self, recorded: RecordedEvent, event: Reservation.Expired, db: Database) -> None:
        await db.execute(_CLOSED, event.originator_id, "expired", None)

    async def _converted(self, recorded: RecordedEvent, event: Reservation.Converted, db: Database) -> None:
        await db.execute(_CLOSED, event.originator_id, "converted", event.trip_id)

    async def _requested(self, recorded: RecordedEvent, event: Trip.Requested, db: Database) -> None:
        await db.execute(
            _REQUESTED,
            event.originator_id,
            recorded.metadata.service,
            event.member_id,
            event.vehicle_id,
            event.reservation_id,
            event.city_id,
            event.timestamp,
        )

    async def _started(self, recorded: RecordedEvent, event: Trip.StartConfirmed, db: Database) -> None:
        await db.execute(_STARTED, event.originator_id, event.started_at)

    async def _changed(self, recorded: RecordedEvent, event: Event, db: Database) -> None:
        reason = event.reason if isinstance(event, Trip.StartFailed) else None
        await db.execute(_STATE, event.originator_id, _STATES[type(event)], reason)

    async def _ended(self, recorded: RecordedEvent, event: Trip.Ended, db: Database) -> None:
        await db.execute(
            _ENDED,
            event.originator_id,
            event.ended_at,
            event.driving_s,
            event.parked_s,
            event.distance_m,
            event.forced,
            event.reason,
        )
