"""What is stored stays readable, and is described: every version of every event."""

import asyncio
from collections.abc import Sequence
from uuid import UUID

import pytest

from api.cloudevents import cloud_event
from api.visibility import of_events
from domain.contexts import AGGREGATES, EVENTS
from domain.kernel.aggregate import Aggregate, DomainEvent, Event
from domain.kernel.messages import RecordedEvent
from tests.golden import guard, samples, schemas, stories

RECORDED = guard.Registry()
VERSIONS = {samples.name_of(e, version) for e in EVENTS.values() for version in range(1, e.class_version + 1)}

every_event = pytest.mark.parametrize("event_class", EVENTS.values(), ids=lambda event: event.TOPIC)


@pytest.fixture(scope="module")
def told() -> list[DomainEvent]:
    """All that happens in the stories."""
    return asyncio.run(stories.events())


@every_event
def test_an_event_keeps_its_shape_its_samples_and_its_upcasts(event_class: type[DomainEvent]) -> None:
    found = guard.complaints(event_class, RECORDED)

    assert not found, "\n".join(found)


def test_every_recorded_version_belongs_to_an_event() -> None:
    found = guard.orphans(EVENTS.values(), RECORDED)

    assert not found, "\n".join(found)


@pytest.mark.parametrize("name", sorted(VERSIONS))
def test_every_stored_version_is_read_into_the_present_class(name: str) -> None:
    sample = samples.load(name)

    event = samples.read(name, sample)

    assert type(event) is EVENTS[samples.topic_of(name)]


@every_event
def test_what_was_stored_is_stored_the_same_again(event_class: type[DomainEvent]) -> None:
    name = samples.name_of(event_class)
    sample = samples.load(name)

    again = samples.written(samples.read(name, sample))

    assert again == sample


def test_whatever_happens_is_read_as_it_was_written_and_valid_by_its_schema(told: list[DomainEvent]) -> None:
    written = [(samples.name_of(type(event)), samples.written(event)) for event in told]

    read = [samples.read(name, sample) for name, sample in written]

    assert read == told
    assert {type(event) for event in told} == set(EVENTS.values())
    assert not [why for name, sample in written if (why := guard.violations(name, sample["state"], RECORDED))]


def test_every_history_that_is_stored_makes_the_same_aggregate_again(told: list[DomainEvent]) -> None:
    histories = _histories(told)

    for history in histories:
        read = [samples.read(samples.name_of(type(e)), samples.written(e)) for e in history]
        assert vars(_replayed(read)) == vars(_replayed(history))
    assert {type(_replayed(history)) for history in histories} == set(AGGREGATES.values())


@every_event
def test_an_old_sample_takes_its_place_in_a_history(event_class: type[Event], told: list[DomainEvent]) -> None:
    before = _history_before(event_class, told)
    place = {"originator_id": before[0].originator_id if before else UUID(int=3), "originator_version": len(before) + 1}
    for version in range(1, event_class.class_version + 1):
        name = samples.name_of(event_class, version)
        event = samples.read(name, samples.load(name)).model_copy(update=place)

        aggregate = _replayed([*before, event])

        assert aggregate.version == len(before) + 1


@pytest.mark.parametrize("personal", [False, True])
@every_event
def test_what_others_get_is_valid_by_the_published_schema(event_class: type[DomainEvent], personal: bool) -> None:
    name = samples.name_of(event_class)
    event = samples.read(name, samples.load(name))
    recorded = RecordedEvent(
        position=1, recorded_at=event.timestamp, topic=event.TOPIC, event=event, metadata=samples.METADATA
    )

    sent = [cloud_event(recorded, of_events(role, personal=personal)) for role in schemas.receivers_of(event_class)]

    schema = schemas.load(name)
    assert {one["dataschema"] for one in sent} == {schema["$id"]}
    assert not [why for one in sent for why in guard.violations_of(schema, one["data"])]


def _histories(told: Sequence[DomainEvent]) -> list[list[DomainEvent]]:
    """Of each aggregate of each story; an id may come again in another one."""
    found: list[list[DomainEvent]] = []
    latest: dict[UUID, list[DomainEvent]] = {}
    for event in told:
        if event.originator_version == 1:
            latest[event.originator_id] = []
            found.append(latest[event.originator_id])
        latest[event.originator_id].append(event)
    return found


def _history_before(event_class: type[Event], told: Sequence[DomainEvent]) -> list[DomainEvent]:
    for history in _histories(told):
        for place, event in enumerate(history):
            if type(event) is event_class:
                return history[:place]
    raise AssertionError(f"{event_class.TOPIC} happens in no story")


def _replayed(events: Sequence[DomainEvent]) -> Aggregate:
    aggregate: Aggregate | None = None
    for event in events:
        assert isinstance(event, Event)
        aggregate = event.mutate(aggregate)
    assert aggregate is not None
    return aggregate
