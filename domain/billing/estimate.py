"""What a trip would cost: a quoted tariff and the taxes of its city, applied to facts that nobody has measured yet."""

from datetime import datetime

from domain.billing.pricing import PriceLine, TripFacts, price
from domain.billing.taxes import TaxAmount, of_each, tax
from domain.kernel.money import Money
from domain.kernel.trusted import trusted
from domain.kernel.values import Value
from domain.rulebook.model import City
from domain.rulebook.tariff import Tariff


class Estimate(Value):
    """A price as an invoice would show it. Net and tax sum to gross."""

    lines: tuple[PriceLine, ...]
    taxes: tuple[TaxAmount, ...]
    net: Money
    tax: Money
    gross: Money


def estimate(tariff: Tariff, city: City, facts: TripFacts) -> Estimate:
    """The price of a trip of these facts. Raises `LookupError` for a package that the tariff does not offer."""
    priced = price(tariff, facts)
    return with_taxes(priced.lines, priced.total, city, facts.ended_at)


def with_taxes(lines: tuple[PriceLine, ...], total: Money, city: City, at: datetime) -> Estimate:
    """Lines and their sum with the taxes of a city on the day that it was supplied."""
    taxed = tax(total, city.taxes, city.local_day(at), of=of_each(lines))
    return trusted(Estimate, lines=lines, taxes=taxed.taxes, net=taxed.net, tax=taxed.tax, gross=taxed.gross)
