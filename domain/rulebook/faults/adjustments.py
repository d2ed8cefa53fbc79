"""Adjustments that change nothing, and fields that they do not look at in this combination."""

from itertools import pairwise

from domain.rulebook.adjustments import (
    Adds,
    Adjustment,
    Cap,
    Credit,
    LadderCap,
    MinimumFare,
    Percentage,
    PercentageFee,
    Rounding,
)
from domain.rulebook.base import said
from domain.rulebook.faults.rules import Fault, Found, of
from domain.rulebook.tariff import Tariff

SHORTEST_PERIOD_S = 900
"""Each period of a trip is looked at by itself."""


@of(Cap)
def cap_of_several_spans(cap: Cap, _: Tariff) -> Found:
    calendar = [name for name in ("calendar_day", "calendar_week", "calendar_month") if getattr(cap, name)]
    for name in calendar[1:]:
        yield Fault(
            (name,), f"a cap is by one stretch of the calendar, and this by `{calendar[0]}`: take one of both out"
        )
    if cap.windows and calendar:
        yield Fault((calendar[0],), "with `windows` it is for each of their occurrences: take one of both out")
    if cap.period_s is not None and (cap.windows or calendar):
        other = "windows" if cap.windows else calendar[0]
        yield Fault(("period_s",), f"a cap is for periods or for `{other}`: take one of both out")


@of(Cap)
def period_that_is_over_at_once(cap: Cap, _: Tariff) -> Found:
    if cap.period_s is not None and cap.period_s < SHORTEST_PERIOD_S:
        yield Fault(("period_s",), 'a cap by so short a time is a rate: write at least "PT15M"')


@of(LadderCap)
def ladder_that_is_over_at_once(ladder: LadderCap, _: Tariff) -> Found:
    if ladder.rungs[-1].until_s < SHORTEST_PERIOD_S:
        yield Fault(("rungs", len(ladder.rungs) - 1, "until_s"), 'it begins again after this: write at least "PT15M"')
    if ladder.tail is not None and ladder.tail.until_s < SHORTEST_PERIOD_S:
        yield Fault(("tail", "until_s"), 'it begins again after this: write at least "PT15M"')


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


@of(PercentageFee)
def fee_between_no_bounds(fee: PercentageFee, _: Tariff) -> Found:
    if fee.at_most == 0:
        yield Fault(("at_most",), "the fee would never be more than 0: write another number or take the element out")
    elif fee.at_least is not None and fee.at_most is not None and fee.at_most <= fee.at_least:
        yield Fault(("at_most",), "it is at most what it is at least: write more, or a `flat` fee of that")
    if fee.at_least == 0:
        yield Fault(("at_least",), "a fee is never less than 0: take this out")


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
    if "tax" in said(adjustment):
        reason = "it is taxed as the elements that it changes: say `tax` there, and take it out here"
        yield Fault(("tax",), reason)


@of(Cap, LadderCap, MinimumFare, Percentage, PercentageFee, Credit, Rounding)
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


_ELSEWHERE = (
    "what it changes belongs to the elements that it covers: name those, or make a percentage a `percentage_fee`, "
    "which is an element of its own"
)


def _not_covered(id: str, adjustment: Adjustment, tariff: Tariff) -> str | None:
    before = {p.id: "" for p in tariff.packages}
    reasons = {e.id: "it stands later: only what stands before can be" for e in tariff.elements}
    for element in tariff.elements:
        if element is adjustment:
            break
        changes = isinstance(element, Adjustment) and not isinstance(element, Adds)
        before[element.id] = _ELSEWHERE if changes else ""
    if id == adjustment.id:
        return "it cannot cover itself"
    return before.get(id, reasons.get(id, "there is no such element or package: name those that stand before"))


@of(Cap, LadderCap, Percentage, PercentageFee, Credit, Rounding)
def adjusts_nothing(adjustment: Adjustment, tariff: Tariff) -> Found:
    before = tariff.elements[: next((n for n, e in enumerate(tariff.elements) if e is adjustment), 0)]
    adds = [e for e in before if not isinstance(e, Adjustment) or isinstance(e, Adds)]
    if adjustment.covers is None and not adds and not tariff.packages:
        yield Fault((), "nothing stands before it that it could change: move it behind what it is to change")
