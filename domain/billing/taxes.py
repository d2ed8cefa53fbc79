"""Taxes on a price: contained in it, or added on top, by the rules in force on the day the trip ended.

Each tax is computed once per invoice on the sum of its lines and rounded to the minor unit, half away from zero
(as EN 16931 does for each rate, BR-CO-17), never line by line.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from typing import Self

from pydantic import model_validator

from domain.kernel.money import Money
from domain.kernel.values import Value
from domain.rulebook.model import on
from domain.rulebook.tax import TaxRule


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
    free = untaxed or Money.zero(total.currency)
    in_force = on(day, rules)
    net, contained = _contained(total - free, [rule for rule in in_force if rule.inclusive])
    added = _added(
        net, [rule for rule in in_force if not rule.inclusive], start=Money.total(_amounts(contained), total.currency)
    )
    amounts = (*contained, *added)
    tax_sum = Money.total(_amounts(amounts), total.currency)
    return Taxed(net=net + free, tax=tax_sum, gross=net + free + tax_sum, taxes=amounts)


def _contained(total: Money, rules: list[TaxRule]) -> tuple[Money, list[TaxAmount]]:
    """The last tax takes what is left, so that no cent of the total is lost between several."""
    whole = 1 + sum((rule.rate for rule in rules), Decimal(0))
    exact_net = total.major / whole
    net = Money.rounded(exact_net, total.currency)
    left, amounts = total - net, []
    for rule in rules:
        is_last = rule is rules[-1]
        amount = left if is_last else Money.rounded(exact_net * rule.rate, total.currency)
        left -= amount
        amounts.append(TaxAmount(name=rule.name, rate=rule.rate, base=net, amount=amount, inclusive=True))
    return net, amounts


def _added(net: Money, rules: list[TaxRule], *, start: Money) -> list[TaxAmount]:
    so_far, amounts = start, list[TaxAmount]()
    for rule in rules:
        base = net + so_far if rule.compound else net
        amount = Money.rounded(base.major * rule.rate, net.currency)
        amounts.append(TaxAmount(name=rule.name, rate=rule.rate, base=base, amount=amount, inclusive=False))
        so_far += amount
    return amounts


def _amounts(taxes: Iterable[TaxAmount]) -> Iterable[Money]:
    return (one.amount for one in taxes)
