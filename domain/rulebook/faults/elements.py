"""Rates and fees that charge nothing, and fields that they do not look at in this combination."""

from decimal import Decimal
from itertools import pairwise

from domain.rulebook.base import said
from domain.rulebook.faults.rules import Fault, Found, of
from domain.rulebook.rates import DistanceRate, FlatFee, TimeRate, ZoneFee
from domain.rulebook.tariff import Tariff


@of(TimeRate)
def outside_of_nothing(rate: TimeRate, _: Tariff) -> Found:
    if rate.outside and not rate.windows:
        yield Fault(("outside",), "there are no `windows` to be outside of: add them or take this out")


@of(TimeRate)
def clock_of_the_trip_without_start_and_end(rate: TimeRate, _: Tariff) -> Found:
    if rate.clock == "trip" and not rate.start_s and rate.end_s is None:
        yield Fault(("clock",), "only `start` and `end` are on this clock: add one or take this out")


@of(TimeRate)
def a_day_has_no_interval(rate: TimeRate, _: Tariff) -> Found:
    if not rate.calendar_day:
        return
    fields = ("interval_s", "counting", *(("start_s", "end_s") if rate.clock == "phase" else ()))
    for name in said(rate).keys() & set(fields):
        key = name.removesuffix("_s")
        yield Fault((name,), f"with `calendar_day`, each day is one interval and `{key}` is not looked at: take it out")


@of(TimeRate)
def charged_once_has_no_end(rate: TimeRate, _: Tariff) -> Found:
    if rate.interval_s == 0 and rate.clock == "phase" and rate.end_s is not None and not rate.calendar_day:
        yield Fault(("end_s",), "with `interval` PT0S it is charged once, when `start` is passed: take `end` out")


@of(TimeRate, DistanceRate)
def charged_once_is_never_in_part(rate: TimeRate | DistanceRate, _: Tariff) -> Found:
    interval = rate.interval_s if isinstance(rate, TimeRate) else rate.interval
    if interval == 0 and "counting" in said(rate) and rate.counting != "reached":
        reason = "what is charged once has no partial interval: take this out, or write reached"
        yield Fault(("counting",), reason)


@of(TimeRate)
def steps_of_no_share(rate: TimeRate, _: Tariff) -> Found:
    if rate.step_s is None:
        return
    if rate.counting != "exact" or rate.calendar_day or not rate.interval_s:
        yield Fault(("step_s",), 'only a share of an interval has steps: write counting = "exact", or take this out')
    elif rate.step_s >= rate.interval_s:
        yield Fault(("step_s",), "a step is shorter than the interval: write less, or count `started` intervals")


@of(TimeRate)
def free_time_of_each_trip(rate: TimeRate, _: Tariff) -> Found:
    if rate.free_each_s and rate.phase == "any":
        yield Fault(("free_each_s",), "a trip has no stretches: name a `phase`, or write `start` for its free time")


@of(DistanceRate)
def allowances_beside_what_is_included(rate: DistanceRate, _: Tariff) -> Found:
    for name in said(rate).keys() & {"included", "included_once", "included_every_s"} if rate.allowances else ():
        yield Fault((name,), "what is included grows by `allowances`: take one of both out")
    for n, (before, allowance) in enumerate(pairwise(rate.allowances), start=1):
        if allowance.until_s <= before.until_s:
            yield Fault(("allowances", n, "until_s"), "each allowance must last longer than the one before")
    for n, allowance in enumerate(rate.allowances):
        if not allowance.more:
            yield Fault(("allowances", n, "more"), "it includes nothing more: write a number or take it out")


@of(TimeRate)
def time_that_ends_before_it_begins(rate: TimeRate, _: Tariff) -> Found:
    if rate.end_s is not None and rate.end_s <= rate.start_s:
        yield Fault(("end_s",), "it ends before or when it starts, so it charges nothing: write an end after `start`")


@of(TimeRate)
def charged_in_packages_that_nobody_offers(rate: TimeRate, tariff: Tariff) -> Found:
    if rate.in_package and not tariff.packages:
        yield Fault(("in_package",), "the tariff has no packages: add one or take this out")


@of(DistanceRate)
def distance_that_ends_before_it_begins(rate: DistanceRate, tariff: Tariff) -> Found:
    free = min([_included(rate), *(p.included for p in tariff.packages)])
    if rate.end is not None and rate.end <= max(rate.start, free):
        reason = "it ends before or where it starts or what is included ends, so it charges nothing: write a larger end"
        yield Fault(("end",), reason)


@of(DistanceRate)
def distance_charged_once_has_no_end(rate: DistanceRate, _: Tariff) -> Found:
    if rate.interval == 0 and rate.end is not None:
        yield Fault(("end",), "with `interval` 0 it is charged once, when what is included is passed: take `end` out")


@of(DistanceRate)
def included_once_beside_what_is_included_once(rate: DistanceRate, _: Tariff) -> Found:
    if rate.included_once and rate.included_every_s is None:
        reason = "without `included_every`, all that is included is included once: add it to `included`"
        yield Fault(("included_once",), reason)


@of(DistanceRate)
def nothing_included_every_so_often(rate: DistanceRate, _: Tariff) -> Found:
    if rate.included_every_s is not None and not rate.included:
        yield Fault(("included_every_s",), "nothing is granted anew: say how much is `included`, or take this out")


@of(DistanceRate)
def start_or_included_hides_the_other(rate: DistanceRate, tariff: Tariff) -> Found:
    included = _included(rate)
    if 0 < included <= rate.start and rate.included_every_s is None and not rate.allowances:
        yield Fault(("included",), "the rate starts behind what is included: take `included` or `start` out")
    elif 0 < rate.start <= min([included, *(p.included for p in tariff.packages)]):
        yield Fault(("start",), "what is included ends behind this start, which is never looked at: take it out")


def _included(rate: DistanceRate) -> Decimal:
    """What the shortest trip is granted."""
    return rate.allowances[0].more if rate.allowances else rate.included + rate.included_once


@of(ZoneFee)
def zone_fee_without_a_zone(fee: ZoneFee, _: Tariff) -> Found:
    if fee.start is None and fee.end is None:
        yield Fault((), "a zone fee needs a zone: say where the trip must `start` or `end`")


@of(FlatFee)
def an_option_asked_for_twice(fee: FlatFee, _: Tariff) -> Found:
    if fee.option is not None and fee.when and fee.when.option == fee.option:
        yield Fault(("option",), "`when` asks for the same option: take one out")
