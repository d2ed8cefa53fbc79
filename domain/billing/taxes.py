"""Taxes on a price: contained in it, or added on top, by the rules in force on the day the trip ended.

Each tax is computed once per invoice on the sum of what it is on, and rounded once as its rule says (as EN 16931 does
for each rate, BR-CO-17), never line by line.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from functools import lru_cache
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
    told = [*lines]
    if not any(line.taxes for line in told):
        return None
    found: dict[str, Money] = {}
    for line in told:
        for kind, amount in line.taxes.items() or ((STANDARD, line.amount),):
            found[kind] = found[kind] + amount if kind in found else amount
    return None if found.keys() <= {STANDARD} else found


def tax(total: Money, rules: tuple[TaxRule, ...], day: date, *, of: Mapping[str, Money] | None = None) -> Taxed:
    """Split or extend a total by the taxes in force on `day`; without any, net is gross.

    `of` says how much of the total bears which taxes; without it, those that are usual are on all of it.
    """
    nets = {STANDARD: total.amount_minor} if of is None else {kind: part.amount_minor for kind, part in of.items()}
    in_force = [rule for rule in on(day, rules) if not nets.keys().isdisjoint(rule.on)]
    contained = [rule for rule in in_force if rule.inclusive]
    so_far, found = dict.fromkeys(nets, 0), [(rule, 0, 0) for rule in contained]
    for group, kinds in _groups(nets, contained):
        for n, base, amount in _take_out(kinds, group, nets, so_far):
            rule, base_before, before = found[n]
            found[n] = rule, base_before + base, before + amount
    exponent = total.currency.exponent
    found += [_added(rule, nets, so_far, exponent) for rule in in_force if not rule.inclusive]
    return _taxed(total, found)


def net_of(total: int, taxes: Sequence[TaxRule | TaxAmount]) -> int:
    """What a total is without taxes that it contains, in minor units."""
    of, parts = _ratios(taxes)
    return rounded(total * of, of + sum(parts))


@lru_cache(maxsize=1_000)
def _ratio(rate: Decimal) -> tuple[int, int]:
    return rate.as_integer_ratio()


def _ratios(taxes: Sequence[TaxRule | TaxAmount]) -> tuple[int, list[int]]:
    """Their rates as numbers of one denominator."""
    ratios = [_ratio(tax.rate) for tax in taxes]
    if len(ratios) == 1:
        return ratios[0][1], [ratios[0][0]]
    of = lcm(*[denominator for _, denominator in ratios])
    return of, [numerator * of // denominator for numerator, denominator in ratios]


def _taxed(total: Money, found: Sequence[_One]) -> Taxed:
    made = {total.amount_minor: total}

    def money(minor: int) -> Money:
        if minor not in made:
            made[minor] = Money.of(minor, total.currency)
        return made[minor]

    taxes = [
        trusted(
            TaxAmount,
            name=rule.name,
            rate=rule.rate,
            base=money(base),
            amount=money(amount),
            inclusive=rule.inclusive,
            on=rule.on,
            exempt=rule.exempt,
        )
        for rule, base, amount in found
    ]
    on_it = sum([amount for _, _, amount in found])
    net = total.amount_minor - sum([amount for rule, _, amount in found if rule.inclusive])
    return trusted(Taxed, net=money(net), tax=money(on_it), gross=money(net + on_it), taxes=tuple(taxes))


def _groups(kinds: Collection[str], rules: Sequence[TaxRule]) -> list[tuple[list[tuple[int, TaxRule]], list[str]]]:
    """The kinds that bear the same taxes, together, and those taxes with their places."""
    if len(kinds) == 1:  # as most prices have it
        return [([*enumerate(rules)], [*kinds])] if rules else []
    found: dict[tuple[int, ...], list[str]] = {}
    for kind in kinds:
        found.setdefault(tuple([n for n, rule in enumerate(rules) if kind in rule.on]), []).append(kind)
    return [([(n, rules[n]) for n in places], together) for places, together in found.items() if places]


def _take_out(
    kinds: list[str], rules: list[tuple[int, TaxRule]], nets: dict[str, int], so_far: dict[str, int]
) -> list[tuple[int, int, int]]:
    """Of each tax that is contained its place, what it is on, and how much it is.

    The last takes what is left, so that no cent is lost between several.
    """
    total = sum([nets[kind] for kind in kinds])
    of, parts = _ratios([rule for _, rule in rules])
    whole = of + sum(parts)
    if len(rules) == 1 and rules[0][1].rounding == "nearest":  # as most prices have it
        net = rounded(total * of, whole)
        amounts = [total - net]
    else:
        amounts = [_whole(total * part, whole, rule) for part, (_, rule) in zip(parts, rules, strict=True)]
        if all(rule.rounding == "nearest" for _, rule in rules):
            amounts[-1] += total - rounded(total * of, whole) - sum(amounts)
        net = total - sum(amounts)
    shares = [net] if len(kinds) == 1 else _split(net, [nets[kind] for kind in kinds])
    for kind, share in zip(kinds, shares, strict=True):
        so_far[kind], nets[kind] = nets[kind] - share, share
    return [(n, net, amount) for (n, _), amount in zip(rules, amounts, strict=True)]


def _added(rule: TaxRule, nets: dict[str, int], so_far: dict[str, int], exponent: int) -> _One:
    """On what it is on; what it comes to is remembered for those that are on taxes too."""
    kinds = [kind for kind in nets if kind in rule.on]
    bases = [nets[kind] + (so_far[kind] if rule.compound else 0) for kind in kinds]
    base = sum(bases)
    numerator, denominator = _ratio(rule.rate)
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
