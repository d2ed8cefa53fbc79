"""How rules are listed and asked. A rule yields what is wrong, with a path below what it was asked about."""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, TypeVar

from pydantic import BaseModel

from domain.rulebook.legal_entity import LegalEntity
from domain.rulebook.model import City, Rulebook
from domain.rulebook.shapes import Path
from domain.rulebook.tariff import Tariff


class Fault(NamedTuple):
    """What is wrong with a part of a rulebook, and what helps."""

    path: Path
    reason: str


Found = Iterator[Fault]
Rule = TypeVar("Rule", bound=Callable[..., Found])

OF_SERVICE: list[Callable[[Rulebook], Found]] = []
OF_CITY: list[Callable[[City, Rulebook], Found]] = []
OF_TARIFF: list[Callable[[Tariff, City, Rulebook], Found]] = []
OF_PART: dict[type[BaseModel], list[Callable[[Any, Tariff], Found]]] = {}
"""By what they judge: an element, a package, a condition, a window; with the tariff that it is in."""


def of(*kinds: type[BaseModel]) -> Callable[[Rule], Rule]:
    """Lists a rule about parts of a tariff."""

    def add(rule: Rule) -> Rule:
        for kind in kinds:
            OF_PART.setdefault(kind, []).append(rule)
        return rule

    return add


def of_tariff(rule: Rule) -> Rule:
    """Lists a rule about tariffs."""
    OF_TARIFF.append(rule)
    return rule


def of_city(rule: Rule) -> Rule:
    """Lists a rule about cities."""
    OF_CITY.append(rule)
    return rule


def of_service(rule: Rule) -> Rule:
    """Lists a rule about the whole."""
    OF_SERVICE.append(rule)
    return rule


def sellers(rulebook: Rulebook) -> Iterator[tuple[Path, LegalEntity]]:
    """Everybody who sells, and where that is said."""
    for n, city in enumerate(rulebook.cities):
        yield ("cities", n, "legal_entity"), city.legal_entity
        for m, fee in enumerate(city.fees):
            if fee.seller is not None:
                yield ("cities", n, "fees", m, "seller"), fee.seller


def faults(rulebook: Rulebook) -> list[Fault]:
    """Everything that is wrong with a rulebook; nothing when it may be used."""
    found = [fault for rule in OF_SERVICE for fault in rule(rulebook)]
    for n, city in enumerate(rulebook.cities):
        here: Path = ("cities", n)
        found += [_below(here, fault) for city_rule in OF_CITY for fault in city_rule(city, rulebook)]
        for m, tariff in enumerate(city.tariffs):
            there = (*here, "tariffs", m)
            found += [_below(there, f) for tariff_rule in OF_TARIFF for f in tariff_rule(tariff, city, rulebook)]
            found += [_below(there, fault) for fault in of_parts(tariff)]
    return found


def of_parts(tariff: Tariff) -> Found:
    """What is wrong within a tariff, whatever city it is for."""
    for path, part in parts(tariff):
        for rule in OF_PART.get(type(part), ()):
            yield from (_below(path, fault) for fault in rule(part, tariff))


def parts(value: object, path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """A value with everything in it, and where it stands."""
    yield path, value
    if isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from parts(getattr(value, name), (*path, name))
    elif isinstance(value, tuple):
        for n, part in enumerate(value):
            yield from parts(part, (*path, n))


def _below(path: Path, fault: Fault) -> Fault:
    return Fault((*path, *fault.path), fault.reason)
