"""What is stored beside events and read back: their metadata, and the commands and effects of pending tasks."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from uuid import UUID

from pydantic import BaseModel, TypeAdapter

from adapters.postgres.event_store.reader import _metadata
from domain.contexts import COMMANDS, POLICIES
from domain.kernel.aggregate import DomainEvent
from domain.kernel.ids import CommandId
from domain.kernel.messages import Actor, Command, Metadata, RecordedEvent, Role
from domain.kernel.policy import Effect, Scheduled
from tests.golden import schemas

FOLDER = Path(__file__).parent / "beside"

METADATA = Metadata(
    command_id=CommandId(UUID(int=1)),
    command="rental.place_reservation",
    actor=Actor(role=Role.MEMBER, id=str(UUID(int=3))),
    service="drivenow-europe",
    correlation_id=UUID(int=2),
    causation_id=UUID(int=4),
    reason="asked for by telephone",
    traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
)
CHANGED = """{kind} is stored in another shape than before: {differences}
What was stored so far must stay readable as it is. If it does, run `python -m tests.golden` to record the new shape."""

_effects: TypeAdapter[Effect] = TypeAdapter(Effect)


def stored(told: Iterable[DomainEvent]) -> Mapping[str, BaseModel]:
    """The fullest value of each kind, among all that follows from events."""
    found: dict[str, BaseModel] = {"metadata": METADATA}
    for event in told:
        recorded = RecordedEvent(1, event.timestamp, event.TOPIC, event, METADATA)
        for policy in POLICIES.get(type(event), ()):
            for reaction in policy(recorded, recorded.event):
                what = reaction.command if isinstance(reaction, Scheduled) else reaction
                kind = what.NAME if isinstance(what, Command) else what.kind
                found[kind] = max(found.get(kind, what), what, key=lambda value: len(value.model_dump_json()))
    return found


def read(name: str, sample: dict[str, Any]) -> BaseModel:
    """A sample in the present class, read as the store and the worker of tasks read it."""
    kind, text = kind_of(name), json.dumps(sample)
    if kind == "metadata":
        return _metadata(text)
    return COMMANDS[kind].model_validate_json(text) if kind in COMMANDS else _effects.validate_json(text)


def complaint(kind: str, value: BaseModel) -> str:
    """How the present shape differs from the one recorded last; empty when it does not."""
    recorded = load(f"{kind}.v{versions(kind)}")["schema"] if versions(kind) else None
    found = schemas.differences(recorded, _schema_of(value))
    return CHANGED.format(kind=kind, differences="; ".join(found)) if found else ""


def record(kind: str, value: BaseModel) -> str | None:
    """Record a shape that is not the one recorded last; its name then."""
    if not complaint(kind, value):
        return None
    name = f"{kind}.v{versions(kind) + 1}"
    content = {"schema": _schema_of(value), "stored": json.loads(value.model_dump_json())}
    with (FOLDER / f"{name}.json").open("x", encoding="utf-8") as file:
        file.write(json.dumps(content, indent=2, ensure_ascii=False) + "\n")
    return name


def versions(kind: str) -> int:
    """How many shapes of a kind are recorded."""
    return sum(kind_of(name) == kind for name in names())


def names() -> set[str]:
    """The names of all samples."""
    return {path.stem for path in FOLDER.glob("*.json")}


def kind_of(name: str) -> str:
    """The kind in a name."""
    return name.rpartition(".v")[0]


def load(name: str) -> dict[str, Any]:
    """A schema, and a sample of it."""
    content: dict[str, Any] = json.loads((FOLDER / f"{name}.json").read_text("utf-8"))
    return content


def _schema_of(value: BaseModel) -> schemas.Schema:
    schema: schemas.Schema = _unmarked(schemas.bare(type(value).model_json_schema(mode="serialization")))
    return schema


def _unmarked(schema: Any) -> Any:  # JSON
    """Without our own marks (`x-personal`): they say who may see a value, not how it is stored."""
    if isinstance(schema, list):
        return [_unmarked(item) for item in schema]
    if isinstance(schema, dict):
        return {k: _unmarked(v) for k, v in schema.items() if not k.startswith("x-")}
    return schema
