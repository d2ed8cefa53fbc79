"""Snapshots: taken when they pay, and never believed over the events."""

import logging
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID, uuid4

import asyncpg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from adapters.postgres.event_store import snapshot_codec
from adapters.postgres.event_store.snapshot_costs import MEASUREMENTS, Costs, LoadCosts
from adapters.postgres.event_store.store import PostgresEventStore
from domain.fleet.vehicle import Vehicle
from domain.kernel.aggregate import Aggregate, Created, Event
from tests.support.boxes import NOW, Box, save
from tests.support.keys import KEYS


class Shelf(Aggregate):
    """A shelf that things are put on, and which knows nobody."""

    TOPIC: ClassVar[str] = "test.shelf"

    place: str
    things: tuple[str, ...] = ()
    weight_kg: float = 0.0
    changed_at: datetime | None = None

    class Hung(Created):
        TOPIC: ClassVar[str] = "test.shelf.hung"
        place: str

    class Filled(Event):
        TOPIC: ClassVar[str] = "test.shelf.filled"
        thing: str
        weight_kg: float

        def apply(self, aggregate: "Shelf") -> None:
            aggregate.things = (*aggregate.things, self.thing)
            aggregate.weight_kg += self.weight_kg
            aggregate.changed_at = self.timestamp

    class Cleared(Event):
        TOPIC: ClassVar[str] = "test.shelf.cleared"

        def apply(self, aggregate: "Shelf") -> None:
            aggregate.things, aggregate.weight_kg = (), 0.0


class Pace:
    """A stopwatch on which each measurement takes as long as the test says."""

    def __init__(self) -> None:
        self.now = 0.0
        self.step = 0.0

    def __call__(self) -> float:
        self.now += self.step
        return self.now


Fresh = Callable[[], PostgresEventStore]


class AlwaysPays(LoadCosts):
    def snapshot_pays(self, events: int) -> bool:
        return events > 0


class NeverPays(LoadCosts):
    def snapshot_pays(self, events: int) -> bool:
        return events < 0


@pytest.fixture
async def keen(pool: asyncpg.Pool) -> AsyncIterator[PostgresEventStore]:
    """A store that takes a snapshot whenever it can."""
    store = PostgresEventStore(pool, master_keys=KEYS, costs=Costs(of_a_class=AlwaysPays))
    yield store
    await store.close()


@pytest.fixture
async def fresh(pool: asyncpg.Pool) -> AsyncIterator[Fresh]:
    """Makes stores without memory, in which no snapshot pays."""
    async with AsyncExitStack() as made:

        def make() -> PostgresEventStore:
            store = PostgresEventStore(pool, master_keys=KEYS, costs=Costs(of_a_class=NeverPays))
            made.push_async_callback(store.close)
            return store

        yield make


async def full_box(store: PostgresEventStore, weights: int = 5) -> Box:
    box = Box.make(owner="Ada Lovelace")
    for _ in range(weights):
        box.fill(1)
    await save_box(store, box)
    return box


async def full_shelf(store: PostgresEventStore, place: str = "kitchen") -> Shelf:
    shelf = Shelf.begin(Shelf.Hung, id=uuid4(), timestamp=NOW, place=place)
    for thing in ("cup", "plate", "pot"):
        shelf.trigger_event(Shelf.Filled, timestamp=NOW, thing=thing, weight_kg=0.1)
    await save_box(store, shelf)
    return shelf


async def save_box(store: PostgresEventStore, aggregate: Aggregate) -> None:
    await save(store, aggregate)  # type: ignore[arg-type]  # any aggregate will do


def state_of(aggregate: Aggregate) -> tuple[int, bytes]:
    return aggregate.version, snapshot_codec.dumped(aggregate)


async def snapshot_of(pool: asyncpg.Pool, id: UUID) -> asyncpg.Record | None:
    return await pool.fetchrow("select * from csbe.snapshots where originator_id = $1", id)


async def test_a_snapshot_is_used_and_unreadable_in_the_table(
    keen: PostgresEventStore, pool: asyncpg.Pool, fresh: Fresh, forger: asyncpg.Connection
) -> None:
    box = await full_box(keen)
    stored = await snapshot_of(pool, box.id)

    await forger.execute("delete from csbe.events where originator_version = 3")  # proves that the snapshot is used
    found = await fresh().load(Box, box.id)

    assert state_of(found) == state_of(box)
    assert stored is not None
    assert b"Lovelace" not in stored["state"]


async def test_what_came_after_the_snapshot_is_read_too(keen: PostgresEventStore, fresh: Fresh) -> None:
    box = await full_box(keen)
    elsewhere = fresh()
    later = await elsewhere.load(Box, box.id)
    later.fill(100)
    await save(elsewhere, later)

    found = await fresh().load(Box, box.id)

    assert (found.total_g, found.version) == (105, 7)


def test_a_snapshot_pays_once_reading_the_events_costs_more() -> None:
    costs = LoadCosts()
    costs.event.note(0.002)
    costs.writing.note(0.015)
    costs.reading.note(0.005)

    assert [costs.snapshot_pays(events) for events in (0, 10, 11)] == [False, False, True]


def test_a_cost_is_the_least_of_the_newest_measurements() -> None:
    cost = LoadCosts().event
    cost.note(3.0)
    cost.note(1.0)
    disturbed = cost.seconds
    for _ in range(MEASUREMENTS):
        cost.note(2.0)

    assert (disturbed, cost.seconds) == (1.0, 2.0)


async def test_a_history_that_is_cheap_to_read_gets_no_snapshot_and_a_dear_one_does(
    pool: asyncpg.Pool, fresh: Fresh
) -> None:
    box = await full_box(fresh(), 9)
    pace = Pace()
    store = PostgresEventStore(pool, master_keys=KEYS, costs=Costs(pace))

    pace.step = 0.000_05  # for ten events
    await store.load(Box, box.id)
    cheap = await snapshot_of(pool, box.id)
    store._forget()
    for _ in range(MEASUREMENTS):  # until the cheap loads are forgotten
        pace.step = 0.05
        await store.load(Box, box.id)
        store._forget()

    assert cheap is None
    assert await snapshot_of(pool, box.id) is not None
    await store.close()


async def test_events_appended_to_a_remembered_aggregate_count_as_well(pool: asyncpg.Pool) -> None:
    costs = Costs(lambda: 0.0)
    costs.of(Box).event.note(0.001)
    costs.of(Box).writing.note(0.003)
    costs.of(Box).reading.note(0.0015)
    store = PostgresEventStore(pool, master_keys=KEYS, costs=costs)
    box = Box.make()
    versions = []
    for _ in range(12):
        box.fill(1)
        await save(store, box)
        costs.of(Box).writing.note(0.003)
        stored = await snapshot_of(pool, box.id)
        versions.append(stored and stored["originator_version"])

    assert versions[:5] == [None, None, None, 5, 5]
    assert versions[-1] == 13
    await store.close()


async def test_a_snapshot_of_another_schema_is_ignored_and_made_anew(
    keen: PostgresEventStore, pool: asyncpg.Pool
) -> None:
    box = await full_box(keen)
    await pool.execute("update csbe.snapshots set schema_fingerprint = 'older', state = 'unknown'")
    keen._forget()

    found = await keen.load(Box, box.id)

    stored = await snapshot_of(pool, box.id)
    assert state_of(found) == state_of(box)
    assert stored is not None
    assert stored["schema_fingerprint"] == snapshot_codec.fingerprint_of(Box)


def test_a_state_made_by_other_code_has_another_fingerprint(monkeypatch: pytest.MonkeyPatch) -> None:
    before = snapshot_codec.fingerprint_of(Box)
    monkeypatch.setattr(snapshot_codec, "code_digest", lambda _: b"a reaction was put right")

    assert snapshot_codec.fingerprint_of.__wrapped__(Box) != before


def test_a_fingerprint_covers_what_the_aggregate_imports_and_no_price() -> None:
    modules = snapshot_codec.modules_of(Vehicle)

    assert {"domain.fleet.vehicle", "domain.fleet.readiness", "domain.kernel.aggregate"} <= modules
    assert not [name for name in modules if name.startswith(("domain.billing", "domain.rental", "domain.dispatcher"))]
    assert not [name for name in modules if "drivenow" in name or "services" in name]


@pytest.fixture
def complaints(caplog: pytest.LogCaptureFixture) -> Iterator[pytest.LogCaptureFixture]:
    """What was logged about snapshots."""
    with caplog.at_level(logging.WARNING, "adapters.postgres"):
        yield caplog


DAMAGES = {
    "a flipped bit": "state = set_byte(s.state, 30, get_byte(s.state, 30) # 1)",
    "nonsense": "state = '\\xdeadbeef'",
    "nothing": "state = ''",
    "a part of it": "state = substr(s.state, 1, 40)",
    "a lower version": "originator_version = 3",
    "a higher version": "originator_version = 99",
    "another topic": "topic = 'test.other'",
    "another digest": "digest = '\\x00'",
    "another aggregate's": "state = other.state, digest = other.digest",
    "another aggregate's, all of it": "state = other.state, digest = other.digest, topic = other.topic, "
    "originator_version = other.originator_version",
}


@pytest.mark.parametrize("kind", [Box, Shelf])
@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
async def test_a_damaged_snapshot_is_not_believed_but_logged_and_replaced(
    keen: PostgresEventStore,
    pool: asyncpg.Pool,
    complaints: pytest.LogCaptureFixture,
    damage: str,
    kind: type[Aggregate],
    fresh: Fresh,
) -> None:
    mine = await (full_box(keen) if kind is Box else full_shelf(keen))
    theirs = await (full_box(keen, 7) if kind is Box else full_shelf(keen, "cellar"))
    undamaged = await snapshot_of(pool, mine.id)
    damaging = f"update csbe.snapshots s set {damage} from csbe.snapshots other where s.originator_id = $1 and "  # noqa: S608
    await pool.execute(damaging + "other.originator_id = $2", mine.id, theirs.id)

    keen._forget()
    found = await keen.load(kind, mine.id)

    replaced = await snapshot_of(pool, mine.id)
    assert state_of(found) == state_of(await keen.load_as_of(kind, mine.id)) == state_of(mine)
    assert f"dropped the snapshot of {kind.TOPIC} {mine.id}" in complaints.text
    assert undamaged is not None
    assert replaced is not None
    same = ("originator_id", "originator_version", "topic", "schema_fingerprint")
    assert [replaced[column] for column in same] == [undamaged[column] for column in same]
    complaints.clear()
    assert state_of(await fresh().load(kind, mine.id)) == state_of(mine)
    assert not complaints.text


async def test_a_plausible_change_of_a_readable_snapshot_is_not_believed(
    keen: PostgresEventStore, pool: asyncpg.Pool, complaints: pytest.LogCaptureFixture, fresh: Fresh
) -> None:
    shelf = await full_shelf(keen)
    changed = "convert_to(replace(convert_from(state, 'UTF8'), '\"kitchen\"', '\"parlour\"'), 'UTF8')"
    await pool.execute(f"update csbe.snapshots set state = {changed}")  # noqa: S608 (our own text)
    tampered = await snapshot_of(pool, shelf.id)
    assert tampered is not None
    assert b"parlour" in tampered["state"]

    found = await fresh().load(Shelf, shelf.id)

    assert found.place == "kitchen"
    assert "its digest is another one" in complaints.text


async def test_a_snapshot_of_an_event_that_was_changed_afterwards_is_not_believed(
    keen: PostgresEventStore,
    complaints: pytest.LogCaptureFixture,
    fresh: Fresh,
    forger: asyncpg.Connection,
) -> None:
    shelf = await full_shelf(keen)
    changed = "convert_to(replace(convert_from(state, 'UTF8'), '\"pot\"', '\"pan\"'), 'UTF8')"
    await forger.execute(f"update csbe.events set state = {changed} where originator_version = 4")  # noqa: S608

    found = await fresh().load(Shelf, shelf.id)

    assert found.things == ("cup", "plate", "pan")
    assert "its digest is another one" in complaints.text


async def test_the_snapshot_of_an_erased_person_is_dropped_without_alarm(
    keen: PostgresEventStore, pool: asyncpg.Pool, complaints: pytest.LogCaptureFixture, fresh: Fresh
) -> None:
    box = await full_box(keen)
    await keen.erase(box.id)

    found = await fresh().load(Box, box.id)

    assert (found.owner, found.total_g) == (None, 5)
    assert await snapshot_of(pool, box.id) is None
    assert not complaints.text


names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=5)
moments = st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
steps = st.one_of(
    st.tuples(st.just("fill"), names, st.floats(allow_nan=False, allow_infinity=False, width=32), moments),
    st.tuples(st.just("clear"), moments),
    st.just(("load",)),
    st.just(("forget",)),
)


@given(place=names, history=st.lists(steps, max_size=30))
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_happened_and_whenever_snapshots_were_taken_a_load_is_what_the_events_say(
    keen: PostgresEventStore, fresh: Fresh, place: str, history: list[tuple[Any, ...]]
) -> None:
    shelf = Shelf.begin(Shelf.Hung, id=uuid4(), timestamp=NOW, place=place)
    plain, reader = fresh(), fresh()
    await save_box(plain, shelf)
    for step, *values in history:
        if step == "fill":
            shelf.trigger_event(Shelf.Filled, timestamp=values[2], thing=values[0], weight_kg=values[1])
            await save_box(plain, shelf)
        elif step == "clear":
            shelf.trigger_event(Shelf.Cleared, timestamp=values[0])
            await save_box(plain, shelf)
        elif step == "forget":
            keen._forget()
        else:
            await keen.load(Shelf, shelf.id)

    told = state_of(await plain.load_as_of(Shelf, shelf.id))
    loaded = [state_of(await store.load(Shelf, shelf.id)) for store in (plain, keen, reader)]
    await plain.close()
    await reader.close()

    assert loaded == [told] * 3
