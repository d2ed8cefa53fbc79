"""Whether an element applies to a trip at all."""

from zoneinfo import ZoneInfo

from domain.billing.pricing.facts import TripFacts
from domain.billing.pricing.timeline import in_windows
from domain.rulebook.adjustments import Adjustment, MinimumFare
from domain.rulebook.conditions import Condition
from domain.rulebook.elements import Element, Package
from domain.rulebook.rates import ReservationRate
from domain.rulebook.tariff import Tariff


def applies(element: Element | Package, tariff: Tariff, facts: TripFacts, package: Package | None) -> bool:
    """By its conditions; and where the car was never driven, only what a reservation costs."""
    if facts.reservation_only and (
        isinstance(element, MinimumFare) or not isinstance(element, ReservationRate | Adjustment)
    ):
        return False
    if element.when and not _holds(element.when, tariff, facts, package):
        return False
    return not (element.unless and _holds(element.unless, tariff, facts, package))


def _holds(condition: Condition, tariff: Tariff, facts: TripFacts, package: Package | None) -> bool:
    zone, duration_s = ZoneInfo(tariff.timezone), facts.duration_s
    return (
        (condition.option is None or condition.option in facts.options)
        and (not condition.begins or in_windows(condition.begins, facts.started_at, 0, zone))
        and (condition.start_zone is None or condition.start_zone in facts.start_zones)
        and (condition.end_zone is None or condition.end_zone in facts.end_zones)
        and condition.from_s <= duration_s
        and (condition.until_s is None or duration_s < condition.until_s)
        and (not condition.in_package or package is not None)
    )
