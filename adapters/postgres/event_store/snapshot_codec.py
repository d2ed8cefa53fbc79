"""The state of an aggregate as JSON and back, and whether it can be read by the present code."""

import ast
import dataclasses
import hashlib
import sys
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, get_type_hints
from uuid import UUID

import orjson
from pydantic import PydanticUserError, TypeAdapter
from typing_extensions import TypedDict

from domain.kernel.aggregate import Aggregate, event_classes
from domain.kernel.personal import personal_fields

A = TypeVar("A", bound=Aggregate)


def dumped(aggregate: Aggregate) -> bytes:
    """All that reactions assign, and the times of the first and the last event."""
    kind = type(aggregate)
    values = _adapter(kind).dump_python({f: getattr(aggregate, f) for f in _fields(kind)}, mode="json")
    return orjson.dumps({"created_on": aggregate.created_on, "modified_on": aggregate.modified_on, "fields": values})


def restored(kind: type[A], id: UUID, version: int, state: bytes) -> A:
    """The aggregate of a state. Raises what the JSON, its shape and its values give reason for."""
    read = orjson.loads(state)
    values = _adapter(kind).validate_python(read["fields"])
    aggregate = kind.__new__(kind)
    aggregate.__base_init__(id, version, datetime.fromisoformat(read["created_on"]))
    aggregate.modified_on = datetime.fromisoformat(read["modified_on"])
    for name in _fields(kind):
        setattr(aggregate, name, values[name])
    return aggregate


@cache
def fingerprint_of(kind: type[Aggregate]) -> str:
    """A digest of what a state looks like and of the code that makes it; empty when it cannot be written as JSON."""
    try:
        schema = orjson.dumps(_adapter(kind).json_schema(), option=orjson.OPT_SORT_KEYS)
    except PydanticUserError:
        return ""
    return hashlib.sha256(code_digest(kind) + schema).hexdigest()


@cache
def code_digest(kind: type[Aggregate]) -> bytes:
    """A digest of the source that makes a state: decisions that were put right make other states than before."""
    return hashlib.sha256(b"\0".join(_source(name) for name in sorted(modules_of(kind)))).digest()


def modules_of(kind: type[Aggregate]) -> set[str]:
    """The module of an aggregate, and those of the domain that it imports, directly or not."""
    found, waiting = set[str](), [kind.__module__]
    while waiting:
        if (name := waiting.pop()) not in found:
            found.add(name)
            waiting += _imported(name)
    return found


def _imported(module: str) -> list[str]:
    """The modules of the domain that one names in its imports."""
    nodes = [node for node in ast.walk(ast.parse(_source(module))) if isinstance(node, ast.ImportFrom)]
    named = {node.module for node in nodes} | {f"{node.module}.{name.name}" for node in nodes for name in node.names}
    return [name for name in named if name and name.startswith("domain.") and name in sys.modules]


def _source(module: str) -> bytes:
    return Path(sys.modules[module].__file__ or "").read_bytes()


@cache
def subject_fields(kind: type[Aggregate]) -> frozenset[str]:
    """The fields that hold the persons whom the events of an aggregate are about."""
    return frozenset(event.subject for event in event_classes(kind) if personal_fields(event))


@cache
def _fields(kind: type[Aggregate]) -> tuple[str, ...]:
    return tuple(f.name for f in dataclasses.fields(kind))  # type: ignore[arg-type]  # the library makes it a dataclass


@cache
def _adapter(kind: type[Aggregate]) -> TypeAdapter[Any]:
    hints = get_type_hints(kind, include_extras=True)
    return TypeAdapter(TypedDict("State", {name: hints[name] for name in _fields(kind)}))  # type: ignore[operator]
