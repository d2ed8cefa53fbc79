"""Tariffs that do not fit their service, their city, or each other."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import combinations

from pydantic import BaseModel

from domain.rulebook.adjustments import Cap, Credit, MinimumFare, Percentage, PercentageFee, Rounding, Rung
from domain.rulebook.bookings import LateRung
from domain.rulebook.elements import Package
from domain.rulebook.faults.rules import Fault, Found, of_city, of_service, of_tariff, parts
from domain.rulebook.model import City, Rulebook
from domain.rulebook.rates import AgreedAmount, FlatFee, ZoneFee
from domain.rulebook.readings import decimals, too_fine
from domain.rulebook.tariff import Tariff

_EVER = datetime.max.replace(tzinfo=UTC)
_FLAT: dict[type[BaseModel], tuple[str, ...]] = {
    FlatFee: ("amount",),
    ZoneFee: ("amount",),
    Package: ("amount",),
    Cap: ("amount",),
    Rung: ("amount",),
    MinimumFare: ("amount",),
    Credit: ("amount",),
    Percentage: ("not_below", "at_most"),
    PercentageFee: ("at_least", "at_most"),
    LateRung: ("amount",),
    Rounding: ("to",),
}
"""What is charged or compared as it is; a rate may be finer, for it is rounded only as it adds up."""


@of_tariff
def words_of_its_city(tariff: Tariff, city: City, _: Rulebook) -> Found:
    for name, value in (
        ("currency", city.currency),
        ("distance_unit", city.distance_unit),
        ("timezone", city.timezone),
    ):
        if getattr(tariff, name) != value:
            yield Fault((name,), f"the city has {value}: take this out, every tariff has that of its city")
    if tariff.hold.currency is not tariff.currency:
        yield Fault(("hold",), f"it is in {tariff.hold.currency}, but the tariff in {tariff.currency}: write that")


@of_tariff
def amounts_finer_than_money(tariff: Tariff, _: City, __: Rulebook) -> Found:
    for path, part in parts(tariff):
        for name in _FLAT.get(type(part), ()):
            amount = getattr(part, name)
            if amount is not None and decimals(amount) > tariff.currency.exponent:
                yield Fault((*path, name), too_fine(amount, tariff.currency))


@of_tariff
def hold_of_less_than_nothing(tariff: Tariff, _: City, __: Rulebook) -> Found:
    if tariff.hold.amount_minor < 0:
        yield Fault(("hold",), "less than nothing cannot be held: write 0 or more")


@of_tariff
def tariff_of_nothing(tariff: Tariff, _: City, __: Rulebook) -> Found:
    if not tariff.elements:
        yield Fault(("elements",), "a tariff without elements charges nothing: add some")
    if tariff.models == ():
        yield Fault(("models",), "it is for no model: name some, or take `models` out for all")


@of_tariff
def ids_given_twice(tariff: Tariff, _: City, __: Rulebook) -> Found:
    seen: set[str] = set()
    for name in ("packages", "elements"):
        for n, part in enumerate(getattr(tariff, name)):
            if part.id in seen:
                yield Fault((name, n, "id"), f"{part.id!r} names another element or package already: give it its own")
            seen.add(part.id)


@of_tariff
def models_named_twice(tariff: Tariff, _: City, __: Rulebook) -> Found:
    models = tariff.models or ()
    for n, model in enumerate(models):
        if model in models[:n]:
            yield Fault(("models", n), f"{model!r} stands here twice: take one out")


@of_tariff
def tariff_that_ends_before_it_begins(tariff: Tariff, _: City, __: Rulebook) -> Found:
    if tariff.valid_until is not None and tariff.valid_until <= tariff.valid_from:
        yield Fault(("valid_until",), "it ends before or when it begins: write a moment after `valid_from`")


@of_tariff
def agreed_amounts_twice(tariff: Tariff, _city: City, _rulebook: Rulebook) -> Found:
    agreed = [(n, e) for n, e in enumerate(tariff.elements) if isinstance(e, AgreedAmount)]
    for (_, one), (n, other) in combinations(agreed, 2):
        if one.name == other.name and (one.when, one.unless) == (other.when, other.unless):
            yield Fault(("elements", n, "name"), f"{one.id!r} charges the same amount already: take one out")


@of_city
def two_prices_at_a_time(city: City, _: Rulebook) -> Found:
    """A later version supersedes an earlier one from its first moment on; nothing else may overlap."""
    for n, m in combinations(range(len(city.tariffs)), 2):
        earlier, later = sorted((city.tariffs[n], city.tariffs[m]), key=lambda tariff: tariff.valid_from)
        both = _models_of_both(earlier, later)
        succeeds = earlier.id == later.id and earlier.version < later.version and earlier.valid_from < later.valid_from
        if both and not succeeds and later.valid_from < (earlier.valid_until or _EVER):
            which = m if city.tariffs[m] is later else n
            other = f"{earlier.id} version {earlier.version}"
            reason = f"{other} is for {both} at the same time: end that with `valid_until`, or name other `models`"
            yield Fault(("tariffs", which), reason)


def _models_of_both(one: Tariff, other: Tariff) -> str:
    if one.models is None or other.models is None:
        return "all models" if one.models is other.models else ", ".join(one.models or other.models or ())
    return ", ".join(model for model in one.models if model in other.models)


@of_service
def versions_given_twice(rulebook: Rulebook) -> Found:
    seen: dict[tuple[str, int], Tariff] = {}
    for path, tariff in _tariffs(rulebook):
        if (key := (tariff.id, tariff.version)) in seen:
            reason = f"another tariff is {tariff.id} version {tariff.version} already: raise the version or rename it"
            yield Fault((*path, "version"), reason)
        seen[key] = tariff


def _tariffs(rulebook: Rulebook) -> Iterator[tuple[tuple[str | int, ...], Tariff]]:
    for n, city in enumerate(rulebook.cities):
        yield from ((("cities", n, "tariffs", m), tariff) for m, tariff in enumerate(city.tariffs))
