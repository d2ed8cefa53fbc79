"""Identifiers. Each kind has its own type, so that a vehicle's id cannot be passed for a member's."""

from typing import NewType
from uuid import UUID, uuid5

MemberId = NewType("MemberId", UUID)
VehicleId = NewType("VehicleId", UUID)
ZoneId = NewType("ZoneId", UUID)
TaskId = NewType("TaskId", UUID)
ReservationId = NewType("ReservationId", UUID)
TripId = NewType("TripId", UUID)
PaymentId = NewType("PaymentId", UUID)
PayerId = NewType("PayerId", UUID)
"""Who pays, be it for a trip of their own or of another; today a member, by their id."""
ChargeId = NewType("ChargeId", UUID)
InvoiceId = NewType("InvoiceId", UUID)
CommandId = NewType("CommandId", UUID)

_NAMESPACE = UUID("6f0f54b5-9d0f-5c35-9c4f-3a0f0d1c2b3a")


def event_id(originator_id: UUID, originator_version: int) -> UUID:
    """The id by which what follows from an event names it: its causation."""
    return derived_id(originator_id, originator_version)


def derived_id(*parts: object) -> UUID:
    """The same id for the same parts, for ever: what makes a replayed policy repeat nothing.

    Of the newest time among parts that have one (UUIDs of version 7), so that an index takes what is of one time
    side by side; without any it is a UUID of version 5.
    """
    digest = uuid5(_NAMESPACE, "\x1f".join(map(str, parts)))
    timed = [part.int for part in parts if isinstance(part, UUID) and part.version == TIME_ORDERED]
    return of_the_time_of(UUID(int=max(timed)), digest.int) if timed else digest


TIME_ORDERED = 7
"""Version of the UUIDs that begin with their time (RFC 9562, 5.7)."""
_TIME = 0xFFFFFFFFFFFF << 80
_VERSION_AND_VARIANT = 0xF << 76 | 0x3 << 62


def of_the_time_of(base: UUID, digest: int) -> UUID:
    """A UUID of version 7 of the same millisecond, whose other 74 bits are those of a digest of 128."""
    other = digest & ~(_TIME | _VERSION_AND_VARIANT)
    return UUID(int=base.int & _TIME | other | TIME_ORDERED << 76 | 0x2 << 62)
