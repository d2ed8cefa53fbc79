"""Fees and conditions of bookings that never hold, or that a booking cannot have."""

from itertools import pairwise

from domain.rulebook.base import said
from domain.rulebook.bookings import LateFee
from domain.rulebook.conditions import NOT_DRIVEN, Condition
from domain.rulebook.elements import Package
from domain.rulebook.faults.rules import Fault, Found, of
from domain.rulebook.rates import DistanceRate, TimeRate, ZoneFee
from domain.rulebook.tariff import Tariff

_OF_CANCELLATIONS = ("cancelled_within_s", "notice_from_s", "notice_until_s")
_OF_TRIPS = (
    "start_zone",
    "end_zone",
    "from_s",
    "until_s",
    "in_package",
    "start_energy_below",
    "end_energy_below",
    "end_energy_from",
)


@of(LateFee)
def late_rungs_that_do_not_rise(fee: LateFee, _: Tariff) -> Found:
    for n, (before, rung) in enumerate(pairwise(fee.rungs), start=1):
        if rung.from_s <= before.from_s:
            yield Fault(("rungs", n, "from_s"), "each step must begin later than the one before")
        if rung.amount <= before.amount:
            yield Fault(("rungs", n, "amount"), "each step must cost more than the one before")


@of(Condition)
def cancelled_without_a_cancellation(condition: Condition, _: Tariff) -> Found:
    for name in said(condition).keys() & set(_OF_CANCELLATIONS):
        if condition.booking != "cancelled":
            yield Fault((name,), 'only what was cancelled has this: add booking = "cancelled", or take it out')


@of(Condition)
def notice_that_nobody_gives(condition: Condition, _: Tariff) -> Found:
    least, below = condition.notice_from_s, condition.notice_until_s
    if least is not None and below is not None and below <= least:
        yield Fault(("notice_until_s",), "no notice is shorter than this and as long as `notice_from`: write more")


@of(Condition)
def a_trip_of_a_booking_that_came_to_nothing(condition: Condition, _: Tariff) -> Found:
    if condition.booking in NOT_DRIVEN:
        for name in said(condition).keys() & set(_OF_TRIPS):
            reason = f"a booking that is {condition.booking} has no trip, so this is never so: take one of both out"
            yield Fault((name,), reason)


@of(Condition)
def energy_that_no_car_has(condition: Condition, _: Tariff) -> Found:
    least, below = condition.end_energy_from, condition.end_energy_below
    if least is not None and below is not None and below <= least:
        yield Fault(("end_energy_below",), "no car has less than this and `end_energy_from`: write more")


@of(TimeRate, DistanceRate, ZoneFee, LateFee, Package)
def charged_for_a_trip_that_nobody_made(part: TimeRate | Package, _: Tariff) -> Found:
    if part.when is not None and part.when.booking in NOT_DRIVEN:
        reason = "nobody drove then, so there is nothing to charge for: write a `flat` fee or a `booking` rate"
        yield Fault(("when", "booking"), reason)
