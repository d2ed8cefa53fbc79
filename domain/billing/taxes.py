"""Taxes on a price: contained in it, or added on top, by the rules in force on the day the trip ended.

Each tax is computed once per invoice on the sum of its lines and rounded to the minor unit, half away from zero
(as EN 16931 does for each rate, BR-CO-17), never line by line.
"""

from datetime import date
from decimal import Decimal
from math import lcm
from typing import Self

from pydantic import model_validator

from domain.billing.pricing.parts import rounded
from domain.kernel.money import Money
from domain.kernel.trusted import trusted
from domain.kernel.values import Value
from domain.rulebook.tax import TaxRule, on


class TaxAmount(Value):
    """One tax of an invoice: so much on `base`."""

    name: str
    rate: Decimal
    base: Money
    amount: Money
    inclusive: bool


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


def tax(total: Money, rules: tuple[TaxRule, ...], day: date, *, untaxed: Money | None = None) -> Taxed:
    """Split or extend a total by the taxes in force on `day`; without any, net is gross.

    `untaxed` is the part of the total that no tax is on: it is in net and gross, and in the base of no tax.
    """
    free, currency = untaxed.amount_minor if untaxed else 0, total.currency
    in_force = on(day, rules)
    net, found = _contained(total.amount_minor - free, [rule for rule in in_force if rule.inclusive])
    found += _added(net, [rule for rule in in_force if not rule.inclusive], start=total.amount_minor - free - net)
    on_it = sum([amount for _, _, amount in found])
    made = {total.amount_minor: total}

    def money(minor: int) -> Money:
        if minor not in made:
            made[minor] = Money.of(minor, currency)
        return made[minor]

    taxes = [
        trusted(
            TaxAmount,
            name=rule.name,
            rate=rule.rate,
            base=money(base),
            amount=money(amount),
            inclusive=rule.inclusive,
        )
        for rule, base, amount in found
    ]
    gross = money(net + free + on_it)
    return trusted(Taxed, net=money(net + free), tax=money(on_it), gross=gross, taxes=tuple(taxes))


_One = tuple[TaxRule, int, int]
"""A tax, what it is on, and how much it is, in minor units."""


def _contained(total: int, rules: list[TaxRule]) -> tuple[int, list[_One]]:
    """The last tax takes what is left, so that no cent of the total is lost between several."""
    if not rules:
        return total, []
    ratios = [rule.rate.as_integer_ratio() for rule in rules]
    of = lcm(*[denominator for _, denominator in ratios])
    parts = [numerator * of // denominator for numerator, denominator in ratios]
    whole = of + sum(parts)
    net = rounded(total * of, whole)
    left = total - net
    found: list[_One] = []
    for rule, part in zip(rules, parts, strict=True):
        amount = left if rule is rules[-1] else rounded(total * part, whole)
        left -= amount
        found.append((rule, net, amount))
    return net, found


def _added(net: int, rules: list[TaxRule], *, start: int) -> list[_One]:
    so_far = start
    found: list[_One] = []
    for rule in rules:
        base = net + so_far if rule.compound else net
        numerator, denominator = rule.rate.as_integer_ratio()
        amount = rounded(base * numerator, denominator)
        found.append((rule, base, amount))
        so_far += amount
    return found
