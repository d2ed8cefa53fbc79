"""The charge guard: a price that is hard to believe is looked at by a person before anybody is charged."""

from datetime import timedelta

from domain.billing.pricing import TripFacts
from domain.kernel.approval import needs_two
from domain.kernel.errors import Violation
from domain.kernel.money import Money
from domain.rulebook.trip_limits import TripLimits

MOST_SPANS = 1_000
"""Nobody parks more often in one trip."""
FURTHEST_M = 3_000_000
"""Nobody drives further in a day."""
_DAY_S = 86_400


def review_reasons(limits: TripLimits, facts: TripFacts, gross: Money) -> tuple[Violation, ...]:
    """Why this charge must not be taken without a person's approval; nothing when it may."""
    found = (
        _too_long(limits, facts),
        _too_many_spans(facts),
        too_far(facts),
        _too_much(limits, gross),
        _below_nothing(gross),
    )
    return tuple(reason for reason in found if reason is not None)


def above_limit(gross: Money, limit: Money | None) -> Violation | None:
    """More than one person may decide by what they say."""
    if not needs_two(gross, limit):
        return None
    values = {"gross": str(gross), "limit": str(limit)}
    return Violation(code="charge.above_limit", detail="check the evidence: two persons decide", values=values)


def _too_long(limits: TripLimits, facts: TripFacts) -> Violation | None:
    if timedelta(seconds=facts.duration_s) <= limits.review_after:
        return None
    values = {"duration_s": facts.duration_s, "limit_s": int(limits.review_after.total_seconds())}
    return Violation(code="charge.trip_too_long", detail="check that the trip really lasted this long", values=values)


def _too_many_spans(facts: TripFacts) -> Violation | None:
    if len(facts.spans) <= MOST_SPANS:
        return None
    values = {"spans": len(facts.spans), "limit": MOST_SPANS}
    return Violation(code="charge.too_many_spans", detail="check what the car told of parking", values=values)


def too_far(facts: TripFacts) -> Violation | None:
    """More than anybody can drive in that time."""
    limit_m = FURTHEST_M * (facts.duration_s // _DAY_S + 1)
    if facts.distance_m <= limit_m:
        return None
    values = {"distance_m": facts.distance_m, "limit_m": limit_m}
    return Violation(code="charge.distance_too_long", detail="check the odometer of the car", values=values)


def _too_much(limits: TripLimits, gross: Money) -> Violation | None:
    limit = Money.of_currency(limits.review_above, gross.currency)
    if limit is None or gross <= limit:
        return None
    values = {"gross": str(gross), "limit": str(limit)}
    return Violation(code="charge.amount_too_high", detail="check the facts that the price comes from", values=values)


def _below_nothing(gross: Money) -> Violation | None:
    if gross.amount_minor >= 0:
        return None
    detail = "the payer is owed this: check what was agreed, nothing can be taken"
    return Violation(code="charge.below_nothing", detail=detail, values={"gross": str(gross)})
