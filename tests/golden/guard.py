"""What must hold of every event that was ever stored: it stays valid, readable and described."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema_rs
from pydantic import ValidationError

from domain.kernel.aggregate import DomainEvent
from tests.golden import samples, schemas

CHANGED = """{name} is stored in another shape than before: {differences}
Undo the change. Or raise `class_version` to {next}, write `upcast_v{version}_v{next}(state)` into the class, and run
`python -m tests.golden` to record version {next}. Only if all that is stored stays valid as it is (a value was added
to an enum): delete {name}.json from docs/reference/schemas and run the same."""
NO_UPCAST = """{topic} is at version {present}, but nothing lifts version {version} to {next}: write
`upcast_v{version}_v{next}(state)` into the class."""
NO_SAMPLE = """There is no sample of {name}, and what was stored once must stay readable.
Take the file from history; for a new version, run `python -m tests.golden` to record it."""
NO_SCHEMA = """There is no schema of {name}, and others may hold data of it.
Take the file from history; for a new version, run `python -m tests.golden` to record it."""
ORPHAN = """{name} is recorded, but no event has this topic and version. Topics are permanent: give the event its topic
back (the class may be called otherwise), and keep it as long as one is stored."""
STALE = "{name} is described in other words than recorded: run `python -m tests.golden`"


@dataclass(frozen=True)
class Registry:
    """Where samples and schemas are recorded."""

    samples: Path = samples.FOLDER
    schemas: Path = schemas.FOLDER

    def record(self, event_class: type[DomainEvent], event: DomainEvent) -> None:
        """Record a version by its class and one event of it."""
        schemas.save(schemas.schema_of(event_class), self.schemas)
        samples.save(samples.name_of(event_class), samples.written(event), self.samples)


def orphans(event_classes: Iterable[type[DomainEvent]], registry: Registry) -> list[str]:
    """What is recorded of events that are not there any more."""
    known = {samples.name_of(e, version) for e in event_classes for version in _versions(e)}
    recorded = samples.names(registry.samples) | schemas.names(registry.schemas)
    return [ORPHAN.format(name=name) for name in sorted(recorded - known)]


def complaints(event_class: type[DomainEvent], registry: Registry) -> list[str]:
    """What is wrong with an event; each says what to do."""
    missing = [*_missing(event_class, registry), *_missing_upcasts(event_class)]
    return missing or [*_changed(event_class, registry), *_unreadable(event_class, registry)]


def _versions(event_class: type[DomainEvent]) -> range:
    return range(1, event_class.class_version + 1)


def _missing(event_class: type[DomainEvent], registry: Registry) -> Iterator[str]:
    for version in _versions(event_class):
        name = samples.name_of(event_class, version)
        if name not in schemas.names(registry.schemas):
            yield NO_SCHEMA.format(name=name)
        if name not in samples.names(registry.samples):
            yield NO_SAMPLE.format(name=name)


def _missing_upcasts(event_class: type[DomainEvent]) -> Iterator[str]:
    for version in _versions(event_class)[:-1]:
        if not hasattr(event_class, f"upcast_v{version}_v{version + 1}"):
            versions = {"present": event_class.class_version, "version": version, "next": version + 1}
            yield NO_UPCAST.format(topic=event_class.TOPIC, **versions)


def _changed(event_class: type[DomainEvent], registry: Registry) -> Iterator[str]:
    name, version = samples.name_of(event_class), event_class.class_version
    recorded, present = schemas.load(name, registry.schemas), schemas.schema_of(event_class)
    found = schemas.differences(schemas.bare(recorded), schemas.bare(present))
    if found:
        yield CHANGED.format(name=name, differences="; ".join(found), version=version, next=version + 1)
    elif recorded != present:
        yield STALE.format(name=name)


def _unreadable(event_class: type[DomainEvent], registry: Registry) -> Iterator[str]:
    for version in _versions(event_class):
        name = samples.name_of(event_class, version)
        sample = samples.load(name, registry.samples)
        if why := violations(name, sample["state"], registry):
            yield f"the sample of {name} is not valid by its schema: {why}"
        yield from _lifted(event_class, version, sample, registry)


def _lifted(event_class: type[DomainEvent], version: int, sample: dict[str, Any], registry: Registry) -> Iterator[str]:
    state = samples.unsealed(sample)
    for step in range(version, event_class.class_version):
        getattr(event_class, f"upcast_v{step}_v{step + 1}")(state)
        state["class_version"] = step + 1
        if why := violations(samples.name_of(event_class, step + 1), state, registry):
            yield f"upcast_v{step}_v{step + 1} of {event_class.TOPIC} makes no valid version {step + 1}: {why}"
            return
    state.pop("class_version", None)
    place = {"originator_id": sample["originator_id"], "originator_version": sample["originator_version"]}
    try:
        event_class.model_validate({**state, **place})
    except ValidationError as error:
        yield f"version {version} of {event_class.TOPIC} cannot be read any more: {error}"


def violations(name: str, state: dict[str, Any], registry: Registry) -> str:
    """Where stored JSON departs from the schema of its version; empty when it does not."""
    schema = schemas.load(name, registry.schemas)
    return violations_of({**schema, "required": schema["$defs"]["Stored"]["required"]}, state)


def violations_of(schema: schemas.Schema, value: dict[str, Any]) -> str:
    """Where JSON departs from a schema; empty when it does not."""
    validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
    return "; ".join(f"{'/'.join(map(str, e.instance_path))} {e.message}".strip() for e in validator.iter_errors(value))
