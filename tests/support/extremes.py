"""Values at the bounds of what a model takes, made from its JSON Schema."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st
from pydantic import BaseModel

from domain.kernel.values import EARLIEST, LATEST

Schema = dict[str, Any]  # JSON Schema

FURTHEST_EAST = timezone(timedelta(hours=14))
FURTHEST_WEST = timezone(timedelta(hours=-12))
LONGEST = 50
"""How long a list or a text becomes whose schema sets no lower limit; longer ones break nothing that these do not."""

_TEXTS = st.characters(exclude_categories=["Cs"])
_TIMES = st.sampled_from([
    zone_time.isoformat()
    for at in (EARLIEST, LATEST - timedelta(microseconds=1), datetime(2027, 3, 28, 1, 30, tzinfo=UTC))
    for zone_time in (at, at.astimezone(FURTHEST_EAST), at.astimezone(FURTHEST_WEST))
])  # fmt: skip


_ANYTHING = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(_TEXTS, max_size=LONGEST)


def extremes_of(model: type[BaseModel]) -> st.SearchStrategy[Any]:
    """JSON that the model's schema allows, with a liking for its bounds. The model itself may still refuse it."""
    schema = model.model_json_schema()
    return _values(schema, schema.get("$defs", {}))


def _values(schema: Schema, definitions: Schema) -> st.SearchStrategy[Any]:
    if "$ref" in schema:
        return st.deferred(lambda: _values(definitions[schema["$ref"].rpartition("/")[2]], definitions))
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return st.one_of([_values(choice, definitions) for choice in choices])
    if "const" in schema or "enum" in schema:
        return st.sampled_from(schema.get("enum") or [schema["const"]])
    if "type" not in schema:
        return _ANYTHING
    return _OF_TYPE[schema["type"]](schema, definitions)


def _object(schema: Schema, definitions: Schema) -> st.SearchStrategy[Any]:
    if isinstance(schema.get("additionalProperties"), dict):
        keys = _values({"type": "string", **schema.get("propertyNames", {})}, definitions)
        return st.dictionaries(keys, _values(schema["additionalProperties"], definitions), max_size=3)
    values = {name: _values(value, definitions) for name, value in schema.get("properties", {}).items()}
    return st.fixed_dictionaries(values)


def _array(schema: Schema, definitions: Schema) -> st.SearchStrategy[Any]:
    if "prefixItems" in schema:
        return st.tuples(*(_values(item, definitions) for item in schema["prefixItems"])).map(list)
    least = schema.get("minItems", 0)
    most = min(schema.get("maxItems", 3), least + 3)
    return st.lists(_values(schema["items"], definitions), min_size=least, max_size=most)


def _number(schema: Schema, _: Schema) -> st.SearchStrategy[Any]:
    numbers: Any = st.integers if schema["type"] == "integer" else st.floats
    least, most = _bound(schema, "inimum", 1), _bound(schema, "aximum", -1)
    bounds = [bound for bound in (least, most) if bound is not None]
    found: st.SearchStrategy[Any] = numbers(min_value=least, max_value=most)
    return st.sampled_from(bounds) | found if bounds else found


def _bound(schema: Schema, which: str, inwards: int) -> Any:  # an integer or a float
    exclusive = schema.get(f"exclusiveM{which}")
    return schema.get(f"m{which}") if exclusive is None else exclusive + inwards


def _text(schema: Schema, _: Schema) -> st.SearchStrategy[Any]:
    match schema.get("format"):
        case "uuid":
            return st.uuids().map(str)
        case "date-time":
            return _TIMES
        case "date":
            return st.dates(min_value=date(1900, 1, 1), max_value=date(2199, 12, 31)).map(date.isoformat)
    if "pattern" in schema and "maxLength" not in schema:
        return st.from_regex(schema["pattern"], fullmatch=True)
    longest = schema.get("maxLength", LONGEST)
    text = st.text(_TEXTS, min_size=schema.get("minLength", 0), max_size=min(longest, LONGEST))
    return text | st.text(_TEXTS, min_size=1, max_size=1).map(lambda one: one * longest)


_OF_TYPE: dict[str, Callable[[Schema, Schema], st.SearchStrategy[Any]]] = {
    "object": _object,
    "array": _array,
    "integer": _number,
    "number": _number,
    "string": _text,
    "boolean": lambda _, __: st.booleans(),
    "null": lambda _, __: st.none(),
}
