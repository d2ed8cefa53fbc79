"""What a change of a service's text changes: for whom, where, from when."""

import pytest

from domain.rulebook.difference import Change, difference
from domain.rulebook.loading import text
from tests.support.small_service import CITY, DAY_PACKAGE, element, files

USUAL = files()
TARIFF = CITY[CITY.index("[[tariffs]]") :]


def changed(texts: dict[str, str], before: dict[str, str] = USUAL) -> list[Change]:
    return difference(text(before), text(texts))


def told(texts: dict[str, str], before: dict[str, str] = USUAL) -> list[str]:
    return [f"{change.city}|{change.part}|{change}" for change in changed(texts, before)]


def test_the_same_text_changes_nothing() -> None:
    assert told(dict(USUAL)) == []


SMALL = "kind time, id time, description Time, rate 0.31; kind distance, id km, description Distance, rate 0.29"
IN_PLACE = "Berlin|tariff t, version 1 changed in place|"


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        (files(service=("minimum_age = 21", "minimum_age = 18")), "|eligibility|minimum_age: 21 -> 18"),
        (files(service=('free = "PT15M"', 'free = "PT20M"')), "|reservation|free: PT15M -> PT20M"),
        (files(service="[trip]\nreview_above = 400\n"), "|trip|review_above: nothing -> 400.00 EUR"),
        (files(service='[billing]\nretry_charge_after = ["P2D"]\n'),
         "|billing|retry_charge_after: P1D, P3D, P7D -> P2D"),
        (files(service=('name = "Small"', 'name = "Big"')), "|service|name: Small -> Big"),
        (files(city=("rate = 0.31", "rate = 0.33")), IN_PLACE + "time rate: 0.31 -> 0.33"),
        (files(city=("rate = 0.31", 'rate = 0.31, interval = "PT5M"')), IN_PLACE + "time interval: PT1M -> PT5M"),
        (files(city=("hold = 30", "hold = 25.5")), IN_PLACE + "hold: 30.00 EUR -> 25.50 EUR"),
        (files(tariff='models = ["X1"]\n'), IN_PLACE + "models: nothing -> X1"),
        (files(element("flat", "amount = 1")), IN_PLACE + "x: new: kind flat, id x, description X, amount 1"),
        (files(tariff=DAY_PACKAGE), IN_PLACE + "day: new: id day, description Day, amount 50, duration P1D"),
        (files(city=("rate = 0.19", "rate = 0.2")), "Berlin|taxes|VAT: 0.19 in the price -> 0.2 in the price"),
        (files(city=('"Small GmbH"', '"Other GmbH"')), "Berlin|legal entity de|name: Small GmbH -> Other GmbH"),
        (files(city=('name = "Berlin"', 'name = "Spree"')), "Spree|city|name: Berlin -> Spree"),
        (files(city=TARIFF.replace('id = "t"', 'id = "u"').replace("hold", 'models = ["X1"]\nhold')
               .replace("valid_from = 2021-01-01", "valid_from = 2019-01-01\nvalid_until = 2020-01-01")),
         f"Berlin|tariff u|version 1: new: {SMALL}"),
    ],
)  # fmt: skip
def test_each_change_is_told_where_it_stands(texts: dict[str, str], expected: str) -> None:
    assert told(texts) == [expected]


def test_what_is_taken_out_is_told_too() -> None:
    assert told(USUAL, files(element("flat", "amount = 1"))) == [
        IN_PLACE + "x: no longer: kind flat, id x, description X, amount 1"
    ]


def test_an_order_of_elements_that_changes_prices_is_told() -> None:
    cap, fee = element("cap", "amount = 10", id="cap"), element("flat", "amount = 1", id="fee")

    assert told(files(fee, cap), files(cap, fee)) == [
        IN_PLACE + "order of elements: time, km, cap, fee -> time, km, fee, cap"
    ]


def test_a_new_version_is_compared_with_the_one_before_and_says_for_whom_and_from_when() -> None:
    later = TARIFF.replace("version = 1", "version = 2").replace("2021", "2030").replace("0.31", "0.33")
    models = 'models = ["X1"]\n'

    version, dearer = changed(files(tariff=models, city=later + models), files(tariff=models))

    assert (str(version), str(dearer)) == ("version: 1 -> 2", "time rate: 0.31 -> 0.33")
    assert {(c.part, c.whom, c.since) for c in (version, dearer)} == {("tariff t", "X1", "2030-01-01T00:00:00+01:00")}


def test_a_city_that_comes_or_goes_is_told() -> None:
    bonn = CITY.replace('id = "t"', 'id = "u"').replace("Berlin", "Bonn").replace("Europe/Bonn", "Europe/Berlin")
    both = {**USUAL, "bonn.toml": bonn.replace('city = "Bonn"', 'city = "Berlin"')}

    assert told(both) == ["Bonn|city|Bonn: new: tariff u for all models"]
    assert told(USUAL, both) == ["Bonn|city|Bonn: no longer: it ran here"]


def test_a_tax_is_told_from_the_day_on_which_it_holds() -> None:
    ends = "valid_from = 2021-01-01 },\n"
    then = ends.replace(" },", ", valid_until = 2030-01-01 },") + (
        '{ name = "VAT", rate = 0.21, inclusive = true, valid_from = 2030-01-01 },\n'
    )

    found = changed(files(city=(ends, then)))

    assert [(change.since, str(change)) for change in found] == [
        ("2021-01-01", "VAT: 0.19 in the price -> 0.19 in the price until 2030-01-01"),
        ("2030-01-01", "VAT: new: 0.21 in the price"),
    ]
