"""Whether an element applies to a trip at all."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from domain.billing.pricing.facts import TripFacts
from domain.rulebook.adjustments import Adjustment, MinimumFare
from domain.rulebook.bookings import BookingRate
from domain.rulebook.conditions import NOT_DRIVEN, Condition
from domain.rulebook.elements import Element, Package
from domain.rulebook.rates import AgreedAmount, FlatFee, ReservationRate
from domain.rulebook.tariff import Tariff
from domain.rulebook.windows import Window


def applies(element: Element | Package, tariff: Tariff, facts: TripFacts, package: Package | None) -> bool:
    """By its conditions; and where the car was never driven, only what a reservation costs."""
    if facts.reservation_only and not _is_without_a_trip(element, facts):
        return False
    if element.when and not _holds(element.when, tariff, facts, package):
        return False
    return not (element.unless and _holds(element.unless, tariff, facts, package))


def _is_without_a_trip(element: Element | Package, facts: TripFacts) -> bool:
    """What a hold or a booking costs, and what says itself that it is for bookings that came to nothing."""
    if isinstance(element, FlatFee | MinimumFare):
        return element.when is not None and element.when.booking in NOT_DRIVEN
    if isinstance(element, BookingRate | AgreedAmount):
        return facts.booking is not None
    return isinstance(element, ReservationRate | Adjustment)


def _holds(condition: Condition, tariff: Tariff, facts: TripFacts, package: Package | None) -> bool:
    return (
        (condition.option is None or condition.option in facts.options)
        and (not condition.begins or begins_in(condition.begins, tariff, facts.started_at))
        and (condition.start_zone is None or condition.start_zone in facts.start_zones)
        and (condition.end_zone is None or condition.end_zone in facts.end_zones)
        and condition.from_s <= facts.duration_s
        and (condition.until_s is None or facts.duration_s < condition.until_s)
        and (not condition.in_package or package is not None)
        and (condition.booking is None or condition.booking == facts.booking)
        and _is_cancelled_so(condition, facts)
        and _has_energy(condition, facts)
    )


def _is_cancelled_so(condition: Condition, facts: TripFacts) -> bool:
    within, least, below = condition.cancelled_within_s, condition.notice_from_s, condition.notice_until_s
    if within is None and least is None and below is None:
        return True
    made, begins, cancelled = facts.booked_at, facts.booked_from, facts.cancelled_at
    if begins is None or cancelled is None:
        return False
    notice = begins - cancelled
    return (
        (within is None or (made is not None and cancelled - made <= timedelta(seconds=within)))
        and (least is None or notice >= timedelta(seconds=least))
        and (below is None or notice < timedelta(seconds=below))
    )


def _has_energy(condition: Condition, facts: TripFacts) -> bool:
    start, end = facts.energy_start, facts.energy_end
    start_below, end_below, end_from = (
        condition.start_energy_below,
        condition.end_energy_below,
        condition.end_energy_from,
    )
    return (
        (start_below is None or (start is not None and start < start_below))
        and (end_below is None or (end is not None and end < end_below))
        and (end_from is None or (end is not None and end >= end_from))
    )


def begins_in(windows: tuple[Window, ...], tariff: Tariff, moment: datetime) -> bool:
    """Whether a moment lies in one of the windows, by the clock of the tariff."""
    local = moment.astimezone(ZoneInfo(tariff.timezone))
    return any(window.contains(local) for window in windows)
