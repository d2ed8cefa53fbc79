"""`price`: the elements of a tariff applied in their order to the facts of a trip."""

from decimal import Decimal
from typing import Self

from pydantic import Field, model_validator

from domain.billing.pricing.adjustments import ADJUSTMENTS
from domain.billing.pricing.benefits import take_benefits
from domain.billing.pricing.conditions import applies
from domain.billing.pricing.course import Course
from domain.billing.pricing.facts import TripFacts
from domain.billing.pricing.parts import Entry, Sheet
from domain.billing.pricing.rates import RATES
from domain.kernel.money import Money
from domain.kernel.trusted import trusted
from domain.kernel.values import Count, Value
from domain.rulebook.elements import Package
from domain.rulebook.tariff import Tariff
from domain.rulebook.tax import STANDARD


class PriceLine(Value):
    """One line of a price, explained: by which rule of which tariff version, from which facts.

    `unit_amount` is in major units and may be finer than a minor unit. `shares` says how much of the amount belongs to
    which element: all of it to the line's own rule, or, for an adjustment, to the elements that it adjusts. `taxes`
    says how much of it bears which taxes; where it says nothing, those that are usual are on all of it.
    """

    rule_id: str
    description: str
    quantity: Decimal
    unit: str
    unit_amount: Decimal | None
    amount: Money
    shares: dict[str, Money]
    tariff_id: str
    tariff_version: Count
    facts: dict[str, str]
    taxes: dict[str, Money] = Field(default_factory=dict)

    @property
    def by_tax(self) -> dict[str, Money]:
        """How much of it bears which taxes."""
        return self.taxes or {STANDARD: self.amount}


class Price(Value):
    """What a trip costs before any tax that is added on top: the lines and their exact sum."""

    lines: tuple[PriceLine, ...]
    total: Money

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        if sum(line.amount.amount_minor for line in self.lines) != self.total.amount_minor:
            msg = f"the lines do not sum to {self.total}"
            raise ValueError(msg)
        return self

    def amount_of(self, rule_id: str) -> Money:
        """The line of one rule; zero when it has none."""
        return Money.total((line.amount for line in self.lines if line.rule_id == rule_id), self.total.currency)

    def cost_of(self, *element_ids: str) -> Money:
        """What these elements cost in the end, with all caps and percentages on them."""
        if not element_ids:
            return Money.zero(self.total.currency)
        minor = sum(line.shares[i].amount_minor for line in self.lines for i in element_ids if i in line.shares)
        return Money.of(minor, self.total.currency)


def price(tariff: Tariff, facts: TripFacts) -> Price:
    """Price a trip. Raises `LookupError` for an unknown package or a missing agreed amount.

    A package whose conditions the trip does not meet covers nothing and costs nothing. Each element's amount is
    rounded once to the minor unit, half away from zero; the total is the sum of the lines.
    """
    course = Course(tariff, facts)
    if facts.package is not None:
        chosen = tariff.package(facts.package)
        entries = _entries(tariff, course, chosen if applies(chosen, tariff, facts, chosen) else None)
    elif tariff.best_package and not facts.reservation_only:
        offered = (p for p in tariff.packages if applies(p, tariff, facts, p))
        entries = min((_entries(tariff, course, choice) for choice in (None, *offered)), key=_total)
    else:
        entries = _entries(tariff, course, None)
    lines = tuple([_line(entry, minor, tariff) for entry in entries if (minor := entry.minor)])
    total = sum([line.amount.amount_minor for line in lines])
    return trusted(Price, lines=lines, total=Money.of(total, tariff.currency))


def _total(entries: list[Entry]) -> int:
    return sum(entry.minor for entry in entries)


def _entries(tariff: Tariff, course: Course, package: Package | None) -> list[Entry]:
    facts, sheet = course.facts, Sheet(course, tariff.currency.exponent)
    if package and facts.reservation_only:
        package = None
    for element in (package, *tariff.elements) if package else tariff.elements:
        if element is not package and not applies(element, tariff, facts, package):
            continue
        if adds := RATES.get(type(element)):
            adds(element, tariff, package, sheet)
        else:
            ADJUSTMENTS[type(element)](element, sheet)
    take_benefits(facts.benefits, tariff, sheet)
    return sheet.entries


def _line(entry: Entry, minor: int, tariff: Tariff) -> PriceLine:
    amount = Money.of(minor, tariff.currency)
    rules_id, version = entry.listed or (tariff.id, tariff.version)
    shares = {of: amount if share == minor else Money.of(share, tariff.currency) for of, share in entry.shares.items()}
    return trusted(
        PriceLine,
        rule_id=entry.rule_id,
        description=entry.description,
        quantity=entry.quantity,
        unit=entry.unit,
        unit_amount=entry.unit_amount,
        amount=amount,
        shares=shares,
        tariff_id=rules_id,
        tariff_version=version,
        facts=entry.facts,
        taxes=_taxes(shares, tariff) if tariff.taxes else {},
    )


def _taxes(shares: dict[str, Money], tariff: Tariff) -> dict[str, Money]:
    """What belongs to elements that bear the same taxes, together."""
    found: dict[str, Money] = {}
    for of, share in shares.items():
        kind = tariff.taxes[of]
        found[kind] = found[kind] + share if kind in found else share
    return found
