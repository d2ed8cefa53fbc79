"""Every worked price, to the cent, from tariff data alone."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from domain.billing.pricing import TripFacts, price
from domain.kernel.money import Money
from domain.rulebook.tariff import Tariff
from tests.domain.billing import worked_tariffs as worked

CASES = json.loads((Path(__file__).parents[2] / "data/worked_prices/prices.json").read_text(), parse_float=Decimal)


@pytest.mark.parametrize("case", CASES, ids=[c["id"] for c in CASES])
def test_a_published_price_is_reproduced_to_the_cent(case: dict[str, Any]) -> None:
    tariff = worked.tariff_of(case["id"])

    found = price(tariff, worked.facts_of(case["trip"], tariff.currency))

    assert tariff.currency == case["currency"]
    assert found.total == Money.rounded(Decimal(case["expected_total"]), tariff.currency)
    for part, expected in case["breakdown"].items():
        if part != "note":
            got = found.cost_of(part) if part in worked.ELEMENTS_OF else found.amount_of(part)
            assert got == Money.rounded(Decimal(expected), tariff.currency), part


@pytest.mark.parametrize(
    ("tariff", "facts", "total"),
    [
        pytest.param(worked.PROTECTION, {"driving_s": 25 * 3600}, "11.00 CAD", id="a capped day and one hour"),
        pytest.param(worked.PROTECTION, {"driving_s": 6 * 86_400}, "25.00 CAD", id="six days are a capped week"),
        pytest.param(worked.PROTECTION, {"driving_s": 8 * 86_400}, "35.00 CAD", id="a capped week and a capped day"),
        pytest.param(worked.BERLIN, {"driving_s": 70 * 60}, "17.80 EUR", id="a capped hour and ten minutes"),
        pytest.param(worked.BERLIN, {"driving_s": 26 * 3600}, "88.80 EUR", id="a capped day and two capped hours"),
        pytest.param(
            worked.BERLIN, {"driving_s": 52 * 60, "distance_m": 60_000}, "17.80 EUR", id="km stay outside the cap"
        ),
        pytest.param(
            worked.BERLIN, {"driving_s": 1501, "parked_s": 61}, "7.92 EUR", id="started minutes, each phase by itself"
        ),
        pytest.param(worked.RIGA, {"driving_s": 60}, "2.55 EUR", id="the minimum fare"),
        pytest.param(worked.RIGA, {"driving_s": 25 * 3600}, "28.70 EUR", id="a capped day and an hour by the minute"),
        pytest.param(worked.DISCOUNTED, {"driving_s": 300}, "10.00 EUR", id="no discount below the minimum"),
        pytest.param(worked.DISCOUNTED, {"driving_s": 3000}, "20.00 EUR", id="the whole discount above it"),
        pytest.param(worked.GBFS_1, {"driving_s": 45 * 60}, "5.00 USD", id="a step charged once"),
        pytest.param(worked.GBFS_2, {"driving_s": 730 * 60}, "20.00 CAD", id="the next period is metered anew"),
    ],
)
def test_caps_minimum_and_steps_compose(tariff: Tariff, facts: dict[str, Any], total: str) -> None:
    assert str(price(tariff, TripFacts.of(**facts)).total) == total
