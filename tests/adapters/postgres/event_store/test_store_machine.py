"""The event store against a model in memory, whatever is done to it in whatever order (a Hypothesis state machine)."""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID, uuid4

import asyncpg
import pytest
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from adapters.postgres.database import connect
from adapters.postgres.event_store.snapshot_costs import Costs, LoadCosts
from adapters.postgres.event_store.store import PostgresEventStore
from domain.kernel.aggregate import Aggregate, Created, Event
from domain.kernel.errors import CommandAlreadyDoneError, NotFoundError, VersionConflictError
from domain.kernel.ids import CommandId
from domain.kernel.messages import Actor, Metadata, Role
from domain.kernel.personal import Personal
from tests.support.keys import KEYS
from tests.support.machines import MACHINE

T = TypeVar("T")

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
OWNER = "Ada"
PATIENCE_S = 10.0


class Crate(Aggregate):
    """Something that weights are put into."""

    TOPIC = "test.crate"

    owner: Personal[str]
    total_g: int = 0

    class Made(Created):
        TOPIC = "test.crate.made"
        owner: Personal[str]

    class Filled(Event):
        TOPIC = "test.crate.filled"
        weight_g: int

        def apply(self, aggregate: "Crate") -> None:
            aggregate.total_g += self.weight_g

    def fill(self, weight_g: int) -> None:
        self.trigger_event(self.Filled, timestamp=NOON, weight_g=weight_g)


class EveryThird(LoadCosts):
    """A snapshot after three events pays."""

    def snapshot_pays(self, events: int) -> bool:
        return events >= 3


@dataclass
class Model:
    """What the log says: per crate the weight and the position of each event; per command its outcome."""

    events: dict[UUID, list[tuple[int, int]]] = field(default_factory=dict)
    outcomes: dict[UUID, tuple[str, int]] = field(default_factory=dict)
    erased: set[UUID] = field(default_factory=set)

    def state(self, crate_id: UUID, version: int | None = None) -> tuple[int, int]:
        """Version and total."""
        events = self.events[crate_id][:version]
        return len(events), sum(weight for weight, _ in events)


class Store(RuleBasedStateMachine):
    """Two stores over one database, as two processes would have them, with a small cache and frequent snapshots."""

    crates = Bundle("crates")
    commands = Bundle("commands")
    which = st.integers(0, 1)
    weights = st.lists(st.integers(1, 9), min_size=1, max_size=4)

    def __init__(self, dsn: str) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.model = Model()
        self.pools: list[asyncpg.Pool] = [self.do(connect(dsn, min_size=1, max_size=3)) for _ in range(2)]
        self.stores = [self.opened(pool) for pool in self.pools]
        self.began_at = self.do(self.stores[0].end())

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    def opened(self, pool: asyncpg.Pool) -> PostgresEventStore:
        return PostgresEventStore(pool, master_keys=KEYS, costs=Costs(of_a_class=EveryThird), cache_size=2)

    def append(self, which: int, command_id: UUID, *crates: Crate) -> int:
        metadata = Metadata(
            command_id=CommandId(command_id),
            command="test.fill",
            actor=Actor(role=Role.SYSTEM, id="test"),
            service="drivenow-europe",
            correlation_id=command_id,
        )
        return self.do(self.stores[which].append(crates, metadata, result=str(command_id), fingerprint="f"))

    def appended(self, which: int, *filled: tuple[Crate, list[int]]) -> UUID:
        """Append what is pending, and let the model have the same."""
        command_id = uuid4()
        last = self.append(which, command_id, *(crate for crate, _ in filled))
        added = [(crate.id, weight) for crate, weights in filled for weight in weights]
        for place, (crate_id, weight) in enumerate(added):
            self.model.events[crate_id].append((weight, last - len(added) + 1 + place))
        self.model.outcomes[command_id] = (str(command_id), last)
        return command_id

    def load(self, which: int, crate_id: UUID) -> Crate:
        return self.do(self.stores[which].load(Crate, crate_id))

    def filled(self, which: int, crate_id: UUID, weights: list[int]) -> Crate:
        crate = self.load(which, crate_id)
        for weight in weights:
            crate.fill(weight)
        return crate

    @rule(target=crates, which=which)
    def a_crate_is_made(self, which: int) -> UUID:
        crate = Crate.begin(Crate.Made, id=uuid4(), timestamp=NOON, owner=OWNER)
        self.model.events[crate.id] = []
        self.appended(which, (crate, [0]))
        return crate.id

    @rule(target=commands, which=which, crate_id=crates, weights=weights)
    def it_is_filled(self, which: int, crate_id: UUID, weights: list[int]) -> UUID:
        return self.appended(which, (self.filled(which, crate_id, weights), weights))

    @rule(target=commands, which=which, one=crates, two=crates, weights=weights)
    def two_are_filled_together(self, which: int, one: UUID, two: UUID, weights: list[int]) -> UUID:
        filled = [(self.filled(which, crate_id, weights), weights) for crate_id in dict.fromkeys((one, two))]
        return self.appended(which, *filled)

    @rule(which=which, one=crates, two=crates, weights=weights)
    def what_another_one_has_changed_conflicts(self, which: int, one: UUID, two: UUID, weights: list[int]) -> None:
        """Both crates of the append stay as they are, whichever of them was changed."""
        mine = [self.filled(which, crate_id, weights) for crate_id in dict.fromkeys((one, two))]
        self.appended(1 - which, (self.filled(1 - which, two, [1]), [1]))
        with pytest.raises(VersionConflictError):
            self.append(which, uuid4(), *mine)

    @rule(which=which, command_id=commands, crate_id=crates)
    def a_command_is_repeated(self, which: int, command_id: UUID, crate_id: UUID) -> None:
        with pytest.raises(CommandAlreadyDoneError):
            self.append(which, command_id, self.filled(which, crate_id, [5]))
        outcome = self.do(self.stores[which].outcome(CommandId(command_id)))
        assert outcome is not None
        assert (outcome.result, outcome.position) == self.model.outcomes[command_id]

    @rule(which=which, crate_id=crates)
    def it_is_loaded(self, which: int, crate_id: UUID) -> None:
        crate = self.load(which, crate_id)
        assert (crate.version, crate.total_g) == self.model.state(crate_id)
        assert crate.owner == (None if crate_id in self.model.erased else OWNER)

    @rule(which=which, crate_id=crates, data=st.data())
    def it_is_loaded_as_it_was(self, which: int, crate_id: UUID, data: st.DataObject) -> None:
        version = data.draw(st.integers(1, len(self.model.events[crate_id])))
        position = self.model.events[crate_id][version - 1][1]
        crate = self.do(self.stores[which].load_as_of(Crate, crate_id, position=position))
        assert (crate.version, crate.total_g) == self.model.state(crate_id, version)

    @rule(which=which, crate_id=crates)
    def before_its_first_event_it_was_not_there(self, which: int, crate_id: UUID) -> None:
        with pytest.raises(NotFoundError):
            self.do(self.stores[which].load_as_of(Crate, crate_id, position=self.model.events[crate_id][0][1] - 1))

    @rule(which=which, crate_id=crates)
    def its_owner_is_erased(self, which: int, crate_id: UUID) -> None:
        self.do(self.stores[which].erase(crate_id))
        self.model.erased.add(crate_id)
        self.do(self._other_one_hears(1 - which, crate_id))

    @rule(crate_id=crates)
    def its_snapshot_is_lost(self, crate_id: UUID) -> None:
        self.do(self.pools[0].execute("delete from csbe.snapshots where originator_id = $1", crate_id))

    @rule(which=which)
    def a_process_starts_again(self, which: int) -> None:
        self.do(self.stores[which].close())
        self.stores[which] = self.opened(self.pools[which])

    @invariant()
    def the_log_is_what_was_appended(self) -> None:
        log = self.do(self._log())
        due = sorted((p, crate_id) for crate_id, events in self.model.events.items() for _, p in events)
        assert log == due

    def teardown(self) -> None:
        for store, pool in zip(self.stores, self.pools, strict=True):
            self.do(store.close())
            pool.terminate()
        self.runner.close()

    async def _log(self) -> list[tuple[int, UUID]]:
        return [(r.position, r.event.originator_id) async for r in self.stores[0].read(after=self.began_at, batch=7)]

    async def _other_one_hears(self, which: int, crate_id: UUID) -> None:
        """The news of an erasure travels; until it has come, another process may still remember."""
        async with asyncio.timeout(PATIENCE_S):
            while (await self.stores[which].load(Crate, crate_id)).owner is not None:
                await asyncio.sleep(0.01)


def test_the_store_does_what_its_model_does(postgres_dsn: str) -> None:
    run_state_machine_as_test(lambda: Store(postgres_dsn), settings=MACHINE)  # type: ignore[arg-type]
