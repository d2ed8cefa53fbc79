"""What changes from one rulebook to another: for whom, in which city, from when. In the words of the text."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import BaseModel

from domain.kernel.money import Money
from domain.rulebook.base import said
from domain.rulebook.model import City, Rulebook
from domain.rulebook.places import key_of
from domain.rulebook.readings import WEEKDAYS, iso_8601
from domain.rulebook.tariff import Tariff
from domain.rulebook.tax import TaxRule

EVERYBODY = "all members"


@dataclass(frozen=True)
class Change:
    """One thing that is said otherwise; `before` or `after` is empty where nothing was or will be said."""

    city: str
    """Its name; empty for the whole service."""
    part: str
    """A tariff, a tax, or a table of the service."""
    what: str
    before: str
    after: str
    whom: str = EVERYBODY
    since: str = ""
    """From when; empty for as soon as it is published."""

    def __str__(self) -> str:
        if not self.before:
            return f"{self.what}: new: {self.after}"
        return f"{self.what}: {self.before} -> {self.after}" if self.after else f"{self.what}: no longer: {self.before}"


def difference(old: Rulebook, new: Rulebook) -> list[Change]:
    """All that changes, the service first, then city by city."""
    found = [*_of_service(old, new)]
    before, after = ({city.id: city for city in rulebook.cities} for rulebook in (old, new))
    for id in sorted(before.keys() | after.keys()):
        if id not in after:
            found.append(Change(before[id].name, "city", before[id].name, "it ran here", ""))
        elif id not in before:
            found.append(Change(after[id].name, "city", after[id].name, "", _sum_of(after[id])))
        else:
            found += _of_city(before[id], after[id])
    return found


def _of_service(old: Rulebook, new: Rulebook) -> Iterator[Change]:
    for field in Rulebook.model_fields:
        before, after = getattr(old, field), getattr(new, field)
        if isinstance(before, BaseModel):
            yield from (replace(change, part=field) for change in _fields(before, after))
        elif field != "cities" and before != after:
            yield Change("", "service", field, shown(before), shown(after))


def _of_city(old: City, new: City) -> Iterator[Change]:
    for field in ("name", "country", "timezone", "currency", "distance_unit", "language"):
        if getattr(old, field) != getattr(new, field):
            yield Change(new.name, "city", field, getattr(old, field), getattr(new, field))
    for change in _fields(old.legal_entity, new.legal_entity):
        yield replace(change, city=new.name, part=f"legal entity {new.legal_entity.id}")
    yield from _of_taxes(old, new)
    yield from _of_tariffs(old, new)


def _of_taxes(old: City, new: City) -> Iterator[Change]:
    before, after = ({(tax.name, tax.valid_from): tax for tax in city.taxes} for city in (old, new))
    for key in sorted(before.keys() | after.keys()):
        was, will = before.get(key), after.get(key)
        if was != will:
            name, since = key
            yield Change(new.name, "taxes", name, _tax(was), _tax(will), since=since.isoformat())
    if before == after and old.taxes != new.taxes:
        yield Change(new.name, "taxes", "order", _names(old.taxes), _names(new.taxes))


def _tax(tax: TaxRule | None) -> str:
    if tax is None:
        return ""
    until = f" until {tax.valid_until}" if tax.valid_until else ""
    return (
        f"{tax.rate} {'in the price' if tax.inclusive else 'on the price'}{', compound' if tax.compound else ''}{until}"
    )


def _names(taxes: tuple[TaxRule, ...]) -> str:
    return ", ".join(dict.fromkeys(tax.name for tax in taxes))


def _of_tariffs(old: City, new: City) -> Iterator[Change]:
    before, after = ({(t.id, t.version): t for t in city.tariffs} for city in (old, new))
    for id, version in sorted(before.keys() | after.keys()):
        was, will = before.get((id, version)), after.get((id, version))
        if will is None and was is not None:
            yield _whole(was, new, before=_sum_of(was))
        elif was is None and will is not None:
            earlier = max((t for t in old.tariffs if t.id == id), key=lambda t: t.version, default=None)
            yield from _new_version(earlier, will, new) if earlier else [_whole(will, new, after=_sum_of(will))]
        elif was is not None and will is not None and was != will:
            in_place = f"tariff {id}, version {version} changed in place"
            yield from (replace(change, part=in_place) for change in _told(was, will, new, since=""))


def _new_version(old: Tariff, new: Tariff, city: City) -> Iterator[Change]:
    since = _moment(new.valid_from, new)
    found = [c for c in _told(old, new, city, since=since) if c.what not in {"version", "valid_from", "valid_until"}]
    version = Change(city.name, f"tariff {new.id}", "version", str(old.version), str(new.version), _models(new), since)
    yield from [version, *found]


def _told(old: Tariff, new: Tariff, city: City, *, since: str) -> Iterator[Change]:
    for change in _fields(old, new):
        yield replace(change, city=city.name, part=f"tariff {new.id}", whom=_models(new), since=since)


def _whole(tariff: Tariff, city: City, *, before: str = "", after: str = "") -> Change:
    since = _moment(tariff.valid_from, tariff) if after else ""
    what = f"version {tariff.version}"
    return Change(city.name, f"tariff {tariff.id}", what, before, after, _models(tariff), since)


def _models(tariff: Tariff) -> str:
    return "all models" if tariff.models is None else ", ".join(tariff.models)


def _moment(at: datetime, tariff: Tariff) -> str:
    return at.astimezone(ZoneInfo(tariff.timezone)).isoformat()


def _fields(old: BaseModel, new: BaseModel, name: str = "") -> Iterator[Change]:
    """Field by field; what has ids, part by part."""
    for field in type(new).model_fields:
        before, after = getattr(old, field), getattr(new, field)
        if before == after:
            continue
        if field in {"elements", "packages"}:
            yield from _parts(field, before, after)
        else:
            what = " ".join(filter(None, (name, str(key_of(field)))))
            yield Change("", "", what, shown(before, field), shown(after, field))


def _parts(field: str, old: tuple[Any, ...], new: tuple[Any, ...]) -> Iterator[Change]:
    before, after = {part.id: part for part in old}, {part.id: part for part in new}
    for id in dict.fromkeys([*before, *after]):
        was, will = before.get(id), after.get(id)
        if was is None or will is None or type(was) is not type(will):
            yield Change("", "", id, _sum_of(was) if was else "", _sum_of(will) if will else "")
        else:
            yield from _fields(was, will, name=id)
    kept = [[part.id for part in side if part.id in before and part.id in after] for side in (old, new)]
    if kept[0] != kept[1]:
        yield Change("", "", f"order of {field}", ", ".join(kept[0]), ", ".join(kept[1]))


def _sum_of(part: BaseModel) -> str:
    """All that a part says, in a line."""
    if isinstance(part, City):
        return ", ".join(f"tariff {tariff.id} for {_models(tariff)}" for tariff in part.tariffs)
    if isinstance(part, Tariff):
        return "; ".join(_sum_of(one) for one in (*part.elements, *part.packages))
    in_order = sorted(said(part).items(), key=lambda one: one[0] != "kind")
    return ", ".join(f"{key_of(field)} {shown(value, field)}" for field, value in in_order)


def shown(value: object, field: str = "") -> str:
    """A value as it is written."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = timedelta(seconds=value) if field.endswith("_s") else value
        return WEEKDAYS[value - 1] if field == "weekdays" and isinstance(value, int) else _word(value)
    if isinstance(value, tuple) and value:
        return ", ".join(shown(part, field) for part in value)
    if isinstance(value, BaseModel) and not isinstance(value, Money):
        return f"({_sum_of(value)})"
    return _word(value)


def _word(value: object) -> str:
    match value:
        case None | ():
            return "nothing"
        case bool():
            return str(value).lower()
        case timedelta():
            return iso_8601(value)
        case _:
            return str(value)
