"""Taxes on a price: contained in it, or added on top, by the rules in force on the day the trip ended.

Each tax is computed once per invoice on the sum of what it is on, and rounded once as its rule says (as EN 16931 does
for each rate, BR-CO-17), never line by line.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from decimal import Decimal
from itertools import accumulate, pairwise
from math import lcm
from typing import Self

from pydantic import model_validator

from domain.billing.pricing import PriceLine
from domain.billing.pricing.parts import minor_of, rounded
from domain.kernel.money import Money
from domain.kernel.trusted import trusted
from domain.kernel.values import Value
from domain.rulebook.tax import STANDARD, TaxRule, on


class TaxAmount(Value):
    """One tax of an invoice: so much on `base`."""

    name: str
    rate: Decimal
    base: Money
    amount: Money
    inclusive: bool
    on: tuple[str, ...] = (STANDARD,)
    """What it is on, as the elements and fees name it."""
    exempt: str | None = None
    """Why there is none, where that is so."""


class Taxed(Value):
    """Net, tax and gross of a price; net and tax sum to gross exactly."""

    net: Money
    tax: Money
    gross: Money
    taxes: tuple[TaxAmount, ...]

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if self.net + self.tax != self.gross:
            msg = f"net {self.net} and tax {self.tax} do not sum to gross {self.gross}"
            raise ValueError(msg)
        return self


_One = tuple[TaxRule, int, int]
"""A tax, what it is on, and how much it is, in minor units."""


def of_each(lines: Iterable[PriceLine]) -> dict[str, Money] | None:
    """How much of the sum of lines bears which taxes; none where those that are usual are on all of it."""
    found: dict[str, Money] = {}
    for line in lines:
        for kind, amount in line.taxes.items() or ((STANDARD, line.amount),):
            found[kind] = found[kind] + amount if kind in found else amount
    return None if found.keys() <= {STANDARD} else found


def tax(total: Money, rules: tuple[TaxRule, ...], day: date, *, of: Mapping[str, Money] | None = None) -> Taxed:
    """Split or extend a total by the taxes in force on `day`; without any, net is gross.

    `of` says how much of the total bears which taxes; without it, those that are usual are on all of it.
    """
    kinds = {STANDARD: total.amount_minor} if of is None else {kind: part.amount_minor for kind, part in of.items()}
    in_force = [rule for rule in on(day, rules) if not kinds.keys().isdisjoint(rule.on)]
    found: dict[int, _One] = {}
    nets, so_far = dict(kinds), dict.fromkeys(kinds, 0)
    contained = [n for n, rule in enumerate(in_force) if rule.inclusive]
    for group, together in _groups(kinds, [in_force[n] for n in contained]):
        for n, one in _take_out(together, group, nets, so_far):
            _, base, amount = found.get(contained[n], (one[0], 0, 0))
            found[contained[n]] = one[0], base + one[1], amount + one[2]
    for n, rule in enumerate(in_force):
        if not rule.inclusive:
            found[n] = _added(rule, nets, so_far, total.currency.exponent)
    return _taxed(total, [found[n] for n in sorted(found, key=lambda n: (not in_force[n].inclusive, n))])


def net_of(total: int, taxes: Sequence[TaxRule | TaxAmount]) -> int:
    """What a total is without taxes that it contains, in minor units."""
    of, parts = _ratios(taxes)
    return rounded(total * of, of + sum(parts))


def _ratios(taxes: Sequence[TaxRule | TaxAmount]) -> tuple[int, list[int]]:
    """Their rates as numbers of one denominator."""
    ratios = [tax.rate.as_integer_ratio() for tax in taxes]
    of = lcm(*[denominator for _, denominator in ratios])
    return of, [numerator * of // denominator for numerator, denominator in ratios]


def _taxed(total: Money, found: Sequence[_One]) -> Taxed:
    currency, on_it = total.currency, sum([amount for _, _, amount in found])
    contained = sum([amount for rule, _, amount in found if rule.inclusive])
    taxes = [
        trusted(
            TaxAmount,
            name=rule.name,
            rate=rule.rate,
            base=Money.of(base, currency),
            amount=Money.of(amount, currency),
            inclusive=rule.inclusive,
            on=rule.on,
            exempt=rule.exempt,
        )
        for rule, base, amount in found
    ]
    net = total.amount_minor - contained
    return trusted(
        Taxed,
        net=Money.of(net, currency),
        tax=Money.of(on_it, currency),
        gross=Money.of(net + on_it, currency),
        taxes=tuple(taxes),
    )


def _groups(kinds: Iterable[str], rules: Sequence[TaxRule]) -> Iterator[tuple[list[tuple[int, TaxRule]], list[str]]]:
    """The kinds that bear the same taxes, together, and those taxes by their places."""
    found: dict[tuple[int, ...], list[str]] = {}
    for kind in kinds:
        found.setdefault(tuple(n for n, rule in enumerate(rules) if kind in rule.on), []).append(kind)
    for places, together in found.items():
        yield [(n, rules[n]) for n in places], together


def _take_out(
    kinds: list[str], rules: list[tuple[int, TaxRule]], nets: dict[str, int], so_far: dict[str, int]
) -> Iterator[tuple[int, _One]]:
    """The taxes that are contained; the last takes what is left, so that no cent is lost between several."""
    if not rules:
        return
    total = sum([nets[kind] for kind in kinds])
    of, parts = _ratios([rule for _, rule in rules])
    whole = of + sum(parts)
    amounts = [_whole(total * part, whole, rule) for part, (_, rule) in zip(parts, rules, strict=True)]
    if all(rule.rounding == "nearest" for _, rule in rules):
        amounts[-1] += total - rounded(total * of, whole) - sum(amounts)
    net = total - sum(amounts)
    for kind, share in zip(kinds, _split(net, [nets[kind] for kind in kinds]), strict=True):
        so_far[kind], nets[kind] = nets[kind] - share, share
    for (n, rule), amount in zip(rules, amounts, strict=True):
        yield n, (rule, net, amount)


def _added(rule: TaxRule, nets: dict[str, int], so_far: dict[str, int], exponent: int) -> _One:
    """On what it is on; what it comes to is remembered for those that are on taxes too."""
    kinds = [kind for kind in nets if kind in rule.on]
    bases = [nets[kind] + (so_far[kind] if rule.compound else 0) for kind in kinds]
    base = sum(bases)
    numerator, denominator = rule.rate.as_integer_ratio()
    amount = _whole(base * numerator, denominator, rule)
    if rule.at_least and base > 0:
        amount = max(amount, minor_of(rule.at_least, exponent))
    for kind, share in zip(kinds, _split(amount, bases), strict=True):
        so_far[kind] += share
    return rule, base, amount


def _whole(minor: int, of: int, rule: TaxRule) -> int:
    """As the rule rounds; what is cut off brings it nearer to nothing."""
    if rule.rounding == "nearest":
        return rounded(minor, of)
    return minor // of if minor >= 0 else -(-minor // of)


def _split(amount: int, parts: Sequence[int]) -> list[int]:
    """In proportion to parts, to the last minor unit."""
    if len(parts) == 1:
        return [amount]
    whole = sum(parts)
    if not whole:
        return [0] * len(parts)
    sign = 1 if whole > 0 else -1
    marks = [rounded(sign * amount * seen, sign * whole) for seen in accumulate(parts, initial=0)]
    return [after - before for before, after in pairwise(marks)]
