"""When an agent may date the end of a trip."""

from collections.abc import Sequence
from datetime import datetime

from domain.kernel.errors import Violation
from domain.rental.meter import PhaseStart
from domain.rulebook.model import TripLimits


def violations(
    phases: Sequence[PhaseStart], ended_at: datetime, reason: str, limits: TripLimits, at: datetime
) -> list[Violation]:
    """Every rule that the end an agent wants breaks."""
    found = []
    values = {"ended_at": ended_at.isoformat(), "now": at.isoformat()}
    if not reason.strip():
        found.append(Violation(code="trip.end_without_reason", detail="say why the trip is ended for the member"))
    if phases and ended_at < phases[0].since:
        started = {**values, "started_at": phases[0].since.isoformat()}
        found.append(Violation(code="trip.end_before_start", detail="choose a time after the start", values=started))
    if ended_at > at:
        found.append(Violation(code="trip.end_in_future", detail="choose a time that has passed", values=values))
    if ended_at < at - limits.maximum_backdating:
        oldest = {**values, "oldest": (at - limits.maximum_backdating).isoformat()}
        found.append(Violation(code="trip.end_too_old", detail="the end may not be dated so far back", values=oldest))
    return found
