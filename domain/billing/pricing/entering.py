"""How what an element adds goes onto the sheet: once, or for each interval of a meter."""

from decimal import Decimal

from domain.billing.pricing.metered import Metered, Once
from domain.billing.pricing.parts import Entry, Part, Sheet
from domain.billing.pricing.ticks import Intervals, Ticks
from domain.rulebook.bookings import BookingRate, LateFee
from domain.rulebook.elements import Package
from domain.rulebook.rates import (
    DAY,
    HOUR,
    MINUTE,
    AgreedAmount,
    DistanceRate,
    FlatFee,
    ReservationRate,
    TimeRate,
    ZoneFee,
)

UNITS = {0: "once", MINUTE: "min", HOUR: "h", DAY: "d"}


def meter(
    rate: TimeRate | DistanceRate | ReservationRate | BookingRate,
    sheet: Sheet,
    ticks: Ticks,
    found: Intervals,
    unit: str,
    facts: dict[str, str],
    inside: list[bool] | None = None,
) -> None:
    """So much for each interval; `inside` says for each cell whether it counts."""
    number, part, of = found
    if not number:
        return
    metered = Metered(rate.rate, sheet.exponent, ticks, sheet.course, inside)
    if not metered.count:
        return
    if part != of:
        metered.cut_last(part, of)
    cells = metered.cells()
    sheet.parts[rate.id] = Part(rate.id, cells, metered)
    shares = {rate.id: sum(cells)}
    sheet.entries.append(Entry(rate.id, rate.description, shares, metered.quantity, unit, rate.rate, facts))


def once(
    element: FlatFee | ZoneFee | AgreedAmount | LateFee | Package, amount: Decimal, sheet: Sheet, facts: dict[str, str]
) -> None:
    """One amount, at the start of the trip."""
    shares = at_start(element.id, sheet.minor(amount), sheet)
    sheet.entries.append(Entry(element.id, element.description, shares, unit_amount=amount, facts=facts))


def at_start(id: str, minor: int, sheet: Sheet) -> dict[str, int]:
    """All of it falls there. Returns what an entry has of it."""
    cells = [0] * sheet.course.cells
    cells[sheet.course.first] = minor
    sheet.parts[id] = Part(id, cells, Once(minor))
    return {id: minor}


def unit_of_time(interval_s: int) -> str:
    """As a price line names an interval."""
    return UNITS.get(interval_s) or f"{interval_s} s"
