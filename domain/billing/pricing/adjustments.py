"""The elements that work on what stands before them: minimum fares, percentages, credits, rounding; caps beside them.

What they add or take belongs to the elements that they adjust, so a later adjustment of those sees the adjusted price.
"""

from collections.abc import Callable
from decimal import Decimal
from itertools import accumulate, compress
from typing import Any

from domain.billing.pricing.caps import cap, ladder
from domain.billing.pricing.entering import at_start
from domain.billing.pricing.metered import Once
from domain.billing.pricing.parts import Entry, Floor, Layer, Part, Sheet, rounded
from domain.rulebook.adjustments import Cap, Credit, LadderCap, MinimumFare, Percentage, PercentageFee, Rounding

Fraction = tuple[int, int]
"""Minor units, exactly: a number and what it is divided by."""


def _minimum(element: MinimumFare, sheet: Sheet) -> None:
    parts, amount = sheet.standing(element.covers), sheet.minor(element.amount)
    base = sum(part.minor for part in parts)
    sheet.floors.append(Floor(element.id, amount, {element.id, *(part.of for part in parts)}))
    missing = max(0, amount - base)
    sheet.parts[element.id] = Part(element.id, [0] * sheet.course.cells, Once(0), missing)
    if missing:
        facts = {"before": sheet.major(base), "minimum": str(element.amount)}
        sheet.entries.append(Entry(element.id, element.description, {element.id: missing}, unit="minimum", facts=facts))


def _percentage(element: Percentage, sheet: Sheet) -> None:
    if sheet.course.duration_s < element.from_s:
        return
    parts = sheet.standing(element.covers)
    inside = sheet.course.inside(element) if element.windows else None
    base = sum(_base(part, inside) for part in parts)
    shares = _spread(_change(element, base, sheet.exponent), parts, inside)
    if shares:
        _enter_percent(element, shares, base, {"not_below": element.not_below, "at_most": element.at_most}, sheet)


def _enter_percent(
    element: Percentage | PercentageFee,
    shares: dict[str, int],
    base: int,
    limits: dict[str, Decimal | None],
    sheet: Sheet,
) -> None:
    """So many percent of a base, and within which limits."""
    used = {"before": sheet.major(base)} | {name: str(v) for name, v in limits.items() if v is not None}
    unit_amount = Decimal(base).scaleb(-sheet.exponent - 2)
    sheet.entries.append(Entry(element.id, element.description, shares, element.percent, "%", unit_amount, used))


def _change(element: Percentage, base: int, exponent: int) -> Fraction:
    numerator, of = element.percent.as_integer_ratio()
    of *= 100
    change = base * numerator
    if element.at_most is not None:
        most, by = _minor(element.at_most, exponent)
        change, of = change * by, of * by
        change = max(-most * of // by, min(most * of // by, change))
    if element.not_below is not None and change < 0:
        least, by = _minor(element.not_below, exponent)
        change, of = change * by, of * by
        change = max(change, min(0, (least - base * by) * of // by))
    return change, of


def _minor(major: Decimal, exponent: int) -> Fraction:
    numerator, of = major.as_integer_ratio()
    return numerator * 10**exponent, of


def _percentage_fee(element: PercentageFee, sheet: Sheet) -> None:
    """Falls at the start of the trip, as fees do."""
    base = sum(part.minor for part in sheet.standing(element.covers))
    if base <= 0:
        return
    numerator, of = element.percent.as_integer_ratio()
    minor = rounded(base * numerator, of * 100)
    if element.at_least is not None:
        minor = max(minor, sheet.minor(element.at_least))
    if element.at_most is not None:
        minor = min(minor, sheet.minor(element.at_most))
    limits = {"at_least": element.at_least, "at_most": element.at_most}
    _enter_percent(element, at_start(element.id, minor, sheet), base, limits, sheet)


def _credit(element: Credit, sheet: Sheet) -> None:
    parts = sheet.standing(element.covers)
    base = sum(part.minor for part in parts)
    amount, of = _minor(element.amount, sheet.exponent)
    if shares := _spread((-min(amount, base * of), of), parts) if base > 0 else {}:
        used = {"before": sheet.major(base), "credit": str(element.amount)}
        sheet.entries.append(Entry(element.id, element.description, shares, unit="credit", facts=used))


def _rounding(element: Rounding, sheet: Sheet) -> None:
    parts = sheet.standing(element.covers)
    base = sum(part.minor for part in parts)
    step, of = _minor(element.to, sheet.exponent)
    steps = {"nearest": rounded(base * of, step), "up": -(-base * of // step), "down": base * of // step}
    if shares := _spread((steps[element.direction] * step - base * of, of), parts):
        used = {"before": sheet.major(base)}
        sheet.entries.append(Entry(element.id, element.description, shares, unit="rounding", facts=used))


def _base(part: Part, inside: list[bool] | None) -> int:
    """What a part costs in these cells; all of it without any."""
    if inside is None:
        return part.minor
    return sum(compress(part.cells, inside))


def _spread(change: Fraction, parts: list[Part], inside: list[bool] | None = None) -> dict[str, int]:
    """A change to each part in proportion, and in each from its first cell to its last. Returns what each got."""
    amount, of = change
    bases = [_base(part, inside) for part in parts]
    whole = sum(bases)
    if not amount or not whole:
        return {}
    amount, of = (amount, of * whole) if whole > 0 else (-amount, -of * whole)
    marks = [rounded(amount * seen, of) for seen in accumulate(bases, initial=0)]
    shares = {}
    for part, base, before, after in zip(parts, bases, marks, marks[1:], strict=False):
        if moved := after - before:
            shares[part.of] = moved
            _move(part, *((moved, base) if base > 0 else (-moved, -base)), inside)
    return shares


def _move(part: Part, moved: int, base: int, inside: list[bool] | None) -> None:
    """Over its cells in the order of time; what falls into none comes last."""
    which = range(len(part.cells)) if inside is None else [*compress(range(len(inside)), inside)]
    seen = [*accumulate([part.cells[cell] for cell in which], initial=0)]
    half = 2 * moved
    if moved >= 0 and seen[-1] >= 0:
        marks = [(half * so_far + base) // (2 * base) for so_far in seen]
    else:
        marks = [rounded(moved * so_far, base) for so_far in seen]
    part.cells = part.cells.copy()
    for cell, before, after in zip(which, marks, marks[1:], strict=False):
        part.cells[cell] += after - before
    if inside is None:
        part.timeless += rounded(moved * (seen[-1] + part.timeless), base) - marks[-1]
    part.layers.append(_moved(moved, base, dict(zip(which, zip(seen, marks, strict=True), strict=False))))


def _moved(moved: int, base: int, before: dict[int, tuple[int, int]]) -> Layer:
    def layer(cell: int, amount: int) -> int:
        if cell not in before:
            return amount
        seen, mark = before[cell]
        return amount + rounded(moved * (seen + amount), base) - mark

    return layer


ADJUSTMENTS: dict[type, Callable[[Any, Sheet], None]] = {
    Cap: cap,
    LadderCap: ladder,
    MinimumFare: _minimum,
    Percentage: _percentage,
    PercentageFee: _percentage_fee,
    Credit: _credit,
    Rounding: _rounding,
}
"""What changes by each kind; nothing where it leaves all as it is."""
