"""The elements that add: rates for time, distance and reservation, fees, agreed amounts, packages."""

from collections.abc import Callable
from decimal import Decimal
from math import lcm
from typing import Any

from domain.billing.pricing.bookings import BOOKINGS
from domain.billing.pricing.course import Course
from domain.billing.pricing.entering import UNITS, meter, once, unit_of_time
from domain.billing.pricing.parts import Sheet
from domain.billing.pricing.ticks import AtOnce, Held, Places, Reached, Run, Ticks, first_of_days, intervals
from domain.rulebook.elements import Package
from domain.rulebook.rates import (
    DAY,
    AgreedAmount,
    DistanceRate,
    FlatFee,
    ReservationRate,
    TimeRate,
    ZoneFee,
)
from domain.rulebook.tariff import Tariff

MILLIMETRES = {"km": 1_000_000, "mi": 1_609_344}


def _time(rate: TimeRate, _: Tariff, package: Package | None, sheet: Sheet) -> None:
    course, clock = sheet.course, sheet.course.clock(rate.phase, rate.free_each_s)
    begins = package.duration_s if package and not rate.in_package else 0
    ends = course.duration_s
    if rate.clock == "trip":
        begins, ends = max(begins, rate.start_s), ends if rate.end_s is None else min(ends, rate.end_s)
    shown, total = 0, clock.total
    if begins or ends < course.duration_s:
        shown = clock.at(begins)
        total = max(0, clock.at(ends) - shown)
    used = {f"{rate.phase}_s": str(total)}
    if rate.calendar_day:
        days = Places(first_of_days(clock, begins, ends, course))
        meter(rate, sheet, days, (days.count, 1, 1), UNITS[DAY], used, _inside(rate, course))
        return
    start, end = (0, None) if rate.clock == "trip" else (rate.start_s, rate.end_s)
    reaches = rate.counting == "reached" and _reaches(rate, course, begins, shown + total, ran=total > 0)
    found = intervals(total, rate.interval_s, start, end, rate.counting, reaches=reaches, step=rate.step_s)
    ticks: Ticks
    if rate.counting == "reached":
        ticks = Reached(clock, begins, shown + start, rate.interval_s or 1, found[0])
    else:
        ticks = Run(clock, shown + start, rate.interval_s or 1, found[0])
    meter(rate, sheet, ticks, found, unit_of_time(rate.interval_s), used, _inside(rate, course))


def _inside(rate: TimeRate, course: Course) -> list[bool] | None:
    """For each cell, whether its time counts; none where all does."""
    if not rate.windows:
        return None
    inside = course.inside(rate)
    return [not within for within in inside] if rate.outside else inside


def _reaches(rate: TimeRate, course: Course, begins: int, shown: int, *, ran: bool) -> bool:
    """Whether an interval may begin just as the clock stops: it must have run, and stopped before the rate ends."""
    if not ran and (rate.phase != "any" or begins > course.duration_s):
        return False
    if rate.clock == "phase" or rate.end_s is None:
        return True
    return (course.clock(rate.phase, rate.free_each_s).stopped(shown) if ran else begins) < rate.end_s


def _distance(rate: DistanceRate, tariff: Tariff, package: Package | None, sheet: Sheet) -> None:
    course, metres = sheet.course, sheet.course.facts.distance_m
    included = package.included if package else _included(rate, course)
    begins = max(rate.start, included)
    numerator, of = begins.as_integer_ratio()
    if metres * 1000 * of < numerator * MILLIMETRES[tariff.distance_unit]:
        return  # as most trips do
    lengths = [begins, rate.interval, Decimal(0) if rate.end is None else rate.end]
    ratios = [length.as_integer_ratio() for length in lengths]
    finest = lcm(*(denominator for _, denominator in ratios))
    whole = MILLIMETRES[tariff.distance_unit] * finest
    start, interval, end = (numerator * whole // denominator for numerator, denominator in ratios)
    total = metres * 1000 * finest
    until = None if rate.end is None else end
    found = intervals(total, interval, start, until, rate.counting, reaches=True)
    ticks = _along_the_way(course, total, start, interval or 1, found[0])
    unit = tariff.distance_unit if rate.interval == 1 else f"{rate.interval} {tariff.distance_unit}"
    used = {"distance_m": str(metres), f"included_{tariff.distance_unit}": str(included)}
    meter(rate, sheet, ticks, found, unit, used)


def _included(rate: DistanceRate, course: Course) -> Decimal:
    """Distance that costs nothing without a package."""
    if rate.allowances:
        lasts, begins, grown = max(1, course.duration_s, course.facts.booked_s), 0, Decimal(0)
        for allowance in rate.allowances:
            within = min(lasts, allowance.until_s) - begins
            grown += allowance.more * max(0, -(-within // allowance.every_s))
            begins = allowance.until_s
        return grown
    periods = max(1, -(-course.duration_s // rate.included_every_s)) if rate.included_every_s else 1
    return rate.included_once + rate.included * periods


def _along_the_way(course: Course, total: int, start: int, interval: int, count: int) -> Ticks:
    """The way is taken to be driven evenly over the driving time."""
    clock = course.clock("driving")
    if not total or not clock.total:
        return AtOnce(course.duration_s if total else 0, count)
    at_end = count and start + (count - 1) * interval == total
    last_at = clock.stopped(clock.total) if at_end else None
    return Run(clock, start * clock.total, interval * clock.total, count, total, last_at)


def _reservation(rate: ReservationRate, _: Tariff, __: Package | None, sheet: Sheet) -> None:
    course = sheet.course
    if course.facts.reserved_at is None:
        return
    held_s = course.held_s
    found = intervals(held_s, rate.interval_s, rate.free_s, None, rate.counting, reaches=True)
    if not found[0]:
        return
    ticks = Held(rate.free_s - held_s, rate.interval_s, found[0])
    inside = [not free for free in course.inside(rate)] if rate.free_windows else None
    used = {"reserved_s": str(held_s), "free_s": str(rate.free_s)}
    meter(rate, sheet, ticks, found, unit_of_time(rate.interval_s), used, inside)


def _flat(fee: FlatFee, _: Tariff, __: Package | None, sheet: Sheet) -> None:
    if fee.option is None or fee.option in sheet.course.facts.options:
        once(fee, fee.amount, sheet, {} if fee.option is None else {"option": fee.option})


def _zone(fee: ZoneFee, _: Tariff, __: Package | None, sheet: Sheet) -> None:
    facts, used = sheet.course.facts, {}
    for name, zone, seen in (("start_zone", fee.start, facts.start_zones), ("end_zone", fee.end, facts.end_zones)):
        if zone is not None:
            if zone not in seen:
                return
            used[name] = zone
    if used:
        once(fee, fee.amount, sheet, used)


def _agreed(agreed: AgreedAmount, tariff: Tariff, _: Package | None, sheet: Sheet) -> None:
    amount = sheet.course.facts.agreed.get(agreed.name)
    if amount is None:
        if agreed.optional:
            return
        msg = f"tariff {tariff.id} needs the agreed amount {agreed.name!r} among the facts of the trip"
        raise LookupError(msg)
    if amount.currency is not tariff.currency:
        msg = f"the agreed {agreed.name} is {amount}, but tariff {tariff.id} is in {tariff.currency}"
        raise LookupError(msg)
    once(agreed, amount.major, sheet, {agreed.name: str(amount)})


def _package(package: Package, tariff: Tariff, _: Package | None, sheet: Sheet) -> None:
    used = {"duration_s": str(package.duration_s), f"included_{tariff.distance_unit}": str(package.included)}
    once(package, package.amount, sheet, used | {"trip_s": str(sheet.course.duration_s)})


RATES: dict[type, Callable[[Any, Tariff, Package | None, Sheet], None]] = {
    TimeRate: _time,
    DistanceRate: _distance,
    ReservationRate: _reservation,
    FlatFee: _flat,
    ZoneFee: _zone,
    AgreedAmount: _agreed,
    Package: _package,
    **BOOKINGS,
}
"""What adds by each kind; nothing when it does not apply."""
