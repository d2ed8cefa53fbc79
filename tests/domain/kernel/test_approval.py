"""Two persons for what is above a limit."""

from datetime import UTC, datetime

import pytest

from domain.kernel.approval import Proposal, is_seconded, needs_two
from domain.kernel.errors import RefusedError
from domain.kernel.money import Currency, Money

LIMIT = Money(amount_minor=50_000, currency=Currency.EUR)
BY_ADA = Proposal(content="waive", proposed_by="ada", proposed_at=datetime(2027, 1, 5, tzinfo=UTC))


@pytest.mark.parametrize(
    ("minor", "currency", "two"),
    [
        (50_000, Currency.EUR, False),
        (50_001, Currency.EUR, True),
        (-50_001, Currency.EUR, True),
        (1, Currency.USD, True),
    ],
)
def test_an_amount_above_the_limit_needs_two_whoever_is_owed_it(minor: int, currency: Currency, *, two: bool) -> None:
    assert needs_two(Money(amount_minor=minor, currency=currency), LIMIT) is two


def test_without_a_limit_one_is_enough() -> None:
    assert not needs_two(Money(amount_minor=10**9, currency=Currency.EUR), None)


def test_another_person_with_the_same_content_completes_a_proposal() -> None:
    assert is_seconded(BY_ADA, "waive", "bob")


def test_the_first_decision_and_one_of_another_content_complete_nothing() -> None:
    assert not is_seconded(None, "waive", "ada")
    assert not is_seconded(BY_ADA, "approve", "bob")
    assert not is_seconded(BY_ADA, "approve", "ada")


def test_the_same_person_cannot_complete_what_they_proposed() -> None:
    with pytest.raises(RefusedError) as refused:
        is_seconded(BY_ADA, "waive", "ada")

    [violation] = refused.value.violations
    assert (violation.code, violation.values["proposed_by"]) == ("approval.same_person", "ada")
