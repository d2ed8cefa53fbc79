"""The JSON Schema of each version of each event: what is stored, and what others get as its data.

They are published with the documentation; `$id` is what an outgoing event names as its `dataschema`.
"""

import ast
import inspect
import json
import textwrap
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from api.visibility import fields_of, of_events
from domain.kernel.aggregate import DomainEvent
from domain.kernel.messages import Role
from domain.kernel.personal import personal_fields
from domain.webhooks.subscription import EventFilter, type_of
from tests.golden.samples import name_of

Schema = dict[str, Any]
"""A JSON object; nested as deep as the event is."""

FOLDER = Path(__file__).parents[2] / "docs" / "reference" / "schemas"

PROSE = ("title", "description")
"""What may be said in other words without another version."""

ENVELOPE = {"timestamp": "When it happened.", "originator_topic": "Topic of the aggregate that begins with it."}
"""What is stored beside the facts; an outgoing event says it in its attributes."""

_COLUMNS = {"originator_id", "originator_version"}
_SEALED = {
    "type": "object",
    "description": "A value about a person as it is stored: nonce and AES-GCM ciphertext, and whose key it takes.",
    "properties": {"$personal": {"type": "string"}, "of": {"type": "string", "format": "uuid"}},
    "required": ["$personal", "of"],
    "additionalProperties": False,
}


class _AsStored(GenerateJsonSchema):
    """Without titles that only repeat the names of the fields, and with times of day as they are: without a zone."""

    def field_title_should_be_set(self, schema: object) -> bool:  # noqa: ARG002 (the same for all)
        return False

    def time_schema(self, schema: object) -> Schema:  # noqa: ARG002 (JSON Schema's own format asks for a zone)
        return {"type": "string", "pattern": "^[0-2][0-9]:[0-5][0-9]:[0-5][0-9]$", "description": "A local time."}


def schema_of(event_class: type[DomainEvent]) -> Schema:
    """Of the present version. Its `$defs/Stored` is what the store has; itself is what others get, too."""
    name, made = name_of(event_class), event_class.model_json_schema(mode="serialization", schema_generator=_AsStored)
    said, personal = _said_of_fields(event_class), personal_fields(event_class)
    facts = {
        field: _described(definition, said.get(field), personal=field in personal)
        for field, definition in made["properties"].items()
        if field not in _COLUMNS
    }
    if event_class.class_version > 1:
        facts["class_version"] = {"const": event_class.class_version}
    stored = {"description": "As it is stored: every fact is there.", "$ref": "#", "required": sorted(facts)}
    sealed = {"Sealed": _SEALED} if personal else {}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:csbe:event:{name}",
        "title": name,
        "description": inspect.getdoc(event_class) or "",
        "type": "object",
        "properties": facts,
        "required": sorted(facts.keys() - _withheld_from_some(event_class) - ENVELOPE.keys() - {"class_version"}),
        "additionalProperties": False,
        "$defs": {**made.get("$defs", {}), **sealed, "Stored": stored},
    }


def receivers_of(event_class: type[DomainEvent]) -> list[Role]:
    """Who may be sent the event."""
    by = EventFilter(types=(type_of(event_class.TOPIC),))
    return [role for role in (Role.AUDITOR, Role.OPERATOR, Role.PARTNER) if not by.closed_to(role)]


def _withheld_from_some(event_class: type[DomainEvent]) -> set[str]:
    """The fields that not everybody gets who is sent the event."""
    sees = frozenset.intersection(*(of_events(role, personal=False) for role in receivers_of(event_class)))
    fields = [(name, kind) for owner, name, kind in fields_of(event_class) if owner is event_class]
    return {name for name, kind in fields if kind is not None and kind not in sees}


def bare(schema: Any) -> Any:  # JSON
    """Without what is said about it: a docstring may change."""
    if isinstance(schema, list):
        return [bare(item) for item in schema]
    if isinstance(schema, dict):  # a field of such a name has a definition, not a text
        return {k: bare(v) for k, v in schema.items() if not (k in PROSE and isinstance(v, str))}
    return schema


def differences(recorded: Any, present: Any, path: str = "") -> list[str]:
    """Each place where two schemas say something else."""
    if recorded == present:
        return []
    if isinstance(recorded, dict) and isinstance(present, dict):
        keys = [*recorded, *(key for key in present if key not in recorded)]
        return [d for k in keys for d in differences(recorded.get(k), present.get(k), f"{path}/{k}")]
    return [f"{path}: recorded {_told(recorded)}, present {_told(present)}"]


def load(name: str, folder: Path = FOLDER) -> Schema:
    """A recorded schema."""
    schema: Schema = json.loads(_path(name, folder).read_text("utf-8"))
    return schema


def save(schema: Schema, folder: Path = FOLDER) -> None:
    """Record a schema. Raises `FileExistsError` when another one is recorded, except for its prose."""
    path = _path(schema["title"], folder)
    if path.exists() and bare(load(schema["title"], folder)) != bare(schema):
        raise FileExistsError(path)
    path.write_text(json.dumps(schema, indent=2, ensure_ascii=False) + "\n", "utf-8")


def names(folder: Path = FOLDER) -> set[str]:
    """The names of all recorded schemas."""
    return {path.stem for path in folder.glob("*.json")}


def _path(name: str, folder: Path) -> Path:
    return folder / f"{name}.json"


def _told(value: object) -> str:
    return "nothing" if value is None else json.dumps(value)


def _described(definition: Schema, said: str | None, *, personal: bool) -> Schema:
    text = {"description": said} if said else {}
    if not personal:
        return {**definition, **text}
    plain = definition.pop("anyOf", None) or [definition]
    return {**text, "x-personal": True, "anyOf": [*plain, {"$ref": "#/$defs/Sealed"}]}


def _said_of_fields(event_class: type[DomainEvent]) -> dict[str, str]:
    """What the docstring below a field says of it, or its envelope's meaning."""
    said = dict(ENVELOPE)
    for base in reversed(event_class.__mro__):
        if issubclass(base, DomainEvent) and base is not DomainEvent:
            with suppress(OSError):  # made by the library, not written
                [made] = ast.parse(textwrap.dedent(inspect.getsource(base))).body
                said.update(_field_docstrings(made))
    return said


def _field_docstrings(made: ast.stmt) -> dict[str, str]:
    assert isinstance(made, ast.ClassDef)
    return {
        field.target.id: inspect.cleandoc(below.value.value)
        for field, below in zip(made.body, made.body[1:], strict=False)
        if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name)
        if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant) and isinstance(below.value.value, str)
    }
