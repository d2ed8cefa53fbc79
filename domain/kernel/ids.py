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
    """The same id for the same parts, for ever (UUID version 5): what makes a replayed policy repeat nothing."""
    return uuid5(_NAMESPACE, "\x1f".join(map(str, parts)))
