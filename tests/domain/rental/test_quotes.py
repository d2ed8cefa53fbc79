"""What may be chosen for a trip."""

from datetime import UTC, datetime

import pytest

from domain.rental.quotes import unknown_choices
from tests.domain.billing.field_terms import hours, package, tariff, time_rate, when

NIGHT = package("night", "9", 8).model_copy(update={"when": when(begins=hours(20, 6))})
GOLD = package("gold", "5", 8).model_copy(update={"when": when(option="gold", from_s=3600)})
OFFERS = tariff(time_rate("0.30"), packages=(NIGHT, GOLD))


@pytest.mark.parametrize(
    ("chosen", "hour", "options", "offered"),
    [
        ("night", 12, (), False),
        ("night", 21, (), True),
        ("gold", 12, (), False),
        ("gold", 12, ("gold",), True),
    ],
)
def test_a_package_is_offered_while_its_condition_may_hold(
    chosen: str, hour: int, options: tuple[str, ...], offered: bool
) -> None:
    at = datetime(2019, 1, 5, hour - 1, tzinfo=UTC)

    found = unknown_choices(OFFERS, chosen, options, at)

    assert [violation.code for violation in found] == ([] if offered else ["trip.unknown_package"])
