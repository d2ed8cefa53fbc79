"""A JSON Schema of the text of a service, for editors: of `service.toml` or a city's file."""

from datetime import time, timedelta
from decimal import Decimal
from typing import Any

from pydantic import AwareDatetime, BaseModel

from domain.kernel.money import Money
from domain.rulebook import readings
from domain.rulebook.difference import shown
from domain.rulebook.legal_entity import LegalEntity
from domain.rulebook.model import City, Rulebook
from domain.rulebook.places import group, key_of
from domain.rulebook.shapes import Shape, kind_of, shape
from domain.rulebook.tariff import Tariff
from domain.rulebook.windows import Window

Schema = dict[str, Any]  # a JSON object

_DURATION: Schema = {"type": "string", "pattern": readings.DURATION}
_MOMENT: Schema = {"type": "string", "description": "A day, or a day and a time; local where no zone is given."}
_WEEKDAYS: Schema = {"type": "array", "items": {"enum": list(readings.WEEKDAYS)}, "minItems": 1, "uniqueItems": True}
_SEASON: Schema = {"type": "array", "items": {"type": "string", "pattern": readings.MONTH_DAY}}
_SEASON |= {"minItems": 2, "maxItems": 2}
_AMOUNT: Schema = {"type": "number", "minimum": -readings.LARGEST, "maximum": readings.LARGEST}
_AMOUNTS: Schema = {"anyOf": [_AMOUNT, {"type": "object", "additionalProperties": _AMOUNT}]}
_NAMES: Schema = {"type": "array", "items": {"type": "string"}}
_INHERITED = {"currency", "distance_unit", "timezone"}


def schema() -> Schema:
    """Of both kinds of files: a text is one or the other."""
    made = Rulebook.model_json_schema(mode="validation")
    defs: Schema = {}
    for model in (Rulebook, City):
        _define(model, {**made["$defs"], "Rulebook": made}, defs)
    defs["Shared"] = _shared()
    service, city = defs["Rulebook"], defs["City"]
    service["properties"].pop("cities")
    city["properties"].pop("id")
    service["required"].remove("cities")
    city["required"].remove("id")
    for file in (service, city):
        file["properties"]["shared"] = {"$ref": "#/$defs/Shared"}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": "urn:csbe:rulebook",
        "title": "A service, or a city of it",
        "if": {"required": ["key"]},
        "then": {"$ref": "#/$defs/Rulebook"},
        "else": {"$ref": "#/$defs/City"},
        "$defs": dict(sorted(defs.items())),
    }


def _define(model: type[BaseModel], made: Schema, defs: Schema) -> None:
    """A model and all that it holds, as they are written."""
    if model.__name__ in defs:
        return
    defs[model.__name__] = {}
    known, properties = made[model.__name__], {}
    for field in model.model_fields:
        about = known["properties"][field]
        said = {"description": model.model_fields[field].description, "default": _default(model, field)}
        about_it = {key: value for key, value in said.items() if value is not None}
        properties[str(key_of(field))] = {**_value(model, field, about), **about_it}
        for part in shape(model, field).models:
            if part is not Money:
                _define(part, made, defs)
    left_out = {"id"} if group((model,)) or kind_of(model) else set()
    left_out |= _INHERITED if model is Tariff else {"currency", "distance_unit"} if model is City else set()
    required = [str(key_of(field)) for field in known.get("required", ()) if field not in left_out]
    defs[model.__name__] = {
        "type": "object",
        "description": known.get("description", ""),
        "properties": properties,
        "required": (["kind"] if kind_of(model) else []) + required,
        "additionalProperties": False,
    }


def _default(model: type[BaseModel], field: str) -> Any:  # JSON
    """As it would be written; none where leaving it out means nothing."""
    default = model.model_fields[field].default
    if field == "kind":
        return None
    if isinstance(default, timedelta | time) or (isinstance(default, int) and field.endswith("_s")):
        return shown(default, field)
    if isinstance(default, Decimal):
        return float(default)
    if isinstance(default, tuple) and default:
        return [shown(part, field) for part in default]
    return default if isinstance(default, int | str) else None


def _value(model: type[BaseModel], field: str, known: Schema) -> Schema:
    holds = shape(model, field)
    if Money in holds.models:
        return _AMOUNTS if holds.many else _AMOUNT
    if holds.models:
        return _parts(holds)
    if field.endswith("_s") or timedelta in holds.plain:
        return {"type": "array", "items": _DURATION} if holds.many else _DURATION
    if AwareDatetime in holds.plain:
        return _MOMENT
    if model is Window and field in {"weekdays", "season"}:
        return _WEEKDAYS if field == "weekdays" else _SEASON
    return _plain(known)


def _parts(holds: Shape) -> Schema:
    models: list[Schema] = [{"$ref": f"#/$defs/{model.__name__}"} for model in holds.models]
    name = [{"type": "string", "description": "A name of what is shared."}] if group(holds.models) else []
    one = {"anyOf": [*models, *name]} if len(models) + len(name) > 1 else models[0]
    if not holds.many:
        return one
    many: Schema = {"type": "array", "items": one}
    return {"anyOf": [many, *name]} if name else many


def _plain(known: Schema) -> Schema:
    """As pydantic has it, without what only Python may say: no null, and no number in quotes."""
    found = {key: value for key, value in known.items() if key not in {"anyOf", "default", "title", "description"}}
    choices = [one for one in known.get("anyOf", ()) if one.get("type") != "null"]
    numbers = [one for one in choices if one.get("type") == "number"]
    plain = {**found, **(numbers or choices or [{}])[0]}
    if plain.get("$ref", "").endswith("/Currency"):
        return {"type": "string", "pattern": "^[A-Z]{3}$"}
    return plain


def _shared() -> Schema:
    """Named parts, each one or several."""
    kinds = {
        "elements": (Tariff, "elements"),
        "packages": (Tariff, "packages"),
        "taxes": (City, "taxes"),
        "fees": (City, "fees"),
        "products": (City, "products"),
    }
    found: Schema = {}
    for name, (model, field) in kinds.items():
        refs = [{"$ref": f"#/$defs/{part.__name__}"} for part in shape(model, field).models]
        found[name] = _named({"anyOf": [*refs, {"type": "array", "items": {"anyOf": refs}}]})
    window: Schema = {"$ref": f"#/$defs/{Window.__name__}"}
    found["windows"] = _named({"anyOf": [window, {"type": "array", "items": window}]})
    found["legal_entities"] = _named({"$ref": f"#/$defs/{LegalEntity.__name__}"})
    about = "What several tariffs or cities have in common: they name it. What has an id has this name as its id."
    return {"type": "object", "description": about, "properties": found, "additionalProperties": False}


def _named(value: Schema) -> Schema:
    return {"type": "object", "additionalProperties": value}
