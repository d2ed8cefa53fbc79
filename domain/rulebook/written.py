"""A service as people write it, as the model holds it: what is said once is put where it belongs.

A service is written in files: `service.toml`, and one for each city, named like it. A city has the currency and unit of
the service unless it says others; a tariff has those of its city, and its time zone. Durations are ISO 8601 and amounts
plain numbers. What stands in `shared` of a city's or the service's file may be named where it belongs; in a list, a
name stands for one or several.
"""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from pydantic import AwareDatetime, BaseModel

from domain.kernel.money import Currency, Money
from domain.rulebook import readings
from domain.rulebook.model import City, Rulebook
from domain.rulebook.places import SHARED, Place, field_of, group, key_of
from domain.rulebook.shapes import Path, Shape, shape
from domain.rulebook.tariff import Tariff

SERVICE = "service.toml"
Table = dict[str, Any]  # of TOML: texts, numbers, dates, arrays and tables

_FINEST = max(Currency, key=lambda currency: currency.exponent)
_UNKNOWN = object()
_MAY_BE: dict[str, tuple[Any, ...]] = {"currency": (_FINEST, *Currency), "distance_unit": ("km", "mi")}
_OF_TARIFFS = ("currency", "distance_unit", "timezone")
"""What tariffs have of their city."""


class Written:
    """The files of a service, and where in them each part of the model stands."""

    def __init__(self, files: Mapping[str, Table]) -> None:
        self.files = files
        self.origins: dict[Path, Place] = {}
        self.faults: list[tuple[Place, str]] = []
        self.quiet: set[Path] = set()
        """Where nothing more is to be said: it was inherited, or what is wrong with it was said already."""
        self._used: set[tuple[str, Path]] = set()
        self._shared: list[Place] = []
        self._inherited: Table = {}

    def rulebook(self) -> Table:
        """All of it, in the shape of the model, whether it is right or not."""
        service = self.files[SERVICE]
        self._shared = [Place(SERVICE, ("shared",))]
        self._inherited = _inheritable(service, "currency", "distance_unit")
        raw: Table = self._model(Rulebook, _without_shared(service), (), Place(SERVICE))
        if "cities" in service:
            self.faults.append((Place(SERVICE, ("cities",)), "a city has a file of its own, e.g. berlin.toml"))
        cities = sorted(name for name in self.files if name != SERVICE)
        raw["cities"] = [self._city(name, ("cities", n)) for n, name in enumerate(cities)]
        self._shared = [Place(name, ("shared",)) for name in self.files]
        self.faults += [(place, "nobody uses it: name it or take it out") for place in self._unused()]
        return raw

    def place_of(self, path: Path) -> Place:
        """Where a part of the model is written, or where it is missing."""
        known = next(n for n in range(len(path), -1, -1) if path[:n] in self.origins)
        place = self.origins[path[:known]]
        return Place(place.file, (*place.path, *map(key_of, path[known:])))

    def told(self, path: Path) -> bool:
        """Whether something was said of this part already."""
        return any(path[:n] in self.quiet for n in range(len(path) + 1))

    def value(self, place: Place) -> Any:  # of TOML
        """What stands at a place; none where nothing does."""
        found: Any = self.files[place.file]
        for part in place.path:
            try:
                found = found[part]
            except (KeyError, IndexError, TypeError):
                return None
        return found

    def _table(self, place: Place) -> Table:
        found = self.value(place)
        return found if isinstance(found, dict) else {}

    def _city(self, file: str, at: Path) -> Table:
        written = self.files[file]
        before, self._inherited = self._inherited, {**self._inherited, **_inheritable(written, *_OF_TARIFFS)}
        self._shared.insert(0, Place(file, ("shared",)))
        raw: Table = self._model(City, _without_shared(written), at, Place(file))
        if "id" in written:
            self.faults.append((Place(file, ("id",)), "the name of the file is the id of its city: take this out"))
        raw["id"] = file.removesuffix(".toml")
        self._shared.pop(0)
        self._inherited = before
        return raw

    def _model(self, model: type[BaseModel], written: Any, at: Path, place: Place) -> Any:
        self.origins[at] = place
        if not isinstance(written, dict):
            return written
        keys = {field_of(model, key): key for key in written}
        raw = {f: self._field(model, f, written[key], (*at, f), place / key) for f, key in keys.items()}
        if model in {City, Tariff}:
            inherited = {name: value for name, value in self._inherited.items() if name in model.model_fields}
            self.quiet |= {(*at, name) for name in inherited if name not in raw}
            raw = {**inherited, **raw}
        return raw

    def _field(self, model: type[BaseModel], field: str, written: Any, at: Path, place: Place) -> Any:
        self.origins[at] = place
        if field not in model.model_fields:
            return written
        holds = shape(model, field)
        if Money in holds.models:
            reading = readings.amounts if holds.many else readings.money
            return self._read(partial(reading, currency=self._currency()), written, at)
        if not holds.models:
            return self._plain(field, holds, written, at)
        if holds.many:
            return self._list(holds, written, at, place)
        found, there = self._named(holds, written, place)[0] if isinstance(written, str) else (written, place)
        return self._one(holds, found, at, there)

    def _list(self, holds: Shape, written: Any, at: Path, place: Place) -> Any:
        if isinstance(written, str):
            items = self._named(holds, written, place)
        elif isinstance(written, list):
            items = [found for n, item in enumerate(written) for found in self._named(holds, item, place / n)]
        else:
            return written
        return [self._one(holds, item, (*at, n), there) for n, (item, there) in enumerate(items)]

    def _one(self, holds: Shape, written: Any, at: Path, place: Place) -> Any:
        if written is _UNKNOWN:
            self.origins[at] = place
            self.quiet.add(at)
            return None
        return self._model(holds.model(written), written, at, place)

    def _named(self, holds: Shape, written: Any, place: Place) -> list[tuple[Any, Place]]:
        """What a name stands for in `shared`; anything else stands for itself."""
        kind = group(holds.models)
        if not isinstance(written, str) or not kind:
            return [(written, place)]
        for shared in self._shared:
            there = shared / kind / written
            if (found := self.value(there)) is not None:
                self._used.add((there.file, there.path))
                if isinstance(found, list):
                    return [(item, there / n) for n, item in enumerate(found)]
                own_id = {} if kind in {"windows", "taxes"} or not isinstance(found, dict) else {"id": written}
                return [({**own_id, **found} if isinstance(found, dict) else found, there)]
        known = sorted({name for s in self._shared for name in self._table(s / kind)})
        help = f"write one of {', '.join(known)}" if known else f"write it under [shared.{kind}]"
        self.faults.append((place, f"nothing is shared as {written!r}: {help}"))
        return [(_UNKNOWN, place)]

    def _plain(self, field: str, holds: Shape, written: Any, at: Path) -> Any:
        if field.endswith("_s"):
            return self._read(readings.seconds, written, at, misread=key_of(field) != self.origins[at].path[-1])
        if timedelta in holds.plain:
            return self._read(readings.durations if holds.many else readings.duration, written, at)
        if AwareDatetime in holds.plain:
            zone = str(self._inherited.get("timezone", "UTC"))
            return self._read(partial(readings.moment, timezone=zone), written, at)
        if reading := readings.OF_FIELDS.get(field):
            return self._read(reading, written, at)
        return self._read(partial(readings.of_its_type, holds.plain), written, at)

    def _read(self, reading: readings.Reading, written: Any, at: Path, *, misread: bool = False) -> Any:
        try:
            if misread:
                raise ValueError(f'write {key_of(at[-1])} = "PT15M", a duration')  # noqa: TRY301 (one way to tell)
            return reading(written)
        except ValueError as error:
            self.quiet.add(at)
            self.faults.append((self.origins[at], str(error)))
            return None

    def _currency(self) -> Currency:
        return Currency[self._inherited.get("currency", _FINEST)]

    def _unused(self) -> Iterator[Place]:
        for shared in self._shared:
            for kind, named in self._table(shared).items():
                if kind not in SHARED or not isinstance(named, dict):
                    kinds_known = ", ".join(sorted(SHARED))
                    self.faults.append((shared / kind, f"{kind} cannot be shared: only tables of {kinds_known} can"))
                    continue
                yield from (shared / kind / n for n in named if (shared.file, ("shared", kind, n)) not in self._used)


def _inheritable(written: Table, *names: str) -> Table:
    """What was said, or else anything that may be: what is wrong with it is told where it stands."""
    said = {name: written[name] for name in names if name in written}
    return {name: value if value in _MAY_BE.get(name, (value,)) else _MAY_BE[name][0] for name, value in said.items()}


def _without_shared(written: Table) -> Table:
    return {key: value for key, value in written.items() if key != "shared"}
