"""Money adds up exactly, rounds as merchants do, and never mixes currencies."""

from collections.abc import Callable
from decimal import Decimal
from operator import add, gt, le, lt, sub

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.kernel.money import Currency, CurrencyMismatchError, Money

amounts_minor = st.integers(-(10**12), 10**12)
currencies = st.sampled_from(Currency)


def euros(amount_minor: int) -> Money:
    return Money(amount_minor=amount_minor, currency=Currency.EUR)


@given(amounts_minor, amounts_minor, amounts_minor)
def test_the_order_of_adding_does_not_matter(a: int, b: int, c: int) -> None:
    one, two, three = euros(a), euros(b), euros(c)

    assert one + two == two + one
    assert (one + two) + three == one + (two + three)
    assert Money.total([one, two, three], Currency.EUR) == euros(a + b + c)


@given(amounts_minor, amounts_minor)
def test_what_is_taken_away_was_added(a: int, b: int) -> None:
    assert euros(a) + euros(b) - euros(b) == euros(a)
    assert euros(a) + -euros(a) == Money.zero(Currency.EUR)


@given(amounts_minor, amounts_minor)
def test_amounts_are_ordered_as_their_minor_units(a: int, b: int) -> None:
    assert (euros(a) < euros(b)) is (a < b)
    assert (euros(a) >= euros(b)) is (a >= b)


@given(amounts_minor, currencies)
def test_an_amount_in_major_units_is_the_same_amount(minor: int, currency: Currency) -> None:
    money = Money(amount_minor=minor, currency=currency)

    assert Money.rounded(money.major, currency) == money


@given(st.decimals(-(10**9), 10**9, places=5), currencies)
def test_rounding_never_moves_an_amount_by_more_than_half_a_minor_unit(major: Decimal, currency: Currency) -> None:
    half = Decimal("0.5").scaleb(-currency.exponent)

    assert abs(Money.rounded(major, currency).major - major) <= half


@pytest.mark.parametrize(
    ("major", "minor"), [("0.005", 1), ("-0.005", -1), ("2.675", 268), ("-2.675", -268), ("0.0049", 0), ("0.015", 2)]
)
def test_half_a_minor_unit_is_rounded_away_from_zero(major: str, minor: int) -> None:
    assert Money.rounded(Decimal(major), Currency.EUR) == euros(minor)


@pytest.mark.parametrize("operation", [add, sub, lt, le, gt])
def test_amounts_of_different_currencies_are_never_mixed(operation: Callable[[Money, Money], object]) -> None:
    dollars = Money(amount_minor=100, currency=Currency.USD)

    with pytest.raises(CurrencyMismatchError, match="different currencies"):
        operation(euros(100), dollars)


def test_nothing_is_the_total_of_no_amounts() -> None:
    nothing = Money.total([], Currency.CHF)

    assert nothing == Money.zero(Currency.CHF)
    assert not nothing
    assert euros(-1)


def test_yen_have_no_minor_unit() -> None:
    fare = Money.rounded(Decimal("1480.5"), Currency.JPY)

    assert (fare.amount_minor, fare.major) == (1481, Decimal(1481))


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (1234, Currency.EUR, "12.34 EUR"),
        (5, Currency.USD, "0.05 USD"),
        (-5, Currency.USD, "-0.05 USD"),
        (100_000_000, Currency.HUF, "1000000.00 HUF"),
        (1480, Currency.JPY, "1480 JPY"),
    ],
)
def test_an_amount_is_written_with_its_decimals_and_its_currency(minor: int, currency: Currency, text: str) -> None:
    assert str(Money(amount_minor=minor, currency=currency)) == text
