"""Reservations and trips, live and past."""

from domain.kernel.aggregate import Event
from domain.kernel.messages import RecordedEvent
from domain.rental.reservation import Reservation
from domain.rental.trip import Trip
from projections.kernel.changes import Changes, Table
from projections.kernel.projector import Projector

RESERVATIONS = Table("reservations", ("reservation_id",))
TRIPS = Table("trips", ("trip_id",))

_STATES: dict[type[Event], str] = {
    Trip.UnlockRequested: "starting",
    Trip.StartFailed: "start_failed",
    Trip.Parked: "parked",
    Trip.Resumed: "running",
    Trip.EndRequested: "ending",
    Trip.EndTakenBack: "running",
}


class RentalProjector(Projector):
    """One row per reservation, one per trip."""

    NAME = "rental"
    PARALLEL = True
    TABLES = (RESERVATIONS, TRIPS)
    READS = frozenset(
        (
            "timestamp",
            "member_id",
            "vehicle_id",
            "city_id",
            "reservation_id",
            "trip_id",
            "placed_at",
            "free_until",
            "expires_at",
            "started_at",
            "ended_at",
            "driving_s",
            "parked_s",
            "distance_m",
            "forced",
            "reason",
        )
    )

    def __init__(self) -> None:
        super().__init__()
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
            Trip.Corrected: self._corrected,
            **dict.fromkeys(_STATES, self._changed),
        }

    def _placed(self, recorded: RecordedEvent, event: Reservation.Placed) -> Changes:
        yield RESERVATIONS.insert(
            reservation_id=event.originator_id,
            service=recorded.metadata.service,
            member_id=event.member_id,
            vehicle_id=event.vehicle_id,
            city_id=event.city_id,
            state="open",
            placed_at=event.placed_at,
            free_until=event.free_until,
            expires_at=event.expires_at,
        )

    def _until(self, recorded: RecordedEvent, event: Reservation.Extended | Reservation.GivenBack) -> Changes:
        yield RESERVATIONS.update(event.originator_id, expires_at=event.expires_at, state="open", trip_id=None)

    def _cancelled(self, recorded: RecordedEvent, event: Reservation.Cancelled) -> Changes:
        yield RESERVATIONS.update(event.originator_id, state="cancelled", trip_id=None)

    def _expired(self, recorded: RecordedEvent, event: Reservation.Expired) -> Changes:
        yield RESERVATIONS.update(event.originator_id, state="expired", trip_id=None)

    def _converted(self, recorded: RecordedEvent, event: Reservation.Converted) -> Changes:
        yield RESERVATIONS.update(event.originator_id, state="converted", trip_id=event.trip_id)

    def _requested(self, recorded: RecordedEvent, event: Trip.Requested) -> Changes:
        yield TRIPS.insert(
            trip_id=event.originator_id,
            service=recorded.metadata.service,
            member_id=event.member_id,
            vehicle_id=event.vehicle_id,
            reservation_id=event.reservation_id,
            city_id=event.city_id,
            state="requested",
            requested_at=event.timestamp,
        )

    def _started(self, recorded: RecordedEvent, event: Trip.StartConfirmed) -> Changes:
        yield TRIPS.update(event.originator_id, state="running", started_at=event.started_at)

    def _changed(self, recorded: RecordedEvent, event: Event) -> Changes:
        reason = event.reason if isinstance(event, Trip.StartFailed) else None
        yield TRIPS.update(event.originator_id, state=_STATES[type(event)], reason=reason)

    def _ended(self, recorded: RecordedEvent, event: Trip.Ended) -> Changes:
        yield TRIPS.update(
            event.originator_id,
            state="ended",
            ended_at=event.ended_at,
            driving_s=event.driving_s,
            parked_s=event.parked_s,
            distance_m=event.distance_m,
            forced=event.forced,
        )

    def _corrected(self, recorded: RecordedEvent, event: Trip.Corrected) -> Changes:
        yield TRIPS.update(
            event.originator_id,
            ended_at=event.ended_at,
            driving_s=event.driving_s,
            parked_s=event.parked_s,
            distance_m=event.distance_m,
            corrected=True,
        )
