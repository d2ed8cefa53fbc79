"""Two followers of one name against a model: whatever fails, is retried or skipped (a Hypothesis state machine)."""

import asyncio
from collections.abc import Coroutine, Sequence
from typing import Any, TypeVar
from uuid import uuid4

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from adapters.postgres.database import Connection, connect
from adapters.postgres.errors import FollowerStoppedError
from adapters.postgres.event_store.store import PostgresEventStore
from adapters.postgres.followers.follower import Follower, retry, skip
from domain.kernel.messages import Actor, Command, Metadata, RecordedEvent, Role
from tests.support.bedroom import NOON, Alarm, Wake
from tests.support.keys import KEYS
from tests.support.machines import MACHINE

T = TypeVar("T")

_NOTEBOOK = "create table if not exists notebook (place bigserial, follower text not null, position bigint not null)"
_NOTE = "insert into notebook (follower, position) values ($1, $2)"
_NOTES = "select position from notebook where follower = $1 order by place"


class Following(RuleBasedStateMachine):
    """A follower that notes positions, in two processes; some events are poison to it, until they are cured."""

    which = st.integers(0, 1)

    def __init__(self, dsn: str) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.pool = self.do(connect(dsn))
        self.do(self.pool.execute(_NOTEBOOK))
        self.store = PostgresEventStore(self.pool, master_keys=KEYS)
        self.began_at = self.do(self.store.end())
        self.name = f"machine.{uuid4()}"
        self.followers = [Follower(self.pool, self.store, self.name, self.note, batch=size) for size in (3, 50)]
        self.log: list[int] = []
        self.poison: set[int] = set()
        self.passed: set[int] = set()
        """Noted or skipped."""
        self.noted: list[int] = []
        self.stopped_at: int | None = None

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return self.runner.run(work)

    async def note(self, events: Sequence[RecordedEvent], connection: Connection) -> None:
        """Notes what came since the machine began; fails at what is poison, when it has noted what is before it."""
        for position in (event.position for event in events if event.position > self.began_at):
            if position in self.poison:
                msg = "poison"
                raise ValueError(msg)
            await connection.execute(_NOTE, self.name, position)

    @rule(count=st.integers(1, 8), poison=st.sets(st.integers(0, 7), max_size=1))
    def events_are_appended(self, count: int, poison: set[int]) -> None:
        positions = [self.do(self._ring()) for _ in range(count)]
        self.log += positions
        self.poison |= {positions[place] for place in poison if place < count}

    @rule(which=which)
    def one_catches_up(self, which: int) -> None:
        self._model_catches_up()
        try:
            self.do(self.followers[which].catch_up())
        except FollowerStoppedError as stopped:
            assert stopped.position == self.stopped_at  # noqa: PT017 (both outcomes are legal)
        else:
            assert self.stopped_at is None

    @rule()
    def both_catch_up_at_once(self) -> None:
        self._model_catches_up()

        async def both() -> list[object]:
            return await asyncio.gather(*(f.catch_up() for f in self.followers), return_exceptions=True)

        for outcome in self.do(both()):
            assert isinstance(outcome, int | FollowerStoppedError)

    @rule()
    def the_poison_is_cured(self) -> None:
        self.poison.clear()

    @rule()
    def an_operator_retries(self) -> None:
        assert self.do(retry(self.pool, self.name)) == (self.stopped_at is not None)
        self.stopped_at = None

    @rule()
    def an_operator_skips(self) -> None:
        position = self.stopped_at or 1
        skipped = self.do(skip(self.pool, self.name, position, by="Olga", reason="a test"))
        assert skipped == (self.stopped_at is not None)
        if self.stopped_at is not None:
            self.passed.add(self.stopped_at)
        self.stopped_at = None

    @rule()
    def an_operator_skips_the_wrong_one(self) -> None:
        assert not self.do(skip(self.pool, self.name, self.began_at, by="Olga", reason="a mistake"))

    @invariant()
    def the_notebook_is_the_models(self) -> None:
        rows = self.do(self.pool.fetch(_NOTES, self.name))
        assert [row["position"] for row in rows] == self.noted

    @invariant()
    def it_stands_where_the_model_stands(self) -> None:
        standing = self.do(self.followers[0].status())
        assert standing.failed_position == self.stopped_at

    def teardown(self) -> None:
        self.do(self.store.close())
        self.pool.terminate()
        self.runner.close()

    def _model_catches_up(self) -> None:
        if self.stopped_at is not None:
            return
        for position in (position for position in self.log if position not in self.passed):
            if position in self.poison:
                self.stopped_at = position
                return
            self.passed.add(position)
            self.noted.append(position)

    async def _ring(self) -> int:
        alarm = Alarm.begin(Alarm.Rung, id=uuid4(), timestamp=NOON, names=())
        command: Command = Wake(name="Ada")
        metadata = Metadata.of(command, id=uuid4(), actor=Actor(role=Role.SYSTEM, id="test"), service="s")
        return await self.store.append([alarm], metadata, result=None, fingerprint="f")


@pytest.mark.usefixtures("pool")
def test_two_followers_do_what_their_model_does(postgres_dsn: str) -> None:
    run_state_machine_as_test(lambda: Following(postgres_dsn), settings=MACHINE)  # type: ignore[arg-type]
