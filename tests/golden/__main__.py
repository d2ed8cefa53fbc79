"""Record the samples and shapes that are missing: `python -m tests.golden`. What is recorded is never changed."""

import asyncio
import sys

from domain.contexts import EVENTS
from domain.kernel.aggregate import DomainEvent
from tests.golden import samples, shapes, stories


def main() -> None:
    """Say what was recorded, and what is left to be written by hand."""
    told = asyncio.run(stories.events())
    recorded, known = shapes.load(), samples.names()
    for event_class in EVENTS.values():
        name = samples.name_of(event_class)
        if name not in recorded:
            recorded[name] = shapes.shape_of(event_class)
            _say(f"recorded the shape of {name}")
        if name not in known:
            _record_sample(name, [event for event in told if type(event) is event_class])
    shapes.save(recorded)


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
