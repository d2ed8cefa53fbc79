"""What a payer has in advance, taken off a price in its order, after all elements of the tariff.

Minutes are used as they come, from the start of the trip on, instead of what the meter says; those that cost nothing
(a free window, what is beyond a cap) use none up. A discount and a credit work on what is left.
"""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterator
from decimal import Decimal
from uuid import UUID

from domain.billing.pricing.adjustments import ADJUSTMENTS
from domain.billing.pricing.facts import Benefit
from domain.billing.pricing.parts import Entry, Part, Sheet
from domain.kernel.money import Money
from domain.kernel.values import Seconds, Value
from domain.rulebook.adjustments import Credit, Percentage
from domain.rulebook.rates import TimeRate
from domain.rulebook.tariff import Tariff

ENTRY, SECONDS = "entry_id", "used_s"
"""Facts of a price line that say whose it is, and how much of its minutes it used."""


class Use(Value):
    """What a price used of one entry of a balance."""

    entry_id: UUID
    seconds: Seconds
    """Of minutes; else none."""
    amount: Money
    """What it made the price less."""


def take_benefits(benefits: tuple[Benefit, ...], tariff: Tariff, sheet: Sheet) -> None:
    """One after the other, each on what those before it have left."""
    covered: defaultdict[tuple[str, int], int] = defaultdict(int)
    """How many intervals of an element in a cell minutes were used for."""
    for benefit in benefits:
        before = len(sheet.entries)
        if benefit.seconds is not None:
            _minutes(benefit, tariff, sheet, covered)
        elif benefit.percent is not None:
            _discount(benefit, sheet)
        else:
            _credit(benefit, sheet)
        for entry in sheet.entries[before:]:
            entry.facts[ENTRY] = str(benefit.entry_id)
            entry.listed = (benefit.catalogue, benefit.rulebook_version)


def _discount(benefit: Benefit, sheet: Sheet) -> None:
    if benefit.percent is not None and _covered(benefit, sheet) > 0:
        less = Percentage(
            id=benefit.product_id, description=benefit.name, percent=-benefit.percent, covers=benefit.covers
        )
        ADJUSTMENTS[Percentage](less, sheet)


def _credit(benefit: Benefit, sheet: Sheet) -> None:
    if benefit.amount is not None:
        less = Credit(
            id=benefit.product_id, description=benefit.name, amount=benefit.amount.major, covers=benefit.covers
        )
        ADJUSTMENTS[Credit](less, sheet)


def _covered(benefit: Benefit, sheet: Sheet) -> int:
    return sum(part.minor for part in sheet.standing(benefit.covers))


def _minutes(benefit: Benefit, tariff: Tariff, sheet: Sheet, covered: defaultdict[tuple[str, int], int]) -> None:
    left, base, shares = benefit.seconds or 0, _covered(benefit, sheet), dict[str, int]()
    for rate, part in _metered(benefit, tariff, sheet):
        part.cells = part.cells.copy()
        for cell in range(len(part.cells)):
            before = covered[part.of, cell]
            count = _needed(part, cell, before, min(part.charges.within(cell) - before, left // rate.interval_s))
            worth = min(part.cost(cell, before + count) - part.cost(cell, before), part.cells[cell])
            if worth > 0:
                covered[part.of, cell] += count
                part.cells[cell] -= worth
                shares[part.of] = shares.get(part.of, 0) - worth
                left -= count * rate.interval_s
    if used := (benefit.seconds or 0) - left:
        minutes = (Decimal(used) / 60).quantize(Decimal("0.000001"))
        facts = {"before": sheet.major(base), SECONDS: str(used), "minutes": f"{minutes.normalize():f}"}
        sheet.entries.append(Entry(benefit.product_id, benefit.name, shares, minutes, "prepaid min", facts=facts))


def _metered(benefit: Benefit, tariff: Tariff, sheet: Sheet) -> Iterator[tuple[TimeRate, Part]]:
    """The rates that minutes are used for and that the trip has, in the order of the tariff."""
    for element in tariff.elements:
        if isinstance(element, TimeRate) and element.interval_s and not element.calendar_day:
            part = sheet.parts.get(element.id)
            if part is not None and (benefit.covers is None or element.id in benefit.covers):
                yield element, part


def _needed(part: Part, cell: int, before: int, count: int) -> int:
    """How many intervals cost as much as so many do: beyond a cap, they cost nothing more."""
    if count <= 0:
        return 0
    whole = part.cost(cell, before + count)
    return bisect_left(range(count), whole, key=lambda fewer: part.cost(cell, before + fewer))
