"""The elements of a booked period."""

from collections.abc import Callable
from typing import Any

from domain.billing.pricing.entering import meter, once, unit_of_time
from domain.billing.pricing.parts import Sheet
from domain.billing.pricing.ticks import AtOnce, Held, Ticks, intervals
from domain.rulebook.bookings import BookingRate, LateFee
from domain.rulebook.elements import Package
from domain.rulebook.tariff import Tariff


def _booking(rate: BookingRate, _: Tariff, __: Package | None, sheet: Sheet) -> None:
    """The whole period falls at the start of the trip, what was left of it at the end, and lateness as it passes."""
    course, facts = sheet.course, sheet.course.facts
    length = {"booked": facts.booked_s, "unused": facts.unused_s, "late": facts.late_s}[rate.time]
    if not length:
        return
    found = intervals(length, rate.interval_s, rate.free_s, None, rate.counting, reaches=True)
    ticks: Ticks
    if rate.time == "late":
        ticks = Held(course.duration_s - length + rate.free_s, rate.interval_s, found[0])
    else:
        ticks = AtOnce(0 if rate.time == "booked" else course.duration_s, found[0])
    used = {f"{rate.time}_s": str(length), "free_s": str(rate.free_s)}
    meter(rate, sheet, ticks, found, unit_of_time(rate.interval_s), used)


def _late(fee: LateFee, _: Tariff, __: Package | None, sheet: Sheet) -> None:
    late_s = sheet.course.facts.late_s
    reached = [rung for rung in fee.rungs if rung.from_s <= late_s]
    if reached:
        last = max(reached, key=lambda rung: rung.from_s)
        once(fee, last.amount, sheet, {"late_s": str(late_s), "from_s": str(last.from_s)})


BOOKINGS: dict[type, Callable[[Any, Tariff, Package | None, Sheet], None]] = {BookingRate: _booking, LateFee: _late}
"""What adds by each kind; nothing for a trip that nobody booked."""
