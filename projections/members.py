"""The members' accounts."""

from typing import Any

from domain.kernel.messages import RecordedEvent
from domain.members.member import Member
from projections.kernel.changes import Changes, Table
from projections.kernel.projector import EventProjection, Projector

MEMBERS = Table("members", ("member_id",))


class MembersProjector(Projector):
    """One row per member."""

    NAME = "members"
    PARALLEL = True
    TABLES = (MEMBERS,)

    def __init__(self) -> None:
        super().__init__()
        self.on = {
            Member.Registered: self._registered,
            Member.EmailVerified: _always(email_verified=True),
            Member.LicenceSubmitted: self._licence_submitted,
            Member.LicenceVerified: _always(licence_state="verified"),
            Member.LicenceRejected: _always(licence_state="rejected"),
            Member.PaymentMethodAdded: self._method_added,
            Member.PaymentMethodRemoved: self._method_removed,
            Member.HeldForReview: _always(in_review=True),
            Member.ReviewCleared: _always(in_review=False),
            Member.Blocked: _always(blocked=True),
            Member.Unblocked: _always(blocked=False),
            Member.Erased: self._erased,
            Member.ReservationOpened: self._reservation_opened,
            Member.TripOpened: self._trip_opened,
            Member.Released: self._released,
        }

    def _registered(self, recorded: RecordedEvent, event: Member.Registered) -> Changes:
        yield MEMBERS.insert(
            member_id=event.originator_id,
            service=event.service,
            city_id=event.city_id,
            payment_methods=0,
            registered_at=event.timestamp,
            version=1,
        )

    def _licence_submitted(self, recorded: RecordedEvent, event: Member.LicenceSubmitted) -> Changes:
        licence = {"licence_state": "submitted", "licence_expires_on": event.expires_on}
        yield MEMBERS.update(event.originator_id, version=event.originator_version, **licence)

    def _method_added(self, recorded: RecordedEvent, event: Member.PaymentMethodAdded) -> Changes:
        yield MEMBERS.update(event.originator_id, {"payment_methods": 1}, version=event.originator_version)

    def _method_removed(self, recorded: RecordedEvent, event: Member.PaymentMethodRemoved) -> Changes:
        yield MEMBERS.update(event.originator_id, {"payment_methods": -1}, version=event.originator_version)

    def _erased(self, recorded: RecordedEvent, event: Member.Erased) -> Changes:
        gone = {"licence_expires_on": None, "payment_methods": 0, "erased_at": event.timestamp}
        yield MEMBERS.update(event.originator_id, version=event.originator_version, **gone)

    def _reservation_opened(self, recorded: RecordedEvent, event: Member.ReservationOpened) -> Changes:
        occupied = {"state": "in_reservation", "reservation_id": event.reservation_id, "trip_id": None}
        yield MEMBERS.update(event.originator_id, version=event.originator_version, **occupied)

    def _trip_opened(self, recorded: RecordedEvent, event: Member.TripOpened) -> Changes:
        occupied = {"state": "in_trip", "reservation_id": None, "trip_id": event.trip_id}
        yield MEMBERS.update(event.originator_id, version=event.originator_version, **occupied)

    def _released(self, recorded: RecordedEvent, event: Member.Released) -> Changes:
        state = "idle" if event.to_reservation is None else "in_reservation"
        occupied = {"state": state, "reservation_id": event.to_reservation, "trip_id": None}
        yield MEMBERS.update(event.originator_id, version=event.originator_version, **occupied)


def _always(**values: Any) -> EventProjection:
    """The same values, whatever else the event says."""

    def changes(_recorded: RecordedEvent, event: Any) -> Changes:
        yield MEMBERS.update(event.originator_id, version=event.originator_version, **values)

    return changes
