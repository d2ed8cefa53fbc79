"""Each field of what a tariff is made of changes some price, or is refused: none is taken and then not looked at."""

from collections.abc import Callable, Iterator
from itertools import combinations, product
from typing import Any

import pytest
from pydantic import BaseModel

from domain.rulebook.adjustments import Rung
from domain.rulebook.bookings import LateRung
from domain.rulebook.conditions import Condition
from domain.rulebook.elements import Package
from domain.rulebook.faults import faults
from domain.rulebook.model import Rulebook
from domain.rulebook.rates import Allowance
from domain.rulebook.shapes import kind_of, shape
from domain.rulebook.tariff import Tariff
from domain.rulebook.tax import TaxRule
from domain.rulebook.windows import Window
from tests.domain.rulebook.varied import DAY_PACKAGE, HOUR, KM, TIME, Raw, differs, others, service

ELEMENTS = {kind_of(model): model for model in shape(Tariff, "elements").models}
LEAST: dict[str, Raw] = {
    "time": {"rate": "0.2"},
    "distance": {"rate": "0.2"},
    "flat": {"amount": "2"},
    "zone": {"amount": "2", "start": "airport"},
    "agreed": {"name": "toll"},
    "reservation": {"rate": "0.2"},
    "cap": {"amount": "10"},
    "ladder": {"rungs": [{"until_s": HOUR, "amount": "4"}, {"until_s": 3 * HOUR, "amount": "8"}]},
    "minimum": {"amount": "30"},
    "percentage": {"percent": "10"},
    "credit": {"amount": "3"},
    "rounding": {"to": "1"},
    "percentage_fee": {"percent": "10"},
    "booking": {"rate": "0.2", "time": "booked", "interval_s": 900},
    "late": {"rungs": [{"from_s": 480, "amount": "4"}, {"from_s": HOUR, "amount": "8"}]},
}
"""What an element says at least."""


def with_element(kind: str) -> Callable[[Raw], Iterator[Rulebook]]:
    """A service with the element at the end, with and without a package."""

    def made(part: Raw) -> Iterator[Rulebook]:
        element = {"kind": kind, "id": "x", "description": "X", **part}
        yield service(elements=[TIME, KM, element])
        yield service(elements=[TIME, KM, element], tariff={"packages": [DAY_PACKAGE]})

    return made


def with_package(part: Raw) -> Iterator[Rulebook]:
    package = {**DAY_PACKAGE, **part}
    yield service(elements=[TIME, KM], tariff={"packages": [package]})
    yield service(elements=[TIME, KM], tariff={"packages": [package], "best_package": True})


def with_rung(part: Raw) -> Iterator[Rulebook]:
    top = {"until_s": 40 * HOUR, "amount": "90"}
    yield from with_element("ladder")({"rungs": [{"until_s": HOUR, "amount": "4"} | part, top]})


def with_late_rung(part: Raw) -> Iterator[Rulebook]:
    yield from with_element("late")({"rungs": [{"from_s": 480, "amount": "4"} | part]})


def with_allowance(part: Raw) -> Iterator[Rulebook]:
    first = {"until_s": HOUR, "every_s": 600, "more": "1"}
    yield from with_element("distance")({"rate": "0.2", "allowances": [first | part]})


def with_window(part: Raw) -> Iterator[Rulebook]:
    yield from with_element("time")({"rate": "0.2", "windows": [part]})


def with_condition(part: Raw) -> Iterator[Rulebook]:
    yield from with_element("flat")({"amount": "2", "when": part})
    yield from with_element("flat")({"amount": "2", "unless": part})


def with_tax(part: Raw) -> Iterator[Rulebook]:
    first = {"name": "Sales tax", "rate": "0.1", "valid_from": "2019-01-01", "inclusive": False}
    tax = {"name": "VAT", "rate": "0.19", "valid_from": "2019-01-01", "inclusive": False, **part}
    yield service(elements=[TIME], taxes=[first, tax])


def with_tariff(part: Raw) -> Iterator[Rulebook]:
    yield service(elements=[TIME, KM], tariff=part)
    yield service(elements=[TIME, KM], tariff={"packages": [DAY_PACKAGE], **part})


WINDOW: Raw = {"begins": "08:00", "ends": "20:00"}
OF_TAXES: dict[str, list[Any]] = {
    "rate": ["0.2"],
    "valid_from": ["2019-06-04"],
    "valid_until": ["2019-06-05"],
    "name": ["Other"],
    "on": [["other"]],
}
OF_TARIFFS = {"elements": [[TIME]]}
PARTS: dict[str, tuple[type[BaseModel], Raw, Callable[[Raw], Iterator[Rulebook]]]] = {
    **{kind: (ELEMENTS[kind], least, with_element(kind)) for kind, least in LEAST.items()},
    "package": (Package, {}, with_package),
    "rung": (Rung, {}, with_rung),
    "allowance": (Allowance, {}, with_allowance),
    "late_rung": (LateRung, {}, with_late_rung),
    "window": (Window, WINDOW, with_window),
    "condition": (Condition, {"option": "gold"}, with_condition),
    "tax": (TaxRule, {}, with_tax),
    "tariff": (Tariff, {}, with_tariff),
}
FIELDS = [(part, field) for part, (model, _, _) in PARTS.items() for field in model.model_fields if field != "kind"]
APART = {"kind", "id", "description", "when", "unless"}
"""What has nothing to do with the other fields: which trips an element is for is said beside what it charges."""
MORE: dict[str, dict[str, list[Any]]] = {"tax": OF_TAXES, "tariff": OF_TARIFFS}


def changes(part: str, field: str) -> list[Any]:
    model, _, _ = PARTS[part]
    return MORE.get(part, {}).get(field) or others(model, field)


def test_every_kind_of_element_has_its_place_here() -> None:
    assert LEAST.keys() == ELEMENTS.keys()


@pytest.mark.parametrize(("part", "field"), FIELDS)
def test_a_field_alone_changes_some_price_or_is_refused(part: str, field: str) -> None:
    _, least, made = PARTS[part]
    assert changes(part, field), f"say in varied.OF_FIELDS what else {field} may be"

    ignored = [
        value
        for value in changes(part, field)
        for before, changed in zip(made(least), made({**least, field: value}), strict=True)
        if before != changed and not faults(changed) and not differs(before, changed)
    ]

    assert not ignored


@pytest.mark.slow
@pytest.mark.parametrize("part", [*LEAST, "package", "window", "condition"])
def test_no_two_fields_are_taken_together_where_one_of_them_is_not_looked_at(part: str) -> None:
    model, least, made = PARTS[part]
    fields = [field for field in model.model_fields if field not in APART]
    ignored = [
        (name, both)
        for field, beside in combinations(fields, 2)
        for value, other in product(changes(part, field), changes(part, beside))
        for both in [{**least, field: value, beside: other}]
        for name in (field, beside)
        if is_ignored(made(without(both, name, least)), made(both))
    ]

    assert not ignored, ignored[:5]


def without(part: Raw, field: str, least: Raw) -> Raw:
    """The part as if nothing were said of a field."""
    rest = {name: value for name, value in part.items() if name != field}
    return {**rest, field: least[field]} if field in least else rest


def is_ignored(before: Iterator[Rulebook], after: Iterator[Rulebook]) -> bool:
    """Whether a change is taken wherever the part stands, and changes no price anywhere."""
    pairs = [(one, other) for one, other in zip(before, after, strict=True) if one != other]
    return bool(pairs) and not any(faults(other) for _, other in pairs) and not any(differs(*pair) for pair in pairs)
