"""Record the samples and schemas that are missing: `python -m tests.golden`. What is recorded is never changed."""

import asyncio
import sys

from domain.contexts import EVENTS
from domain.kernel.aggregate import DomainEvent
from tests.golden import beside, ledger, samples, schemas, stories


def main() -> None:
    """Say what was recorded, and what is left to be written by hand."""
    told = asyncio.run(stories.events())
    for event_class in EVENTS.values():
        name = samples.name_of(event_class)
        _record_schema(event_class)
        if name not in samples.names():
            _record_sample(name, [event for event in told if type(event) is event_class])
    for kind, value in beside.stored(told).items():
        if recorded := beside.record(kind, value):
            _say(f"recorded the shape of {recorded}")
    ledger.add()


def _record_schema(event_class: type[DomainEvent]) -> None:
    name, is_new = samples.name_of(event_class), samples.name_of(event_class) not in schemas.names()
    try:
        schemas.save(schemas.schema_of(event_class))
    except FileExistsError:
        _say(f"{name} has another shape than recorded: it needs a new class_version and an upcast")
    else:
        if is_new:
            _say(f"recorded the schema of {name}")


def _record_sample(name: str, found: list[DomainEvent]) -> None:
    if not found:
        _say(f"{name} happens in no story: add it to tests/golden/stories.py, or write its sample by hand")
        return
    fullest = max(found, key=lambda event: len(event.model_dump_json(exclude_none=True)))
    samples.save(name, samples.written(fullest))
    _say(f"recorded a sample of {name}")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")


main()
