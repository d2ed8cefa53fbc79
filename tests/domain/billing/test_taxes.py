"""Taxes: contained or added, by date, with no cent lost."""

from datetime import date
from decimal import Decimal
from typing import Any

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


def rule(rate: str, *on: str, name: str = "tax", **more: Any) -> TaxRule:
    known: dict[str, Any] = {"inclusive": True, "valid_from": date(2000, 1, 1), **more}
    return TaxRule(name=name, rate=Decimal(rate), on=on or ("standard",), **known)


def amounts(minor: dict[str, int], *rules: TaxRule, currency: Currency = Currency.EUR) -> list[tuple[str, int, int]]:
    """Of each tax its name, what it is on, and how much it is."""
    of = {kind: Money(amount_minor=part, currency=currency) for kind, part in minor.items()}
    found = tax(Money.total(of.values(), currency), rules, date(2020, 1, 1), of=of)
    assert found.net + found.tax == found.gross
    return [(one.name, one.base.amount_minor, one.amount.amount_minor) for one in found.taxes]


def test_each_rate_is_on_what_it_names() -> None:
    found = amounts(
        {"standard": 11_900, "reduced": 1_070, "passed on": 3_500},
        rule("0.19"),
        rule("0.07", "reduced", name="reduced"),
        rule("0", "passed on", name="none", exempt="passed on"),
    )

    assert found == [("tax", 10_000, 1_900), ("reduced", 1_000, 70), ("none", 3_500, 0)]


def test_a_service_fee_of_20_percent_is_taxed_by_itself() -> None:
    # 100.00 of the owner without tax, a fee of 20.00 with 21 % on it: 124.20
    of = {"owner": euros(10_000), "standard": euros(2_000)}
    rules = (rule("0.21", inclusive=False), rule("0", "owner", exempt="sold by a private person", inclusive=False))

    assert tax(euros(12_000), rules, date(2020, 1, 1), of=of).gross == euros(12_420)


def test_stacked_taxes_are_on_parts_of_the_price() -> None:
    sales = rule("0.101", "standard", "protection", name="sales", inclusive=False)
    rental = rule("0.059", "standard", name="rental", inclusive=False)

    found = amounts({"standard": 10_000, "protection": 1_000, "citation": 5_000}, sales, rental)

    assert found == [("sales", 11_000, 1_111), ("rental", 10_000, 590)]


def test_a_compound_tax_is_on_the_taxes_of_its_own_part_alone() -> None:
    first = rule("0.10", "standard", "food", name="first", inclusive=False)
    second = rule("0.10", "standard", name="second", inclusive=False, compound=True)

    assert amounts({"standard": 1_000, "food": 3_000}, first, second) == [("first", 4_000, 400), ("second", 1_100, 110)]


def test_an_added_tax_has_a_least_amount_where_it_is_due() -> None:
    county = rule("0.05", inclusive=False, at_least=Decimal("2.50"))

    assert amounts({"standard": 1_000}, county) == [("tax", 1_000, 250)]
    assert amounts({"standard": 10_000}, county) == [("tax", 10_000, 500)]
    assert amounts({"passed on": 10_000}, county) == []


def test_japan_cuts_off_what_is_less_than_a_yen() -> None:
    # 999 yen contain 999 x 10/110 = 90.8 yen of tax; on 999 yen are 99.9
    contained, added = rule("0.10", rounding="down"), rule("0.10", rounding="down", inclusive=False)

    assert amounts({"standard": 999}, contained, currency=Currency.JPY) == [("tax", 909, 90)]
    assert amounts({"standard": 999}, added, currency=Currency.JPY) == [("tax", 999, 99)]


def test_dinars_have_three_decimals() -> None:
    assert amounts({"standard": 11_000}, rule("0.10"), currency=Currency.BHD) == [("tax", 10_000, 1_000)]


kinds = st.sampled_from(["standard", "reduced", "passed on"])


@given(
    parts=st.dictionaries(kinds, st.integers(-1_000, 1_000_000), min_size=1),
    taxes=st.lists(
        st.builds(
            TaxRule,
            name=st.just("tax"),
            rate=st.decimals(Decimal(0), Decimal("0.3"), places=4),
            valid_from=st.just(date(2000, 1, 1)),
            inclusive=st.booleans(),
            compound=st.booleans(),
            on=st.sets(kinds, min_size=1).map(lambda on: tuple(sorted(on))),
            rounding=st.sampled_from(["nearest", "down"]),
            at_least=st.sampled_from([Decimal(0), Decimal("1.23")]),
        ),
        max_size=4,
    ).map(tuple),
)
def test_no_cent_is_lost_between_taxes_on_parts(parts: dict[str, int], taxes: tuple[TaxRule, ...]) -> None:
    of, total = {kind: euros(minor) for kind, minor in parts.items()}, euros(sum(parts.values()))

    found = tax(total, taxes, date(2020, 1, 1), of=of)

    contained = Money.total((one.amount for one in found.taxes if one.inclusive), Currency.EUR)
    added = Money.total((one.amount for one in found.taxes if not one.inclusive), Currency.EUR)
    assert (found.net + contained, found.gross) == (total, total + added)
    for one in found.taxes:
        if one.inclusive and len(one.on) == 1 and len([t for t in found.taxes if t.inclusive]) == 1:
            assert one.base + one.amount == of[one.on[0]]
