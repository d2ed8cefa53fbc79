"""The repeat-hold rule: nobody keeps a car to themselves by holding it again and again."""

from datetime import datetime

from domain.kernel.errors import Violation
from domain.rulebook.model import ReservationLimits


def repeat_hold(last_ended_at: datetime | None, limits: ReservationLimits, at: datetime) -> Violation | None:
    """Refuses a hold too soon after the same member's last hold of the same car that ended without a trip."""
    if last_ended_at is None or at >= last_ended_at + limits.repeat_hold:
        return None
    values = {"last_hold_ended_at": last_ended_at.isoformat(), "free_at": (last_ended_at + limits.repeat_hold).isoformat()}
    return Violation(
        code="reservation.repeat_hold",
        detail="you held this car a short while ago: choose another one, or wait until free_at",
        values=values,
    )
