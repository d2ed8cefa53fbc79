"""The members' accounts."""

from uuid import UUID

from domain.kernel.aggregate import Event
from domain.kernel.messages import RecordedEvent
from domain.members.member import Member
from projections.projector import Database, Projector

_REGISTERED = """
insert into read_v1.members (member_id, service, city_id, name, email, registered_at, version)
values ($1, $2, $3, $4, $5, $6, $7)
on conflict (member_id) do nothing
"""
_SET = "update read_v1.members set {column} = $2, version = $3 where member_id = $1"
_LICENCE = """
update read_v1.members set licence_state = 'submitted', licence_expires_on = $2, version = $3 where member_id = $1
"""
_METHODS = "update read_v1.members set payment_methods = payment_methods + $2, version = $3 where member_id = $1"
_OCCUPIED = """
update read_v1.members set status = $2, reservation_id = $3, trip_id = $4, version = $5 where member_id = $1
"""
_FORGET = "update read_v1.members set name = null, email = null where member_id = $1"


async def forget(db: Database, member_id: UUID) -> None:
    """Take out what is known of a person whose key was destroyed: the row becomes what a rebuild would make of it."""
    await db.execute(_FORGET, member_id)


class MembersProjector(Projector):
    """One row per member."""

    NAME = "members"
    TABLES = ("read_v1.members",)

    def __init__(self) -> None:
        self.on = {
            Member.Registered: self._registered,
            Member.EmailVerified: self._email_verified,
            Member.LicenceSubmitted: self._licence_submitted,
            Member.LicenceVerified: self._licence_verified,
            Member.LicenceRejected: self._licence_rejected,
            Member.PaymentMethodAdded: self._method_added,
            Member.PaymentMethodRemoved: self._method_removed,
            Member.Blocked: self._blocked,
            Member.Unblocked: self._unblocked,
            Member.ReservationOpened: self._reservation_opened,
            Member.RentalOpened: self._rental_opened,
            Member.Released: self._released,
        }

    async def _registered(self, recorded: RecordedEvent, event: Member.Registered, db: Database) -> None:
        await db.execute(
            _REGISTERED,
            *(event.originator_id, event.service, event.city_id, event.name, event.email, event.timestamp, 1),
        )

    async def _email_verified(self, recorded: RecordedEvent, event: Member.EmailVerified, db: Database) -> None:
        await self._set(event, "email_verified", True, db)

    async def _licence_submitted(self, recorded: RecordedEvent, event: Member.LicenceSubmitted, db: Database) -> None:
        await db.execute(_LICENCE, event.originator_id, event.expires_on, event.originator_version)

    async def _licence_verified(self, recorded: RecordedEvent, event: Member.LicenceVerified, db: Database) -> None:
        await self._set(event, "licence_state", "verified", db)

    async def _licence_rejected(self, recorded: RecordedEvent, event: Member.LicenceRejected, db: Database) -> None:
        await self._set(event, "licence_state", "rejected", db)

    async def _method_added(self, recorded: RecordedEvent, event: Member.PaymentMethodAdded, db: Database) -> None:
        await db.execute(_METHODS, event.originator_id, 1, event.originator_version)

    async def _method_removed(self, recorded: RecordedEvent, event: Member.PaymentMethodRemoved, db: Database) -> None:
        await db.execute(_METHODS, event.originator_id, -1, event.originator_version)

    async def _blocked(self, recorded: RecordedEvent, event: Member.Blocked, db: Database) -> None:
        await self._set(event, "blocked", True, db)

    async def _unblocked(self, recorded: RecordedEvent, event: Member.Unblocked, db: Database) -> None:
        await self._set(event, "blocked", False, db)

    async def _reservation_opened(self, recorded: RecordedEvent, event: Member.ReservationOpened, db: Database) -> None:
        row = (event.originator_id, "IN_RESERVATION", event.reservation_id, None, event.originator_version)
        await db.execute(_OCCUPIED, *row)

    async def _rental_opened(self, recorded: RecordedEvent, event: Member.RentalOpened, db: Database) -> None:
        row = (event.originator_id, "IN_RENTAL", None, event.trip_id, event.originator_version)
        await db.execute(_OCCUPIED, *row)

    async def _released(self, recorded: RecordedEvent, event: Member.Released, db: Database) -> None:
        status = "IDLE" if event.to_reservation is None else "IN_RESERVATION"
        await db.execute(_OCCUPIED, event.originator_id, status, event.to_reservation, None, event.originator_version)

    @staticmethod
    async def _set(event: Event, column: str, value: bool | str, db: Database) -> None:
        await db.execute(_SET.format(column=column), event.originator_id, value, event.originator_version)
