"""What an invoice says of each of its charges, and what a credit note takes back of it.

Taxes are those of each charge, added up: what a charge was told to cost is what it costs, alone or among others.
"""

from collections.abc import Callable, Iterable
from datetime import date
from itertools import accumulate
from typing import Protocol, Self
from uuid import UUID

from domain.billing.charge import Charge
from domain.billing.estimate import Estimate
from domain.billing.pricing import PriceLine
from domain.billing.taxes import TaxAmount, Taxed
from domain.kernel.ids import ChargeId, MemberId
from domain.kernel.money import Money
from domain.kernel.values import Value


class Sums(Protocol):
    """What has a price."""

    @property
    def taxes(self) -> tuple[TaxAmount, ...]: ...
    @property
    def net(self) -> Money: ...
    @property
    def tax(self) -> Money: ...
    @property
    def gross(self) -> Money: ...


class BilledCharge(Value):
    """A charge as it stands on its invoice."""

    charge_id: ChargeId
    subject_kind: str
    """Topic of the aggregate that is charged for, e.g. `rental.trip`."""
    subject_id: UUID
    member_id: MemberId
    """Who had it."""
    city_id: str
    """Where it was supplied: its taxes apply."""
    supplied_on: date
    """The local day on which what is charged for ended."""
    lines: tuple[PriceLine, ...]
    taxes: tuple[TaxAmount, ...]
    net: Money
    tax: Money
    gross: Money

    @classmethod
    def of(cls, charge: Charge, price: Estimate, supplied_on: date) -> Self:
        """A charge for its price."""
        return cls(
            charge_id=ChargeId(charge.id),
            subject_kind=charge.subject_kind,
            subject_id=charge.subject_id,
            member_id=charge.member_id,
            city_id=charge.city_id,
            supplied_on=supplied_on,
            **dict(price),
        )


class CreditedCharge(Value):
    """What is taken back of a charge."""

    charge_id: ChargeId
    subject_kind: str
    subject_id: UUID
    city_id: str
    taxes: tuple[TaxAmount, ...]
    net: Money
    tax: Money
    gross: Money

    @classmethod
    def of(cls, charge: BilledCharge, before: Money, gross: Money) -> Self:
        """So much of a charge of which `before` is taken back already."""
        whose = charge.model_dump(include={"charge_id", "subject_kind", "subject_id", "city_id"})
        return cls(**whose, **dict(proportion(charge, before, gross)))


def summed(parts: Iterable[Sums]) -> Taxed:
    """All of them together, each tax once. There is one at least, and all are in one currency."""
    found = list(parts)
    currency, taxes = found[0].gross.currency, dict[tuple[object, ...], TaxAmount]()
    for tax in (tax for part in found for tax in part.taxes):
        kind = tuple(value for name, value in tax if name not in {"base", "amount"})
        so_far = taxes.get(kind)
        more = {"base": so_far.base + tax.base, "amount": so_far.amount + tax.amount} if so_far else {}
        taxes[kind] = tax.model_copy(update=more)
    net, levied, gross = (
        Money.total([getattr(part, name) for part in found], currency) for name in ("net", "tax", "gross")
    )
    return Taxed(net=net, tax=levied, gross=gross, taxes=tuple(taxes.values()))


def proportion(of: Sums, before: Money, gross: Money) -> Taxed:
    """Net and taxes of the next part to be taken back, after `before`; all parts together are exactly the whole."""

    def up_to(share: Money, of_it: Money) -> Money:
        return Money.rounded(of_it.major * share.amount_minor / of.gross.amount_minor, gross.currency)

    def part(of_it: Money) -> Money:
        return up_to(before + gross, of_it) - up_to(before, of_it)

    amounts = [part(t.amount) for t in of.taxes]
    tax = Money.total(amounts, gross.currency)
    bases = _bases(of, gross - tax, amounts, part)
    taxes = tuple(
        t.model_copy(update={"base": base, "amount": amount})
        for t, base, amount in zip(of.taxes, bases, amounts, strict=True)
    )
    return Taxed(net=gross - tax, tax=tax, gross=gross, taxes=taxes)


def _bases(of: Sums, net: Money, amounts: list[Money], part: Callable[[Money], Money]) -> list[Money]:
    """What each tax of a part is on: together its net, each its net, or a part of it with the taxes before it."""
    if not amounts:
        return []
    bases, currency = [tax.base for tax in of.taxes], net.currency
    if Money.total(bases, currency) == of.net:
        parts = [part(base) for base in bases[:-1]]
        return [*parts, net - Money.total(parts, currency)]
    least = bases[0]
    taxed = net - part(of.net - least)
    before = accumulate(amounts, initial=Money.zero(currency))
    sums = accumulate((tax.amount for tax in of.taxes), initial=Money.zero(currency))
    together = zip(bases, before, sums, strict=False)
    return [taxed if b == least else taxed + own if b == least + whole else part(b) for b, own, whole in together]
