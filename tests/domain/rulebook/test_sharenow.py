"""ShareNow Europe as data: what its published rules say about a trip."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from domain.billing.pricing import Span, TripFacts, price
from domain.rulebook.tariff import Tariff
from tests.support.services import RULEBOOKS

SHARENOW = RULEBOOKS["sharenow-europe"]
NOON = datetime(2022, 6, 8, 10, tzinfo=UTC)
MIDNIGHT = datetime(2022, 6, 8, 22, tzinfo=UTC)
"""In Berlin."""


def tariff_of(city: str, model: str) -> Tariff:
    return SHARENOW.tariff(city, model, NOON)


def cost(city: str, model: str, *, at: datetime = NOON, drive: int = 0, park: int = 0, **facts: Any) -> str:
    spans = (Span(phase="driving", seconds=drive * 60), Span(phase="parked", seconds=park * 60))
    trip = TripFacts(started_at=at, spans=tuple(span for span in spans if span.seconds), **facts)
    return str(price(tariff_of(city, model), trip).total)


@pytest.mark.parametrize(("model", "expected"), [("smart fortwo", "5.70 EUR"), ("BMW i3", "10.20 EUR")])
def test_a_stopover_costs_what_driving_costs(model: str, expected: str) -> None:
    assert cost("berlin", model, drive=20, park=10) == expected


def test_a_package_is_a_base_fee_and_each_kilometre() -> None:
    assert cost("berlin", "BMW i3", drive=100, park=140, distance_m=120_000, package="4h") == "39.79 EUR"
    assert cost("berlin", "BMW i3", drive=10, distance_m=20_000, package="4h") == "20.79 EUR"


def test_beyond_a_package_the_minute_rate_goes_on() -> None:
    assert cost("berlin", "BMW i3", drive=245, package="4h") == "18.69 EUR"


def test_the_minute_rate_has_200_km() -> None:
    assert cost("berlin", "BMW i3", drive=100, distance_m=210_000) == "36.90 EUR"


@pytest.mark.parametrize(
    ("city", "zones", "expected"),
    [
        ("berlin", {"end_zones": ("drop-off-a",)}, "4.89 EUR"),
        ("berlin", {"end_zones": ("drop-off-b",)}, "6.89 EUR"),
        ("berlin", {"end_zones": ("airport",)}, "9.89 EUR"),
        ("hamburg", {"end_zones": ("airport",)}, "8.89 EUR"),
        ("rhineland", {"start_zones": ("cologne",), "end_zones": ("duesseldorf",)}, "10.89 EUR"),
        ("rhineland", {"start_zones": ("cologne",), "end_zones": ("cologne",)}, "1.90 EUR"),
        ("vienna", {"end_zones": ("airport",)}, "14.29 EUR"),
        ("copenhagen", {"end_zones": ("drop-off",)}, "50.00 DKK"),
        ("copenhagen", {"end_zones": ("airport",)}, "75.00 DKK"),
    ],
)
def test_where_a_trip_ends_costs(city: str, zones: dict[str, Any], expected: str) -> None:
    assert cost(city, "smart fortwo", drive=10, **zones) == expected


def test_protection_is_chosen() -> None:
    assert cost("berlin", "smart fortwo", drive=10, options=("protection_plus",)) == "2.89 EUR"


@pytest.mark.parametrize(("options", "expected"), [((), "7.90 EUR"), (("gold",), "1.90 EUR")])
def test_gold_members_reserve_free_at_night(options: tuple[str, ...], expected: str) -> None:
    since = MIDNIGHT - timedelta(minutes=20)

    assert (
        cost("berlin", "smart fortwo", at=since + timedelta(minutes=80), drive=10, reserved_at=since, options=options)
        == expected
    )


def test_a_price_in_budapest_is_in_whole_forints() -> None:
    assert cost("budapest", "BMW i3", drive=7, park=3, distance_m=200_500) == "1095.00 HUF"


def test_every_city_has_its_pass_its_gold_and_its_credit() -> None:
    for city in SHARENOW.cities:
        assert [product.id for product in city.products] == ["pass_25", "pass_50", "gold", "refuelled"], city.id
        notices = {product.notice for product in city.products if product.renews}
        assert notices == {timedelta(days=14)}
