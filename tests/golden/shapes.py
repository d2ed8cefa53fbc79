"""The shape of each version of each event: the JSON Schema of what is stored, one line for each field."""

import json
from pathlib import Path
from typing import Any

from domain.kernel.aggregate import DomainEvent
from domain.kernel.personal import personal_fields

Shape = dict[str, str]
"""`amount` -> `{$ref: Money}`, `Money.amount_minor` -> `{type: integer}`: first the event's own, then what it is of."""

_FILE = Path(__file__).parent / "shapes.json"


def shape_of(event_class: type[DomainEvent]) -> Shape:
    """What an event looks like when it is stored."""
    schema = _bare(event_class.model_json_schema(mode="serialization"))
    parts = {"": schema, **schema.get("$defs", {})}
    lines = {}
    for part, definition in parts.items():
        for field, type_ in definition.get("properties", {"": definition}).items():
            lines[f"{part}.{field}".strip(".")] = _line(type_)
    return {k: f"personal {v}" if k in personal_fields(event_class) else v for k, v in lines.items()}


def differences(recorded: Shape, present: Shape) -> list[str]:
    """Each field that is not what it was."""
    return [
        f"{field}: recorded {recorded.get(field, 'nowhere')}, present {present.get(field, 'nowhere')}"
        for field in sorted(recorded.keys() | present.keys())
        if recorded.get(field) != present.get(field)
    ]


def load() -> dict[str, Shape]:
    """All that are recorded."""
    shapes: dict[str, Shape] = json.loads(_FILE.read_text("utf-8"))
    return shapes


def save(shapes: dict[str, Shape]) -> None:
    """Record all of them."""
    _FILE.write_text(json.dumps(shapes, indent=2, sort_keys=True) + "\n", "utf-8")


def _line(definition: object) -> str:
    return json.dumps(definition).replace('"', "").replace("#/$defs/", "")


def _bare(schema: Any) -> Any:  # JSON
    """Without what is said about it: a docstring may change."""
    if isinstance(schema, list):
        return [_bare(item) for item in schema]
    if isinstance(schema, dict):
        prose = {"title", "description"}  # as a field's name, each has a definition, not a text
        return {k: _bare(v) for k, v in schema.items() if not (k in prose and isinstance(v, str))}
    return schema
