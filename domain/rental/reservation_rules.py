"""How long a car may be kept, how soon again, and who may start with it: named rules, each a violation or nothing."""

from datetime import datetime, timedelta

from domain.kernel.errors import Violation
from domain.kernel.ids import MemberId, VehicleId
from domain.rulebook.reservations import ReservationLimits

NOTICE = timedelta(minutes=5)
"""How long before its end a member is told that a reservation will expire."""


def cooldown(last_ended_at: datetime | None, limits: ReservationLimits, at: datetime) -> Violation | None:
    """Refuses a hold too soon after the same member's last hold of the same car that ended without a trip."""
    if last_ended_at is None or at >= last_ended_at + limits.cooldown:
        return None
    values = {
        "last_reservation_ended_at": last_ended_at.isoformat(),
        "free_at": (last_ended_at + limits.cooldown).isoformat(),
    }
    return Violation(
        code="reservation.cooldown",
        detail="you held this car a short while ago: choose another one, or come back later",
        values=values,
    )


def not_open(closed_as: str | None, expires_at: datetime, at: datetime) -> Violation | None:
    """Nothing is done with a reservation that was closed, or whose time is up."""
    if closed_as is None and at < expires_at:
        return None
    values = {"closed_as": closed_as or "expired", "expires_at": expires_at.isoformat()}
    return Violation(code="reservation.not_open", detail="the reservation has ended: make a new one", values=values)


def not_longer(until: datetime, expires_at: datetime) -> Violation | None:
    """An extension ends after the present end."""
    if until > expires_at:
        return None
    values = {"until": until.isoformat(), "expires_at": expires_at.isoformat()}
    return Violation(code="reservation.not_longer", detail="ask for a time after the present end", values=values)


def too_long(until: datetime, latest: datetime) -> Violation | None:
    """Free and paid time together have a maximum."""
    if until <= latest:
        return None
    values = {"until": until.isoformat(), "latest": latest.isoformat()}
    return Violation(code="reservation.too_long", detail="a car cannot be kept for longer than this", values=values)


def of_another_member(reserved_by: MemberId, asked_by: MemberId) -> Violation | None:
    """A reservation is nobody else's."""
    if asked_by == reserved_by:
        return None
    return Violation(code="reservation.of_another_member", detail="only the member who reserved may start the trip")


def of_another_car(reserved: VehicleId, asked: VehicleId) -> Violation | None:
    """A reservation is of one car."""
    if asked == reserved:
        return None
    values = {"reserved": str(reserved), "asked": str(asked)}
    return Violation(code="reservation.of_another_car", detail="start with the car that you reserved", values=values)
