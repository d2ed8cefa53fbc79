"""What is stored stays readable: every version of every event, in the shape that is recorded for it."""

from typing import ClassVar

import pytest

from domain.contexts import EVENTS
from domain.kernel.aggregate import Aggregate, DomainEvent, Event
from tests.golden import samples, shapes, stories

VERSIONS = {samples.name_of(e, version) for e in EVENTS.values() for version in range(1, e.class_version + 1)}

RECORD = "run `python -m tests.golden` to record what is missing; delete what belongs to no event"
CHANGED = """The shape of {name} is not the one that is recorded and stored: {differences}
Undo the change, or raise the event's class_version, give it an upcast from the last version, and run
`python -m tests.golden` to record the new one. Only if all that is stored stays valid as it is (a value was added to
an enum): take the old shape out of tests/golden/shapes.json and run the same."""

every_event = pytest.mark.parametrize("event_class", EVENTS.values(), ids=lambda event: event.TOPIC)


class Lamp(Aggregate):
    TOPIC: ClassVar[str] = "golden.lamp"

    class Lit(Event):
        TOPIC: ClassVar[str] = "golden.lamp.lit"
        class_version: ClassVar[int] = 2
        light_lm: int

        @staticmethod
        def upcast_v1_v2(state: dict[str, int]) -> None:
            state["light_lm"] = state.pop("power_w") * 15


def test_every_version_of_every_event_is_recorded_and_nothing_else() -> None:
    recorded = shapes.load()

    assert samples.names() == VERSIONS, RECORD
    assert recorded.keys() == VERSIONS, RECORD


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


@every_event
def test_the_shape_of_an_event_changes_with_a_new_version_only(event_class: type[DomainEvent]) -> None:
    name = samples.name_of(event_class)

    found = shapes.differences(shapes.load()[name], shapes.shape_of(event_class))

    assert not found, CHANGED.format(name=name, differences="; ".join(found))


async def test_whatever_happens_is_read_as_it_was_written() -> None:
    happened = await stories.events()

    read = [samples.read(samples.name_of(type(event)), samples.written(event)) for event in happened]

    assert read == happened
    assert {type(event) for event in happened} == set(EVENTS.values())


def test_a_sample_of_an_old_version_is_lifted_to_the_present_one() -> None:
    old = {"timestamp": "2026-01-01T00:00:00Z", "power_w": 40}
    sample = {"originator_id": "5cfb020d-3848-5cd1-bb35-3702ee087eab", "originator_version": 2, "state": old}

    lit = samples.read("golden.lamp.lit.v1", sample)

    present = {"timestamp": "2026-01-01T00:00:00Z", "light_lm": 600, "class_version": 2}
    assert samples.written(lit) == {**sample, "state": present}


def test_a_field_that_changed_was_added_or_left_out_is_found() -> None:
    class Relit(DomainEvent):
        light_lm: float
        colour_k: int | None = None

    before = shapes.shape_of(Lamp.Lit)

    found = shapes.differences({**before, "is_hot": "{type: boolean}"}, shapes.shape_of(Relit))

    assert found == [
        "colour_k: recorded nowhere, present {anyOf: [{type: integer}, {type: null}], default: null}",
        "is_hot: recorded {type: boolean}, present nowhere",
        "light_lm: recorded {type: integer}, present {type: number}",
    ]


def test_a_docstring_is_no_part_of_a_shape() -> None:
    class Lit(Lamp.Lit):
        """Said in other words."""

    assert shapes.shape_of(Lit) == shapes.shape_of(Lamp.Lit)


def test_a_recorded_sample_is_never_overwritten() -> None:
    name = min(VERSIONS)

    with pytest.raises(FileExistsError):
        samples.save(name, samples.load(name))
