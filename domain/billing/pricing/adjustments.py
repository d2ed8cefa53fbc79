"""The elements that work on what stands before them: caps, minimum fares, percentages, credits, rounding.

What they add or take belongs to the elements that they adjust, so a later adjustment of those sees the adjusted price.
"""

from collections.abc import Callable, Iterable
from datetime import date
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from functools import singledispatch
from zoneinfo import ZoneInfo

from domain.billing.pricing.charges import Charge, Entry, accumulate, standing, to_minor
from domain.billing.pricing.facts import TripFacts
from domain.billing.pricing.timeline import in_windows, local_time
from domain.kernel.money import Currency
from domain.rulebook.adjustments import Cap, Credit, LadderCap, MinimumFare, Percentage, Rounding
from domain.rulebook.tariff import Tariff

ROUNDINGS = {"nearest": ROUND_HALF_UP, "up": ROUND_CEILING, "down": ROUND_FLOOR}
Period = int | date | tuple[int, date]


@singledispatch
def adjust(element: object, _tariff: Tariff, _facts: TripFacts, _entries: list[Entry]) -> Entry | None:
    """What this element changes about the entries before it; nothing when it leaves them as they are."""
    msg = f"{type(element).__name__} is not an element that adjusts"
    raise TypeError(msg)


@adjust.register
def _cap(element: Cap, tariff: Tariff, facts: TripFacts, entries: list[Entry]) -> Entry | None:
    amount, period = to_minor(element.amount, tariff.currency), element.period_s
    if period is not None and element.beyond == "started":
        amount, period = amount * max(1, -(-facts.duration_s // period)), None
    before = standing(entries, element.covers)
    zone = ZoneInfo(tariff.timezone)

    def period_of(offset: int) -> Period | None:
        local = local_time(facts.started_at, offset, zone)
        lap = 0 if period is None else offset // period
        if element.windows:
            began = next((day for w in element.windows if (day := w.began_on(local))), None)
            return None if began is None else (lap, began)
        return local.date() if element.calendar_day else lap

    cuts = _cut(before, period_of, lambda _: amount)
    return _reduction(
        element, before, cuts, {"cap": str(element.amount), "period_s": str(element.period_s)}, tariff.currency
    )


@adjust.register
def _ladder(element: LadderCap, tariff: Tariff, facts: TripFacts, entries: list[Entry]) -> Entry | None:
    rungs = sorted(element.rungs, key=lambda rung: rung.until_s)
    period = rungs[-1].until_s

    def allowed(offset: int) -> int:
        within = offset % period
        if element.beyond == "bracket":
            stay = min(period, facts.duration_s - (offset - within))
            within = max(0, stay - 1)
        return next(to_minor(r.amount, tariff.currency) for r in rungs if within < r.until_s)

    before = standing(entries, element.covers)
    cuts = _cut(before, lambda offset: offset // period, allowed)
    ladder = ", ".join(f"{r.amount} until {r.until_s} s" for r in rungs)
    return _reduction(element, before, cuts, {"caps": ladder}, tariff.currency)


@adjust.register
def _minimum(element: MinimumFare, tariff: Tariff, _: TripFacts, entries: list[Entry]) -> Entry | None:
    before = standing(entries, element.covers)
    base = sum(c.minor for c in before)
    missing = to_minor(element.amount, tariff.currency) - base
    if missing <= 0:
        return None
    charge = Charge(element.id, before[-1].offset_s if before else 0, missing)
    facts = {"before": _major(base, tariff.currency), "minimum": str(element.amount)}
    return Entry(element.id, element.description, (charge,), unit="minimum", facts=facts)


@adjust.register
def _percentage(element: Percentage, tariff: Tariff, facts: TripFacts, entries: list[Entry]) -> Entry | None:
    before = standing(entries, element.covers)
    if element.windows:
        zone = ZoneInfo(tariff.timezone)
        before = [c for c in before if in_windows(element.windows, facts.started_at, c.offset_s, zone)]
    base = sum(c.minor for c in before)
    change = _change(element, Decimal(base).scaleb(-tariff.currency.exponent))
    if base == 0 or change == 0 or facts.duration_s < element.from_s:
        return None
    charges = _spread(element.id, change, before, tariff.currency)
    unit_amount = Decimal(base).scaleb(-tariff.currency.exponent - 2)
    limits = {"not_below": element.not_below, "at_most": element.at_most}
    used = {"before": _major(base, tariff.currency)} | {name: str(v) for name, v in limits.items() if v is not None}
    return Entry(element.id, element.description, charges, element.percent, "%", unit_amount, used)


@adjust.register
def _credit(element: Credit, tariff: Tariff, _: TripFacts, entries: list[Entry]) -> Entry | None:
    before = standing(entries, element.covers)
    base = _major(sum(c.minor for c in before), tariff.currency)
    taken = min(element.amount, Decimal(base))
    if taken <= 0:
        return None
    used = {"before": base, "credit": str(element.amount)}
    charges = _spread(element.id, -taken, before, tariff.currency)
    return Entry(element.id, element.description, charges, unit="credit", facts=used)


@adjust.register
def _rounding(element: Rounding, tariff: Tariff, _: TripFacts, entries: list[Entry]) -> Entry | None:
    before = standing(entries, element.covers)
    base = _major(sum(c.minor for c in before), tariff.currency)
    steps = (Decimal(base) / element.to).quantize(Decimal(1), rounding=ROUNDINGS[element.direction])
    change = steps * element.to - Decimal(base)
    if not change:
        return None
    charges = _spread(element.id, change, before, tariff.currency)
    return Entry(element.id, element.description, charges, unit="rounding", facts={"before": base})


def _spread(rule_id: str, change: Decimal, before: list[Charge], currency: Currency) -> tuple[Charge, ...]:
    """A change, in proportion to what it changes; each part belongs to the element that it changes."""
    base = sum(c.minor for c in before)
    amounts = ((c.offset_s, change * c.minor / base) for c in before)
    spread = accumulate(rule_id, amounts, currency)
    return tuple(Charge(old.of, new.offset_s, new.minor) for old, new in zip(before, spread, strict=True) if new.minor)


def _change(element: Percentage, base: Decimal) -> Decimal:
    change = base * element.percent / 100
    if element.at_most is not None:
        change = max(-element.at_most, min(element.at_most, change))
    if element.not_below is not None and change < 0:
        change = max(change, min(Decimal(0), element.not_below - base))
    return change


def _cut(
    charges: Iterable[Charge], period_of: Callable[[int], Period | None], allowed: Callable[[int], int]
) -> list[Charge]:
    """What must be taken back, charge by charge, so that no period ever costs more than is allowed at that moment."""
    spent: dict[Period, int] = {}
    cuts = []
    for charge in charges:
        offset = max(0, charge.offset_s)
        if (period := period_of(offset)) is None:
            continue
        so_far = spent.get(period, 0)
        cut = min(max(0, so_far + charge.minor - allowed(offset)), max(0, charge.minor))
        spent[period] = so_far + charge.minor - cut
        if cut:
            cuts.append(Charge(charge.of, charge.offset_s, -cut))
    return cuts


def _reduction(
    element: Cap | LadderCap, before: list[Charge], cuts: list[Charge], facts: dict[str, str], currency: Currency
) -> Entry | None:
    if not cuts:
        return None
    used = {"before": _major(sum(c.minor for c in before), currency)} | facts
    return Entry(element.id, element.description, tuple(cuts), unit="cap", facts=used)


def _major(minor: int, currency: Currency) -> str:
    return str(Decimal(minor).scaleb(-currency.exponent))
