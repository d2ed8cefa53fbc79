"""Each line of the page about tariffs is loaded as it stands there, and its trip is priced to the cent."""

import re
import tomllib
from collections.abc import Iterator
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import pytest

from domain.billing.estimate import estimate
from domain.billing.pricing import Span, TripFacts
from domain.kernel.money import Currency, Money
from domain.rulebook.loading import text
from domain.rulebook.model import City
from domain.rulebook.shapes import kind_of, shape
from domain.rulebook.tariff import Tariff
from domain.rulebook.tax import TaxRule
from tests.support.small_service import CITY, SERVICE

pytestmark = pytest.mark.docs

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "tariffs.md").read_text("utf-8")
BERLIN = ZoneInfo("Europe/Berlin")
NOON = datetime(2021, 6, 2, 12, tzinfo=BERLIN)
ELEMENTS = CITY[CITY.index("elements = [") :]


class Case(NamedTuple):
    """A line: elements and a trip as they are written, and what it costs."""

    what: str
    elements: tuple[str, ...]
    taxes: tuple[str, ...]
    trip: str
    price: str
    currency: Currency


def cases() -> Iterator[Case]:
    for line in PAGE.splitlines():
        what, *told = [cell.strip() for cell in line.strip("|").split("|")]
        if len(told) in {3, 4} and told[0].startswith("`"):
            elements, *taxes, trip, price = told
            code = re.search("[A-Z]{3}$", price)
            currency = next(c for c in Currency if c == (code[0] if code else "EUR"))
            yield Case(
                what, parts(elements), parts(*taxes), trip.strip("`"), price.removesuffix(f" {currency}"), currency
            )


def parts(cell: str = "") -> tuple[str, ...]:
    return tuple(re.findall("`([^`]+)`", cell))


CASES = list(cases())


def city_of(case: Case) -> City:
    """As it is loaded from the files of a service."""
    described = [re.sub(r'(\bid = "([^"]+)")', r'\1, description = "\2"', one, count=1) for one in case.elements]
    elements = ", ".join(one for one in described if "kind = " in one)
    packages = ", ".join(one for one in described if "kind = " not in one)
    options = sorted(set(re.findall(r'option = "([^"]+)"', elements + packages)))
    service = SERVICE.replace('currency = "EUR"', f'currency = "{case.currency}"\noptions = {options}')
    written = CITY.replace(ELEMENTS, f"elements = [{elements}]\npackages = [{packages}]\n")
    if case.taxes:
        taxes = ", ".join(one.replace("{", "{ valid_from = 2021-01-01,", 1) for one in case.taxes)
        written = re.sub(r"taxes = \[\n.*\n\]", f"taxes = [{taxes}]", written)
    [city] = text({"service.toml": service, "berlin.toml": written}).cities
    return city


def facts_of(case: Case) -> TripFacts:
    told: dict[str, Any] = tomllib.loads(f"trip = {case.trip}", parse_float=Decimal)["trip"]
    booked, minutes = told.get("booked", (None, None)), told.pop("minutes", [])
    started_at = local(told.pop("at", NOON))
    start, end = told.pop("energy", (None, None))
    facts = TripFacts(
        started_at=started_at,
        spans=tuple(
            Span(phase="parked" if turn % 2 else "driving", seconds=int(length * 60))
            for turn, length in enumerate(minutes)
        ),
        distance_m=int(told.pop("km", 0) * 1000),
        reserved_at=started_at - timedelta(minutes=told.pop("held")) if "held" in told else None,
        start_zones=(told.pop("from"),) if "from" in told else (),
        end_zones=(told.pop("to"),) if "to" in told else (),
        options=tuple(told.pop("options", ())),
        package=told.pop("package", None),
        agreed={name: Money.rounded(Decimal(a), case.currency) for name, a in told.pop("agreed", {}).items()},
        booked_from=local(booked[0]),
        booked_until=local(booked[1]),
        booked_at=local(told.pop("made", None)),
        no_show=not minutes and "cancelled" not in told,
        cancelled_at=local(told.pop("cancelled", None)),
        reservation_only=not minutes,
        energy_start=start,
        energy_end=end,
    )
    assert told.keys() <= {"booked"}, told
    return facts


def local(at: datetime | None) -> Any:
    return at and at.replace(tzinfo=BERLIN)


@pytest.mark.parametrize("case", CASES, ids=[case.what for case in CASES])
def test_what_the_page_says_of_a_tariff_is_priced_to_the_cent(case: Case) -> None:
    city = city_of(case)
    found = estimate(city.tariffs[0], city, facts_of(case))

    sums = [str(amount).split()[0] for amount in (found.net, found.tax, found.gross)]
    told = "{} + {} = {}".format(*sums) if case.taxes else sums[-1]
    assert told == case.price, [f"{e.rule_id} {e.amount}" for e in found.lines]


def test_the_page_has_a_line_for_every_kind_of_element() -> None:
    said = {kind for case in CASES for one in case.elements for kind in re.findall(r'kind = "(\w+)"', one)}

    assert said == {kind_of(model) for model in shape(Tariff, "elements").models}


def test_the_page_has_a_line_for_every_field_of_them() -> None:
    said = {f"{kind} {key}" for case in CASES for one in case.elements for kind, key in keys_of(one)}
    missing = [
        f"{kind} {field}"
        for model in [*shape(Tariff, "elements").models, *shape(Tariff, "packages").models]
        for kind in [kind_of(model) or "package"]
        for field in model.model_fields
        if field not in {"kind", "id", "description", "when", "unless", "covers"}
        and f"{kind} {field.removesuffix('_s')}" not in said
        and (field != "tax" or kind in {"flat", "agreed"})
    ]
    of_taxes = {key for case in CASES for one in case.taxes for _, key in keys_of(one)}

    assert missing == []
    assert TaxRule.model_fields.keys() - of_taxes == {"valid_from", "valid_until"}


def keys_of(written: str) -> Iterator[tuple[str, str]]:
    element = tomllib.loads(f"e = {written}")["e"]
    return ((element.get("kind", "package"), key) for key in element)
