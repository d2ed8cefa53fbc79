"""Reservations and trips, live and past."""

from domain.kernel.aggregate import Event
from domain.kernel.messages import RecordedEvent
from domain.rental.reservation import Reservation
from domain.rental.reservation_event_bases import ScheduledEvent
from domain.rental.scheduled import ScheduledReservation
from domain.rental.trip import Trip
from projections.kernel.changes import Changes, Table
from projections.kernel.projector import Projector

RESERVATIONS = Table("reservations", ("reservation_id",))
SCHEDULED = Table("scheduled_reservations", ("scheduled_reservation_id",))
TRIPS = Table("trips", ("trip_id",))

_STATES: dict[type[Event], str] = {
    Trip.UnlockRequested: "starting",
    Trip.StartFailed: "start_failed",
    Trip.Parked: "parked",
    Trip.Resumed: "running",
    Trip.EndRequested: "ending",
    Trip.EndTakenBack: "running",
}
_SCHEDULED: tuple[type[Event], ...] = (
    ScheduledReservation.Pinned,
    ScheduledReservation.CarReplaced,
    ScheduledReservation.Changed,
    ScheduledReservation.Cancelled,
    ScheduledReservation.NoShow,
    ScheduledReservation.CarMissing,
    ScheduledReservation.Converted,
    ScheduledReservation.GivenBack,
    ScheduledReservation.Completed,
)


class RentalProjector(Projector):
    """One row per reservation of either kind, one per trip."""

    NAME = "rental"
    PARALLEL = True
    TABLES = (RESERVATIONS, SCHEDULED, TRIPS)
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
            "model",
            "wish",
            "purpose",
            "period",
            "quote",
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
            ScheduledReservation.Placed: self._promised,
            **dict.fromkeys(_SCHEDULED, self._scheduled),
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

    def _promised(self, recorded: RecordedEvent, event: ScheduledReservation.Placed) -> Changes:
        yield SCHEDULED.insert(
            scheduled_reservation_id=event.originator_id,
            service=recorded.metadata.service,
            member_id=event.member_id,
            vehicle_id=event.vehicle_id,
            car_chosen=event.wish.vehicle_id is not None,
            city_id=event.city_id,
            model=event.quote.model,
            state="placed",
            purpose=event.purpose,
            placed_at=event.timestamp,
            booked_from=event.period.begins,
            booked_until=event.period.ends,
        )

    def _scheduled(self, recorded: RecordedEvent, event: ScheduledEvent) -> Changes:
        """What its state is then, and what else is new: car, end, or trip."""
        new: dict[str, object] = {"state": event.STATE} if event.STATE else {}
        if isinstance(event, ScheduledReservation.Changed):
            new["booked_until"] = event.period.ends
        if isinstance(event, ScheduledReservation.CarReplaced):
            new |= {"vehicle_id": event.vehicle_id, "model": event.model}
        if isinstance(event, ScheduledReservation.Converted | ScheduledReservation.GivenBack):
            new["trip_id"] = getattr(event, "trip_id", None)
        yield SCHEDULED.update(event.originator_id, **new)

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
