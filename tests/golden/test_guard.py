"""The guard over stored events: an event of three versions, and each way to break one."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar
from uuid import UUID, uuid4

import pytest

from domain.kernel.aggregate import Aggregate, Created, DomainEvent, Event
from domain.kernel.personal import Personal
from tests.golden import guard, samples, schemas

ADA = UUID(int=7)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class LitV1(DomainEvent):
    """As it was in the first release."""

    TOPIC: ClassVar[str] = "golden.lamp.lit"
    power_w: int
    by: Personal[str]


class LitV2(DomainEvent):
    """As it was in the second one: what a lamp gives, not what it takes."""

    TOPIC: ClassVar[str] = "golden.lamp.lit"
    class_version: ClassVar[int] = 2
    light_lm: int
    by: Personal[str]


class Lamp(Aggregate):
    """A lamp, today."""

    TOPIC: ClassVar[str] = "golden.lamp"

    light_lm: int = 0
    lit_by: Personal[str] = None
    colour_k: int = 0

    class Hung(Created):
        TOPIC: ClassVar[str] = "golden.lamp.hung"

    class Lit(Event):
        """Somebody switched it on."""

        TOPIC: ClassVar[str] = "golden.lamp.lit"
        class_version: ClassVar[int] = 3
        light_lm: int
        colour_k: int
        """Colour temperature in kelvin."""
        lit_by: Personal[str]

        @staticmethod
        def upcast_v1_v2(state: dict[str, Any]) -> None:
            """Fifteen lumens a watt, as the bulbs of then."""
            state["light_lm"] = state.pop("power_w") * 15

        @staticmethod
        def upcast_v2_v3(state: dict[str, Any]) -> None:
            """All lamps were warm then."""
            state["colour_k"], state["lit_by"] = 2700, state.pop("by")

        def apply(self, aggregate: "Lamp") -> None:
            aggregate.light_lm, aggregate.colour_k, aggregate.lit_by = self.light_lm, self.colour_k, self.lit_by


PLACE: dict[str, Any] = {"originator_id": ADA, "originator_version": 2, "timestamp": NOON}
HISTORY: tuple[tuple[type[DomainEvent], DomainEvent], ...] = (
    (LitV1, LitV1(**PLACE, power_w=40, by="Ada")),
    (LitV2, LitV2(**PLACE, light_lm=800, by="Ada")),
    (Lamp.Lit, Lamp.Lit(**PLACE, light_lm=900, colour_k=4000, lit_by="Ada")),
)


@pytest.fixture
def registry(tmp_path: Path) -> guard.Registry:
    """Of nothing yet."""
    (tmp_path / "samples").mkdir()
    (tmp_path / "schemas").mkdir()
    return guard.Registry(tmp_path / "samples", tmp_path / "schemas")


@pytest.fixture
def released(registry: guard.Registry) -> guard.Registry:
    """Of the three versions of a lamp's event, each recorded at its time."""
    for event_class, event in HISTORY:
        registry.record(event_class, event)
    return registry


def test_an_event_of_three_versions_is_in_order(released: guard.Registry) -> None:
    assert guard.complaints(Lamp.Lit, released) == []
    assert guard.orphans([Lamp.Lit], released) == []


@pytest.mark.parametrize(("version", "light_lm", "colour_k"), [(1, 600, 2700), (2, 800, 2700), (3, 900, 4000)])
def test_a_sample_of_each_version_is_lifted_to_the_present_one_and_applied(
    released: guard.Registry, version: int, light_lm: int, colour_k: int
) -> None:
    name = f"golden.lamp.lit.v{version}"
    sample = samples.load(name, released.samples)
    lamp = Lamp.begin(Lamp.Hung, id=ADA, timestamp=NOON)

    lit = samples.read(name, sample)
    assert isinstance(lit, Lamp.Lit)
    lit.mutate(lamp)

    assert "Ada" not in str(sample)
    assert (lamp.light_lm, lamp.colour_k, lamp.lit_by) == (light_lm, colour_k, "Ada")


def test_a_schema_names_its_version_and_marks_what_is_about_a_person(released: guard.Registry) -> None:
    schema = schemas.load("golden.lamp.lit.v3", released.schemas)

    assert schema["$id"] == "urn:csbe:event:golden.lamp.lit.v3"
    assert schema["description"] == "Somebody switched it on."
    assert schema["properties"]["colour_k"]["description"] == "Colour temperature in kelvin."
    assert [name for name, fact in schema["properties"].items() if fact.get("x-personal")] == ["lit_by"]
    assert schema["required"] == ["colour_k", "light_lm"]


class Rung(DomainEvent):
    """What is recorded before each of the changes below."""

    TOPIC: ClassVar[str] = "golden.bell.rung"
    strokes: int
    reason: str


class FieldRemoved(DomainEvent):
    TOPIC: ClassVar[str] = Rung.TOPIC
    strokes: int


class TypeChanged(Rung):
    strokes: float  # type: ignore[assignment]  # that is the point


class FieldAdded(Rung):
    loudness_db: int


class MadePersonal(Rung):
    reason: Personal[str]  # type: ignore[assignment]  # that is the point


@pytest.mark.parametrize(
    ("changed", "where"),
    [
        (FieldRemoved, "/properties/reason: recorded"),
        (TypeChanged, '/properties/strokes/type: recorded "integer", present "number"'),
        (FieldAdded, "/properties/loudness_db"),
        (MadePersonal, "/properties/reason"),
    ],
)
def test_a_changed_shape_is_refused_with_what_to_do(
    registry: guard.Registry, changed: type[DomainEvent], where: str
) -> None:
    registry.record(Rung, Rung(**PLACE, strokes=3, reason="noon"))

    complaint = guard.complaints(changed, registry)[0]

    assert where in complaint
    assert "raise `class_version` to 2, write `upcast_v1_v2(state)`" in complaint
    assert "python -m tests.golden" in complaint


def test_a_docstring_may_change_but_is_to_be_published(registry: guard.Registry) -> None:
    class Retold(Rung):
        """Said in other words."""

    registry.record(Rung, Rung(**PLACE, strokes=3, reason="noon"))
    before = guard.complaints(Retold, registry)
    schemas.save(schemas.schema_of(Retold), registry.schemas)

    assert before == [guard.STALE.format(name="golden.bell.rung.v1")]
    assert guard.complaints(Retold, registry) == []


def test_a_renamed_topic_is_refused(registry: guard.Registry) -> None:
    class Renamed(Rung):
        TOPIC: ClassVar[str] = "golden.bell.chimed"

    registry.record(Rung, Rung(**PLACE, strokes=3, reason="noon"))

    assert guard.orphans([Renamed], registry) == [guard.ORPHAN.format(name="golden.bell.rung.v1")]
    assert "no schema of golden.bell.chimed.v1" in guard.complaints(Renamed, registry)[0]


class Bumped(Rung):
    class_version: ClassVar[int] = 2
    loudness_db: int


def test_a_new_version_without_an_upcast_is_refused(registry: guard.Registry) -> None:
    registry.record(Rung, Rung(**PLACE, strokes=3, reason="noon"))
    registry.record(Bumped, Bumped(**PLACE, strokes=3, reason="noon", loudness_db=60))

    [complaint] = guard.complaints(Bumped, registry)

    assert complaint == guard.NO_UPCAST.format(topic=Rung.TOPIC, present=2, version=1, next=2)


def test_an_upcast_that_makes_an_invalid_event_is_refused(registry: guard.Registry) -> None:
    class Lifted(Bumped):
        @staticmethod
        def upcast_v1_v2(state: dict[str, Any]) -> None:
            state["loudness_db"] = "loud"

    registry.record(Rung, Rung(**PLACE, strokes=3, reason="noon"))
    registry.record(Lifted, Lifted(**PLACE, strokes=3, reason="noon", loudness_db=60))

    [complaint] = guard.complaints(Lifted, registry)

    assert "upcast_v1_v2 of golden.bell.rung makes no valid version 2" in complaint
    assert "loudness_db" in complaint


@pytest.mark.parametrize("version", [1, 2, 3])
@pytest.mark.parametrize(("kind", "message"), [("samples", guard.NO_SAMPLE), ("schemas", guard.NO_SCHEMA)])
def test_a_lost_sample_or_schema_of_any_version_is_missed(
    released: guard.Registry, version: int, kind: str, message: str
) -> None:
    name = f"golden.lamp.lit.v{version}"
    (getattr(released, kind) / f"{name}.json").unlink()

    assert guard.complaints(Lamp.Lit, released) == [message.format(name=name)]


def test_a_sample_that_does_not_fit_its_schema_is_found(released: guard.Registry) -> None:
    path = released.samples / "golden.lamp.lit.v1.json"
    path.write_text(path.read_text("utf-8").replace('"power_w": 40', '"power_w": "forty"'), "utf-8")

    assert (
        "the sample of golden.lamp.lit.v1 is not valid by its schema: power_w"
        in guard.complaints(Lamp.Lit, released)[0]
    )


def test_what_is_recorded_is_never_overwritten(released: guard.Registry) -> None:
    with pytest.raises(FileExistsError):
        released.record(Lamp.Lit, HISTORY[2][1])
    with pytest.raises(FileExistsError):
        schemas.save({**schemas.schema_of(Rung), "title": "golden.lamp.lit.v1"}, released.schemas)


def test_an_id_is_no_part_of_what_is_recorded() -> None:
    other = Rung(originator_id=uuid4(), originator_version=1, timestamp=NOON, strokes=1, reason="one")

    assert not {"originator_id", "originator_version"} & samples.written(other)["state"].keys()
