"""Whether an element applies to a trip at all."""

from datetime import datetime
from zoneinfo import ZoneInfo

from domain.billing.pricing.facts import TripFacts
from domain.rulebook.adjustments import Adjustment, MinimumFare
from domain.rulebook.conditions import Condition
from domain.rulebook.elements import Element, Package
from domain.rulebook.rates import ReservationRate
from domain.rulebook.tariff import Tariff
from domain.rulebook.windows import Window


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
    return (
        (condition.option is None or condition.option in facts.options)
        and (not condition.begins or begins_in(condition.begins, tariff, facts.started_at))
        and (condition.start_zone is None or condition.start_zone in facts.start_zones)
        and (condition.end_zone is None or condition.end_zone in facts.end_zones)
        and condition.from_s <= facts.duration_s
        and (condition.until_s is None or facts.duration_s < condition.until_s)
        and (not condition.in_package or package is not None)
    )


def begins_in(windows: tuple[Window, ...], tariff: Tariff, moment: datetime) -> bool:
    """Whether a moment lies in one of the windows, by the clock of the tariff."""
    local = moment.astimezone(ZoneInfo(tariff.timezone))
    return any(window.contains(local) for window in windows)
