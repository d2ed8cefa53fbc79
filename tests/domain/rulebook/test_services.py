"""The two services as data: what their published prices say about a trip."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import ModuleType
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import adapters
import domain
import projections
from domain.billing.pricing import Span, TripFacts, price
from domain.rulebook.model import Rulebook
from tests.support.services import RULEBOOKS

NOON = datetime(2019, 6, 5, 10, tzinfo=UTC)
"""Wednesday, 12:00 in Berlin and Vienna."""


def cost(city: str, model: str, *, at: datetime = NOON, drive: int = 0, park: int = 0, **facts: Any) -> str:
    service = "reachnow-usa" if city in ("seattle", "portland") else "drivenow-europe"
    tariff = RULEBOOKS[service].tariff(city, model, at)
    spans = (Span(phase="driving", seconds=drive * 60), Span(phase="parked", seconds=park * 60))
    return str(price(tariff, TripFacts(started_at=at, spans=tuple(s for s in spans if s.seconds), **facts)).total.major)


@pytest.mark.parametrize(("model", "expected"), [("MINI 3-Door", "7.70"), ("BMW i3", "8.30")])
def test_berlin_has_two_prices_for_driving_and_one_for_parking(model: str, expected: str) -> None:
    assert cost("berlin", model, drive=20, park=10) == expected


def test_a_reservation_is_free_for_15_minutes() -> None:
    held_since = NOON - timedelta(minutes=25)

    assert cost("berlin", "MINI 3-Door", drive=10, reserved_at=held_since) == "4.10"


def test_200_km_are_included() -> None:
    assert cost("berlin", "MINI 3-Door", drive=100, distance_m=210_000) == "33.90"


def test_a_package_covers_time_and_its_own_distance_and_then_the_rates_go_on() -> None:
    assert cost("berlin", "MINI 3-Door", drive=60, park=120, distance_m=80_000, package="3h") == "29.00"
    assert cost("berlin", "MINI 3-Door", drive=190, distance_m=90_000, package="3h") == "35.00"


def test_vienna_airport_costs_at_start_and_end() -> None:
    assert cost("vienna", "MINI 3-Door", drive=10, start_zones=("airport",), end_zones=("airport",)) == "27.50"


@pytest.mark.parametrize(
    ("hour", "days_later", "expected"),
    [(19, 0, "21.00"), (20, 0, "0"), (20, 3, "21.00"), (20, 4, "0")],
)
def test_parking_in_vienna_is_free_at_night_but_not_from_saturday_to_sunday(
    hour: int, days_later: int, expected: str
) -> None:
    at = datetime(2019, 6, 5, hour, tzinfo=UTC) + timedelta(days=days_later)

    assert Decimal(cost("vienna", "MINI 3-Door", at=at, park=60)) == Decimal(expected)


@pytest.mark.parametrize(("month", "expected"), [(6, "3.80"), (12, "3.50")])
def test_a_convertible_costs_more_in_summer(month: int, expected: str) -> None:
    at = datetime(2019, month, 5, 10, tzinfo=UTC)

    assert cost("vienna", "MINI Convertible", at=at, drive=10) == expected
    assert cost("vienna", "MINI Convertible", at=at, park=10) == expected


@pytest.mark.parametrize(
    ("minutes", "expected"),
    [(10, "5.90"), (180, "51.00"), (190, "55.90"), (700, "81.00"), (1440, "111.00"), (1450, "115.90")],
)
def test_reachnow_caps_rise_with_the_time_and_a_fee_is_added(minutes: int, expected: str) -> None:
    assert cost("seattle", "BMW 3 Series", drive=minutes) == expected


def test_the_services_differ_in_who_may_drive() -> None:
    europe, usa = RULEBOOKS["drivenow-europe"].eligibility, RULEBOOKS["reachnow-usa"].eligibility

    assert europe.prepaid_cards
    assert (usa.minimum_age, usa.minimum_licence_years, usa.prepaid_cards) == (21, 2, False)


def test_there_is_no_price_for_an_unknown_model() -> None:
    with pytest.raises(LookupError, match="no tariff for Trabant"):
        RULEBOOKS["drivenow-europe"].tariff("berlin", "Trabant", NOON)


def test_every_rulebook_survives_its_own_json() -> None:
    for rulebook in RULEBOOKS.values():
        assert type(rulebook).model_validate_json(rulebook.model_dump_json()) == rulebook


@pytest.mark.parametrize("rulebook", RULEBOOKS.values(), ids=lambda rulebook: rulebook.key)
def test_a_digest_is_of_the_content(rulebook: Rulebook) -> None:
    again = Rulebook.model_validate_json(rulebook.model_dump_json())
    [tariff, *_] = rulebook.cities[0].tariffs
    dearer = tariff.model_copy(update={"hold": tariff.hold + tariff.hold})

    assert again.digest == rulebook.digest
    assert again.cities[0].tariffs[0].digest == tariff.digest != dearer.digest
    assert rulebook.model_copy(update={"name": "Other"}).digest != rulebook.digest


def test_a_digest_does_not_depend_on_how_a_number_or_a_moment_is_written() -> None:
    tariff = RULEBOOKS["drivenow-europe"].cities[0].tariffs[0]
    paris = tariff.valid_from.astimezone(ZoneInfo("Europe/Paris"))
    [first, *rest] = tariff.elements
    finer = first.model_copy(update={"rate": Decimal("0.3100")})

    assert tariff.model_copy(update={"valid_from": paris, "elements": (finer, *rest)}).digest == tariff.digest
    assert tariff.digest == "1c7df4ca624df378800b9e28734bd7c381f0e29fe802f3f1496a0126525d319b"


@pytest.mark.parametrize("package", [domain, projections, adapters], ids=lambda package: package.__name__)
def test_no_code_names_a_service(package: ModuleType) -> None:
    sources = Path(package.__path__[0]).rglob("*.py")

    assert not [str(path) for path in sources if re.search("drivenow|reachnow", path.read_text("utf-8"), re.IGNORECASE)]
