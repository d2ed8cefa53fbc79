"""Taxes: contained or added, by date, with no cent lost."""

from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from domain.billing.taxes import tax
from domain.kernel.money import Currency, Money
from domain.rulebook.tax import TaxRule
from tests.support.services import RULEBOOKS

BERLIN = RULEBOOKS["drivenow-europe"].city("berlin").taxes
SEATTLE = RULEBOOKS["reachnow-usa"].city("seattle").taxes
rules = st.lists(
    st.builds(
        TaxRule,
        name=st.just("tax"),
        rate=st.decimals(Decimal(0), Decimal("0.3"), places=4),
        valid_from=st.just(date(2000, 1, 1)),
        inclusive=st.booleans(),
        compound=st.booleans(),
    ),
    max_size=4,
).map(tuple)


def euros(minor: int) -> Money:
    return Money(amount_minor=minor, currency=Currency.EUR)


def test_german_vat_was_lower_in_the_second_half_of_2020() -> None:
    by_day = {
        day: tax(euros(11_900), BERLIN, day).taxes[0].rate
        for day in (date(2020, 6, 30), date(2020, 7, 1), date(2020, 12, 31), date(2021, 1, 1))
    }

    assert [str(rate) for rate in by_day.values()] == ["0.19", "0.16", "0.16", "0.19"]


def test_a_contained_tax_leaves_the_total_as_it_was_shown() -> None:
    found = tax(euros(11_900), BERLIN, date(2019, 1, 1))

    assert (found.net, found.tax, found.gross) == (euros(10_000), euros(1_900), euros(11_900))


def test_washington_taxes_are_added_each_on_the_net_amount() -> None:
    price = Money(amount_minor=10_000, currency=Currency.USD)

    found = tax(price, SEATTLE, date(2018, 3, 1))

    assert [t.amount.amount_minor for t in found.taxes] == [1010, 590, 100, 80]
    assert (found.net, found.gross.amount_minor) == (price, 11_780)


def test_the_rental_car_tax_of_washington_changes_by_year() -> None:
    price = Money(amount_minor=10_000, currency=Currency.USD)

    rental = [tax(price, SEATTLE, date(year, 6, 1)).taxes[1].amount.amount_minor for year in (2025, 2026, 2027)]

    assert rental == [590, 1190, 990]


def test_a_compound_tax_is_taken_on_the_taxes_before_it() -> None:
    first = TaxRule(name="a", rate=Decimal("0.05"), valid_from=date(2000, 1, 1), inclusive=False)
    second = TaxRule(name="b", rate=Decimal("0.10"), valid_from=date(2000, 1, 1), inclusive=False, compound=True)

    found = tax(euros(10_000), (first, second), date(2020, 1, 1))

    assert [t.amount for t in found.taxes] == [euros(500), euros(1050)]


@given(minor=st.integers(0, 10_000_000), taxes=rules)
def test_net_and_tax_sum_to_gross_and_taxes_to_tax(minor: int, taxes: tuple[TaxRule, ...]) -> None:
    found = tax(euros(minor), taxes, date(2020, 1, 1))

    assert found.net + found.tax == found.gross
    assert Money.total((t.amount for t in found.taxes), Currency.EUR) == found.tax
    if all(rule.inclusive for rule in taxes):
        assert found.gross == euros(minor)
    if not any(rule.inclusive for rule in taxes):
        assert found.net == euros(minor)
