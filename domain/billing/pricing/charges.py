"""Small change: every charge in minor units, with the element it belongs to and the moment of the trip it falls on.

Amounts are rounded as they accumulate (half a minor unit away from zero), so the charges of an element always sum to
its rounded total, and caps and shares are integer arithmetic from then on.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from domain.kernel.money import Currency
from domain.rulebook.rates import Counting

PRECISION = Decimal("1e-12")


@dataclass(frozen=True)
class Charge:
    """`offset_s` counts from the start of the trip; a reservation lies before it. `of` is the id of a base element."""

    of: str
    offset_s: int
    minor: int


@dataclass(frozen=True)
class Entry:
    """A price line in the making."""

    rule_id: str
    description: str
    charges: tuple[Charge, ...]
    quantity: Decimal = Decimal(1)
    unit: str = "trip"
    unit_amount: Decimal | None = None
    facts: dict[str, str] = field(default_factory=dict)

    @property
    def minor(self) -> int:
        return sum(c.minor for c in self.charges)


def to_minor(major: Decimal, currency: Currency) -> int:
    """Major units as minor units, half away from zero; what a division left beyond 12 places does not count."""
    exact = major.quantize(PRECISION, rounding=ROUND_HALF_UP)
    return int(exact.scaleb(currency.exponent).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def accumulate(of: str, amounts: Iterable[tuple[int, Decimal]], currency: Currency) -> tuple[Charge, ...]:
    """Charges from (offset, major amount) pairs; their sum is the rounded sum of the amounts."""
    charges, total, taken = [], Decimal(0), 0
    for offset_s, amount in amounts:
        total += amount
        due = to_minor(total, currency)
        charges.append(Charge(of, offset_s, due - taken))
        taken = due
    return tuple(charges)


def standing(entries: Iterable[Entry], covers: tuple[str, ...] | None) -> list[Charge]:
    """What the covered elements cost so far, adjustments included: one charge per element and moment, by time."""
    sums: dict[tuple[int, str], int] = {}
    for entry in entries:
        for charge in entry.charges:
            if covers is None or charge.of in covers:
                key = (charge.offset_s, charge.of)
                sums[key] = sums.get(key, 0) + charge.minor
    return [Charge(of, offset, minor) for (offset, of), minor in sorted(sums.items(), key=lambda item: item[0][0])]


def intervals(
    total: Decimal, interval: Decimal, *, start: Decimal, end: Decimal | None, counting: Counting
) -> Iterator[tuple[Decimal, Decimal]]:
    """Where on a meter that ran to `total` each charged interval begins, and how much of it counts (0 to 1]."""
    if interval == 0:
        if start < total or (start == total and counting == "reached"):
            yield start, Decimal(1)
        return
    begin, stop = start, total if end is None else min(end, total)
    while begin < stop or (begin == total and counting == "reached" and (end is None or begin < end)):
        share = min(Decimal(1), (stop - begin) / interval)
        if share == 1 or counting in ("started", "reached"):
            yield begin, Decimal(1)
        elif counting == "exact":
            yield begin, share
        begin += interval
