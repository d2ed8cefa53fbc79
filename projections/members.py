"""The members' accounts."""

from typing import Any
from uuid import UUID

from domain.kernel.messages import RecordedEvent
from domain.members.member import Member
from projections.kernel.changes import Changes, Table
from projections.kernel.projector import EventProjection, Projector
from projections.kernel.writer import Database

MEMBERS = Table("members", ("member_id",))

_PERSONAL = """
select c.relname as table, string_agg(format('%I = null', a.attname), ', ') as nothing
from pg_class c join pg_attribute a on a.attrelid = c.oid
where c.relnamespace = to_regnamespace($1) and c.relkind = 'r' and a.attnum > 0 and not a.attisdropped
    and col_description(c.oid, a.attnum) like 'Personal:%'
group by c.relname
"""


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
            Member.Blocked: _always(blocked=True),
            Member.Unblocked: _always(blocked=False),
            Member.ReservationOpened: self._reservation_opened,
            Member.TripOpened: self._trip_opened,
            Member.Released: self._released,
        }

    def _registered(self, recorded: RecordedEvent, event: Member.Registered) -> Changes:
        yield MEMBERS.insert(
            member_id=event.originator_id,
            service=event.service,
            city_id=event.city_id,
            name=event.name,
            email=event.email,
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


async def forget(db: Database, schema: str, member_id: UUID) -> None:
    """Take out what is known of a person whose key was destroyed: the row becomes what a rebuild would make of it.

    In a generation of any release: the comment of a column says that it is personal, and it can be null.
    """
    for table, nothing in await db.fetch(_PERSONAL, schema):
        await db.execute(f"update {schema}.{table} set {nothing} where member_id = $1", member_id)  # noqa: S608


def _always(**values: Any) -> EventProjection:
    """The same values, whatever else the event says."""

    def changes(_recorded: RecordedEvent, event: Any) -> Changes:
        yield MEMBERS.update(event.originator_id, version=event.originator_version, **values)

    return changes
