"""Which periods may be reserved, and what may be done with a reservation when: each a violation or nothing."""

from datetime import datetime

from domain.kernel.calendar import Period
from domain.kernel.errors import RefusedError, Violation, refuse_if
from domain.rental.scheduled_plan import Plan, ScheduledState
from domain.rulebook.reservations import AheadLimits


def _not_offered() -> Violation:
    """A service without rules for it has no reservations ahead of time."""
    detail = "this service has no reservations ahead of time: reserve a car when you need it"
    return Violation(code="reservation.not_offered_ahead", detail=detail)


def offered(ahead: AheadLimits | None) -> AheadLimits:
    """The rules of reservations ahead of time. Refused where there are none."""
    if ahead is None:
        raise RefusedError(_not_offered())
    return ahead


def unfit_period(period: Period, ahead: AheadLimits, at: datetime) -> list[Violation]:
    """It has not begun by our clock, is not too far ahead, and neither too short nor too long."""
    times = {"from": period.begins.isoformat(), "until": period.ends.isoformat()}
    found = []
    if period.begins < at:
        detail = "choose a period that has not begun: `now` is the time here"
        found.append(
            Violation(code="reservation.begun_already", detail=detail, values={**times, "now": at.isoformat()})
        )
    if period.begins > (furthest := at + ahead.furthest):
        values = {**times, "furthest": furthest.isoformat()}
        found.append(Violation(code="reservation.too_far_ahead", detail="choose an earlier begin", values=values))
    return [*found, *unfit_length(period, ahead)]


def unfit_length(period: Period, ahead: AheadLimits) -> list[Violation]:
    """The whole period has a least and a greatest length, whatever it was extended by."""
    found = []
    if period.length < ahead.shortest:
        values = {"until": period.ends.isoformat(), "earliest": (period.begins + ahead.shortest).isoformat()}
        found.append(Violation(code="reservation.too_short", detail="choose a longer period", values=values))
    if period.length > ahead.longest:
        values = {"until": period.ends.isoformat(), "latest": (period.begins + ahead.longest).isoformat()}
        detail = "a car cannot be kept for longer than this"
        found.append(Violation(code="reservation.too_long", detail=detail, values=values))
    return found


def over(
    state: ScheduledState, period: Period, at: datetime, *, allowed: tuple[ScheduledState, ...]
) -> Violation | None:
    """Nothing is done with a reservation that came to its end, or whose period is over."""
    if state in allowed and at < period.ends:
        return None
    values = {"closed_as": state, "booked_until": period.ends.isoformat()}
    return Violation(code="reservation.not_open", detail="the reservation has ended: make a new one", values=values)


def too_early(plan: Plan, at: datetime) -> Violation | None:
    """The car may be another's until the period is near."""
    if at >= plan.starts_from:
        return None
    values = {"starts_from": plan.starts_from.isoformat(), "now": at.isoformat()}
    return Violation(code="reservation.too_early", detail="come back when the trip may start", values=values)


def shortened_too_late(plan: Plan, at: datetime) -> Violation | None:
    """Near its begin, a shorter period would be a cancellation that costs nothing."""
    if at < plan.shortened_until:
        return None
    values = {"shortened_until": plan.shortened_until.isoformat()}
    detail = "it is too late to shorten it: bring the car back earlier, or cancel"
    return Violation(code="reservation.shortened_too_late", detail=detail, values=values)


def past_end(until: datetime, begins: datetime, at: datetime) -> Violation | None:
    """A new end lies after the begin, and is still to come."""
    if until > max(begins, at):
        return None
    values = {"until": until.isoformat(), "now": at.isoformat()}
    return Violation(code="reservation.end_passed", detail="choose an end that is still to come", values=values)


def with_end(period: Period, until: datetime, plan: Plan, ahead: AheadLimits, at: datetime) -> Period:
    """The period with another end. Refused when the rules do not allow that."""
    refuse_if([past_end(until, period.begins, at)])
    changed = Period(begins=period.begins, ends=until)
    late = shortened_too_late(plan, at) if until < period.ends else None
    refuse_if([late, *unfit_length(changed, ahead)])
    return changed
