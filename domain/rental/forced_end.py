"""When an agent may date the end of a trip, and what speaks against the time that they give."""

from collections.abc import Sequence
from datetime import datetime

from domain.fleet.readiness import is_moving
from domain.fleet.state import VehicleReadings
from domain.fleet.vehicle import Vehicle
from domain.kernel.errors import Violation
from domain.rental.evidence import Evidence
from domain.rental.meter import PhaseStart
from domain.rulebook.trip_limits import TripLimits


def violations(phases: Sequence[PhaseStart], ended_at: datetime, reason: str, at: datetime) -> list[Violation]:
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
    return found


def doubts(
    ended_at: datetime, vehicle: Vehicle, newest: VehicleReadings, evidence: Evidence, limits: TripLimits, at: datetime
) -> tuple[Violation, ...]:
    """Why the trip may not have ended then: it is ended all the same, and looked at before anything is charged."""
    found = (
        _without_evidence(evidence, vehicle),
        _contradicted(ended_at, vehicle, newest),
        far_back(ended_at, limits, at),
    )
    return tuple(doubt for doubt in found if doubt is not None)


def _without_evidence(evidence: Evidence, vehicle: Vehicle) -> Violation | None:
    out_of_contact = vehicle.out_of_contact()
    missing = [violation.code for violation in (*evidence.missing, *([out_of_contact] if out_of_contact else []))]
    if not missing:
        return None
    detail = "the car does not show that the trip had ended: look for what does, such as a photo"
    return Violation(code="trip.end_without_evidence", detail=detail, values={"missing": missing})


def _contradicted(ended_at: datetime, vehicle: Vehicle, newest: VehicleReadings) -> Violation | None:
    """Whose ignition was switched later was on later, and what moves later has not ended."""
    switched_at, speed = vehicle.shown_since("ignition_on", newest), newest.speed_kmh
    moved_at = speed.at if speed is not None and is_moving(newest, switched_at) else None
    later = [at for at in (switched_at, moved_at) if at is not None and at > ended_at]
    if not later:
        return None
    values = {"ended_at": ended_at.isoformat(), "driven_at": max(later).isoformat()}
    detail = "the car shows that it was used after this time: check when the trip really ended"
    return Violation(code="trip.end_contradicted", detail=detail, values=values)


def far_back(ended_at: datetime, limits: TripLimits, at: datetime) -> Violation | None:
    """A time that few remember well."""
    oldest = at - limits.maximum_backdating
    if ended_at >= oldest:
        return None
    values = {"ended_at": ended_at.isoformat(), "oldest": oldest.isoformat()}
    detail = "the end is dated far back: check when the trip really ended"
    return Violation(code="trip.end_dated_far_back", detail=detail, values=values)
