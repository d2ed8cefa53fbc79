"""How long a car may be kept, and how soon again: named rules, each a violation or nothing."""

from datetime import datetime

from domain.kernel.errors import Violation
from domain.rulebook.model import ReservationLimits


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
        detail="you held this car a short while ago: choose another one, or wait until free_at",
        values=values,
    )


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
