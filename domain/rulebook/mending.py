"""A model of what was written wrong: each wrong value gives way to a harmless one, so that the rest can be judged."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from difflib import get_close_matches
from typing import Any, NamedTuple

from pydantic import AwareDatetime, BaseModel, ValidationError
from pydantic_core import ErrorDetails

from domain.kernel.money import Currency, Money
from domain.rulebook.faults.rules import Fault
from domain.rulebook.model import Rulebook
from domain.rulebook.places import key_of
from domain.rulebook.shapes import Path, kind_of, shape
from domain.rulebook.tariff import Tariff
from domain.rulebook.written import Table

_HARMLESS: dict[Any, Any] = {
    str: "unknown",
    int: 1,
    float: 0,
    Decimal: Decimal("0.5"),
    bool: False,
    date: date(2000, 1, 1),
    datetime: datetime(2000, 1, 1, tzinfo=UTC),
    AwareDatetime: datetime(2000, 1, 1, tzinfo=UTC),
    time: time(0),
    timedelta: timedelta(hours=1),
    Currency: max(Currency, key=lambda currency: currency.exponent),
    Money: {"amount_minor": 1, "currency": "EUR"},
}
_MOST = 20
"""Rounds; a value is mended in one or two."""


class Mended(NamedTuple):
    """A rulebook as far as it is right; none when it cannot be mended."""

    rulebook: Rulebook | None
    faults: list[Fault]
    """What is wrong by the types of its fields."""
    replaced: list[Path]
    """Values that are not what was written."""
    doubtful: list[Path]
    """Parts in which rules would look at such values."""


def mend(raw: Table) -> Mended:
    """Take what is right; put a harmless value where a wrong one is, or nothing where that will do."""
    found: dict[Path, Fault] = {}
    replaced, doubtful = list[Path](), list[Path]()
    for _ in range(_MOST):
        try:
            return Mended(Rulebook.model_validate(raw), list(found.values()), replaced, doubtful)
        except ValidationError as error:
            for one in error.errors():
                path = _path(one["loc"], raw)
                found.setdefault(path, Fault(path, _reason(one, path, raw)))
                if one["type"] == "extra_forbidden":
                    _take_out(raw, path)
                else:
                    _replace(raw, path, replaced, doubtful)
    return Mended(None, list(found.values()), replaced, doubtful)


def _path(loc: tuple[int | str, ...], raw: Any) -> Path:
    """Where an error is: pydantic also names the kind of an element, which is no key."""
    path: Path = ()
    for part in loc:
        is_kind = bool(path) and isinstance(path[-1], int) and isinstance(raw, dict) and raw.get("kind") == part
        if not is_kind:
            path, raw = (*path, part), _step(raw, part)
    return path


def _step(raw: Any, part: int | str) -> Any:
    try:
        return raw[part]
    except (KeyError, IndexError, TypeError):
        return None


def _models(path: Path, raw: Table) -> Iterator[tuple[int, type[BaseModel], Any]]:
    """The models on a path: how long the path to each is, which it is, and what is written of it."""
    model: type[BaseModel] = Rulebook
    here: Any = raw
    yield 0, model, here
    for n, part in enumerate(path):
        here = _step(here, part)
        if isinstance(part, str) and part in model.model_fields:
            holds = shape(model, part)
            if not holds.models or holds.models[0] is Money:
                return
            if not holds.many:
                model = holds.models[0]
                yield n + 1, model, here
        elif isinstance(part, int):
            model = holds.model(here)
            yield n + 1, model, here
        else:
            return


def _take_out(raw: Table, path: Path) -> None:
    _, _, written = [*_models(path, raw)][-1]
    written.pop(path[-1], None)


def _replace(raw: Table, path: Path, replaced: list[Path], doubtful: list[Path]) -> None:
    depth, model, written = [*_models(path, raw)][-1]
    if depth == len(path) and depth:  # the table itself is wrong
        own = written if isinstance(written, dict) and isinstance(written.get("id"), str) else {}
        _put(raw, path, {**_harmless(model), **({"id": own["id"]} if own else {})})
        replaced.append(path)
        return
    field = str(path[depth])
    written.pop(field, None)
    is_required = model.model_fields[field].is_required()
    if is_required:
        written[field] = _value(model, field)
    if not (is_required and "description" in model.model_fields):  # no rule compares what an element must have
        doubtful.append(path[:depth])
    replaced.append(path[: depth + 1])


def _put(raw: Any, path: Path, value: object) -> None:
    for part in path[:-1]:
        raw = raw[part]
    raw[path[-1]] = value


def _harmless(model: type[BaseModel]) -> Table:
    required = (name for name, field in model.model_fields.items() if field.is_required())
    kind = {"kind": kind_of(model)} if kind_of(model) else {}
    return {**kind, **{name: _value(model, name) for name in required}}


def _value(model: type[BaseModel], field: str) -> Any:
    holds = shape(model, field)
    if holds.many:
        return [_harmless(holds.models[0])] if field == "rungs" else []
    if Money in holds.models:
        return dict(_HARMLESS[Money])
    if holds.models:
        return _harmless(holds.models[0])
    return holds.choices[0] if holds.choices else _HARMLESS[next(iter(holds.plain))]


_REASONS = {
    "missing": "it is missing: add it",
    "union_tag_not_found": "its `kind` is missing: write one of {expected_tags}",
    "union_tag_invalid": "there is no kind {tag!r}: write one of {expected_tags}",
    "enum": "there is no such currency: write a code of ISO 4217, e.g. EUR",
    "string_type": "write a text in quotes",
    "tuple_type": "write an array, e.g. [ … ]",
    "model_type": "write a table, e.g. {{ … }}",
    "model_attributes_type": "write a table, e.g. {{ … }}",
    "dict_type": "write a table, e.g. {{ … }}",
    "timezone_aware": "say in which zone, e.g. 2030-01-01T00:00:00Z",
}
_KINDS = ", ".join(str(kind_of(model)) for model in shape(Tariff, "elements").models)


def _reason(error: ErrorDetails, path: Path, raw: Table) -> str:
    if error["type"] == "extra_forbidden":
        return _unknown(path, raw)
    if template := _REASONS.get(error["type"]):
        return template.format(tag=error.get("ctx", {}).get("tag"), expected_tags=_KINDS)
    return error["msg"].replace("Input should be", "it must be").replace("Input should have", "it must have")


def _unknown(path: Path, raw: Table) -> str:
    _, model, _ = [*_models(path, raw)][-1]
    known = [str(key_of(field)) for field in model.model_fields]
    near = get_close_matches(str(path[-1]), known, n=1)
    help = f"did you mean {near[0]}?" if near else f"take it out, or write one of {', '.join(known)}"
    return f"there is no such key: {help}"
