"""Elements that charge nothing, and fields that an element does not look at in this combination."""

from decimal import Decimal
from itertools import pairwise

from domain.rulebook.base import said
from domain.rulebook.elements import (
    Adjustment,
    Cap,
    Credit,
    DistanceRate,
    FlatFee,
    LadderCap,
    MinimumFare,
    Percentage,
    Rounding,
    TimeRate,
    ZoneFee,
)
from domain.rulebook.faults.rules import Fault, Found, of
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
    if 0 < included <= rate.start and rate.included_every_s is None:
        yield Fault(("included",), "the rate starts behind what is included: take `included` or `start` out")
    elif 0 < rate.start <= min([included, *(p.included for p in tariff.packages)]):
        yield Fault(("start",), "what is included ends behind this start, which is never looked at: take it out")


def _included(rate: DistanceRate) -> Decimal:
    """What the shortest trip is granted."""
    return rate.included + rate.included_once


@of(ZoneFee)
def zone_fee_without_a_zone(fee: ZoneFee, _: Tariff) -> Found:
    if fee.start is None and fee.end is None:
        yield Fault((), "a zone fee needs a zone: say where the trip must `start` or `end`")


@of(FlatFee)
def an_option_asked_for_twice(fee: FlatFee, _: Tariff) -> Found:
    if fee.option is not None and fee.when and fee.when.option == fee.option:
        yield Fault(("option",), "`when` asks for the same option: take one out")


@of(Cap)
def cap_of_several_spans(cap: Cap, _: Tariff) -> Found:
    if cap.windows and cap.calendar_day:
        yield Fault(("calendar_day",), "with `windows` it is for each of their occurrences: take one of both out")
    if cap.period_s is not None and (cap.windows or cap.calendar_day):
        other = "windows" if cap.windows else "calendar_day"
        yield Fault(("period_s",), f"a cap is for periods or for `{other}`: take one of both out")


@of(Cap)
def beyond_no_period(cap: Cap, _: Tariff) -> Found:
    if "beyond" in said(cap) and cap.period_s is None:
        yield Fault(("beyond",), "there is no period to go beyond: add `period` or take this out")


@of(LadderCap)
def rungs_that_do_not_rise(ladder: LadderCap, _: Tariff) -> Found:
    for n, (below, rung) in enumerate(pairwise(ladder.rungs), start=1):
        if rung.until_s <= below.until_s:
            yield Fault(("rungs", n, "until_s"), "each rung must last longer than the one before")
        if rung.amount <= below.amount:
            yield Fault(("rungs", n, "amount"), "each rung must cost more than the one before")


@of(LadderCap)
def bracket_of_one_rung(ladder: LadderCap, _: Tariff) -> Found:
    if "beyond" in said(ladder) and len(ladder.rungs) == 1:
        yield Fault(("beyond",), "with one rung there is nothing to choose: add rungs or take this out")


@of(Percentage)
def percentage_that_changes_nothing(percentage: Percentage, _: Tariff) -> Found:
    for name in ("percent", "at_most"):
        if getattr(percentage, name) == 0:
            yield Fault((name,), "0 changes nothing: write another number or take the element out")


@of(Credit)
def credit_of_nothing(credit: Credit, _: Tariff) -> Found:
    if credit.amount == 0:
        yield Fault(("amount",), "0 changes nothing: write another number or take the element out")


@of(Percentage)
def surcharge_not_below(percentage: Percentage, _: Tariff) -> Found:
    if percentage.not_below is not None and percentage.percent > 0:
        yield Fault(("not_below",), "a surcharge never goes below anything: take this out")


@of(Percentage)
def length_asked_for_twice(percentage: Percentage, _: Tariff) -> Found:
    if percentage.from_s and percentage.when and percentage.when.from_s:
        yield Fault(("from_s",), "`when` asks for a length of the trip too: take one out")


@of(Rounding)
def rounding_to_what_it_is(rounding: Rounding, tariff: Tariff) -> Found:
    if rounding.to.scaleb(tariff.currency.exponent) == 1:
        yield Fault(("to",), f"every amount in {tariff.currency} is a multiple of this: write a larger step")


@of(Cap, LadderCap, Percentage, Credit, Rounding)
def adjustment_with_a_tax_of_its_own(adjustment: Adjustment, _: Tariff) -> Found:
    if not adjustment.taxed:
        reason = "it is taxed as the elements that it changes: say `taxed` there, and take it out here"
        yield Fault(("taxed",), reason)


@of(Cap, LadderCap, MinimumFare, Percentage, Credit, Rounding)
def covers_what_cannot_be_covered(adjustment: Adjustment, tariff: Tariff) -> Found:
    if adjustment.covers is None:
        return
    if not adjustment.covers:
        yield Fault(("covers",), "it covers nothing: name elements before it, or take `covers` out to cover them all")
    for n, id in enumerate(adjustment.covers):
        if why := _not_covered(id, adjustment, tariff):
            yield Fault(("covers", n), f"{id!r} cannot be covered: {why}")
        elif id in adjustment.covers[:n]:
            yield Fault(("covers", n), f"{id!r} stands here twice: take one out")


def _not_covered(id: str, adjustment: Adjustment, tariff: Tariff) -> str | None:
    before = {p.id: "" for p in tariff.packages}
    reasons = {e.id: "it stands later: only what stands before can be" for e in tariff.elements}
    for element in tariff.elements:
        if element is adjustment:
            break
        changes = isinstance(element, Adjustment) and not isinstance(element, MinimumFare)
        before[element.id] = "what it changes belongs to the elements that it covers: name those" if changes else ""
    if id == adjustment.id:
        return "it cannot cover itself"
    return before.get(id, reasons.get(id, "there is no such element or package: name those that stand before"))


@of(Cap, LadderCap, Percentage, Credit, Rounding)
def adjusts_nothing(adjustment: Adjustment, tariff: Tariff) -> Found:
    before = tariff.elements[: next((n for n, e in enumerate(tariff.elements) if e is adjustment), 0)]
    adds = [e for e in before if not isinstance(e, Adjustment) or isinstance(e, MinimumFare)]
    if adjustment.covers is None and not adds and not tariff.packages:
        yield Fault((), "nothing stands before it that it could change: move it behind what it is to change")
