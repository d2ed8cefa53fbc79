"""Consequences: stored with the position, carried out once they are due, tried again, and parked in the end."""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import ClassVar
from uuid import UUID, uuid4

import asyncpg
import pytest

from adapters.postgres import tasks
from adapters.postgres.database import Connection
from adapters.postgres.follower import Follower
from adapters.postgres.listener import Listener
from adapters.postgres.store import PostgresEventStore
from adapters.postgres.task_queue import CLAIM, Failure, TaskQueue
from adapters.postgres.tasks import MAX_ATTEMPTS, MAX_BACKOFF, PolicyRunner, TaskWorker, event_id
from domain.kernel.aggregate import Aggregate, Created
from domain.kernel.errors import RefusedError, Violation
from domain.kernel.ids import CommandId, MemberId, derived_id
from domain.kernel.messages import Actor, Command, Metadata, RecordedEvent, Role
from domain.kernel.policy import Consequence, Effect, Later, SendMessage
from domain.kernel.ports import GatewayUnavailableError

NOON = datetime(2032, 1, 1, 12, tzinfo=UTC)
"""After everything that the database's clock says."""
PATIENCE_S = 20
CUT = """
select pg_terminate_backend(pid) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and application_name = 'csbe'
"""


class Alarm(Aggregate):
    """Something that rings once."""

    TOPIC = "test.alarm"
    names: tuple[str, ...]

    class Rung(Created):
        """It rang."""

        TOPIC = "test.alarm.rung"
        names: tuple[str, ...]


class Wake(Command):
    """Wake somebody."""

    NAME: ClassVar[str] = "test.wake"
    name: str


class Woken(Command):
    """Somebody was told to get up."""

    NAME: ClassVar[str] = "test.woken"
    name: str


def when_it_rings_wake_everybody(recorded: RecordedEvent) -> Iterable[Consequence]:
    assert isinstance(recorded.event, Alarm.Rung)
    return [Wake(name=name) for name in recorded.event.names]


def when_it_rings_wake_later(recorded: RecordedEvent) -> Iterable[Consequence]:
    assert isinstance(recorded.event, Alarm.Rung)
    return [Later(due_at=NOON + timedelta(hours=1), command=Wake(name=name)) for name in recorded.event.names]


def when_it_rings_send_mail(recorded: RecordedEvent) -> Iterable[Consequence]:
    assert isinstance(recorded.event, Alarm.Rung)
    return [SendMessage(member_id=MemberId(UUID(int=7)), template=name) for name in recorded.event.names]


@dataclass
class Bedroom:
    """Where tasks are carried out: what arrived, and what goes wrong there."""

    pool: asyncpg.Pool
    time: datetime = NOON
    woken: list[tuple[Command, Metadata]] = field(default_factory=list)
    mails: list[tuple[Effect, str]] = field(default_factory=list)
    trouble: list[Exception] = field(default_factory=list)
    """Raised one after the other, before anything is done."""

    def now(self) -> datetime:
        return self.time

    def worker(self, *, batch: int = 64) -> TaskWorker:
        commands: dict[str, type[Command]] = {Wake.NAME: Wake}
        listener = Listener(self.pool)
        return TaskWorker(
            TaskQueue(self.pool), listener.tasks, self, commands, self.dispatch, self.perform, batch=batch
        )

    async def dispatch(self, command: Command, metadata: Metadata) -> None:
        await asyncio.sleep(0)
        if self.trouble:
            raise self.trouble.pop(0)
        self.woken.append((command, metadata))

    async def perform(self, effect: Effect, key: str) -> Command | None:
        await asyncio.sleep(0)
        if self.trouble:
            raise self.trouble.pop(0)
        self.mails.append((effect, key))
        assert isinstance(effect, SendMessage)
        return Woken(name=effect.template)

    @property
    def names(self) -> list[str]:
        return [command.name for command, _ in self.woken if isinstance(command, Wake)]

    async def task(self) -> asyncpg.Record:
        [row] = await self.pool.fetch("select * from csbe.tasks")
        return row


@pytest.fixture
def bedroom(pool: asyncpg.Pool) -> Bedroom:
    return Bedroom(pool)


async def rings(
    store: PostgresEventStore, policy: Callable[[RecordedEvent], Iterable[Consequence]], *names: str
) -> RecordedEvent:
    """An alarm rings and the policy follows it; returns the event."""
    alarm = Alarm.begin(Alarm.Rung, id=uuid4(), timestamp=NOON, names=names)
    metadata = Metadata(
        command_id=CommandId(uuid4()),
        command="test.ring",
        actor=Actor(role=Role.SYSTEM, id="test"),
        service="drivenow-europe",
        correlation_id=UUID(int=42),
    )
    await store.append([alarm], metadata, answer=None, fingerprint="f")
    await Follower(store.pool, store, "policies", PolicyRunner({Alarm.Rung: (policy,)})).catch_up()
    return [recorded async for recorded in store.read()][-1]


async def test_what_follows_from_an_event_is_carried_out_under_ids_that_follow_from_it(
    store: PostgresEventStore, bedroom: Bedroom
) -> None:
    event = await rings(store, when_it_rings_wake_everybody, "Ada", "Bob")

    assert await bedroom.worker().run_due() == 2

    assert sorted(bedroom.names) == ["Ada", "Bob"]
    cause = event_id(event)
    expected = {derived_id(cause, "when_it_rings_wake_everybody", place) for place in (0, 1)}
    assert {metadata.command_id for _, metadata in bedroom.woken} == expected
    told = bedroom.woken[0][1]
    assert (told.causation_id, told.correlation_id, told.service) == (cause, UUID(int=42), "drivenow-europe")
    assert (told.actor.role, told.actor.id) == (Role.SYSTEM, "when_it_rings_wake_everybody")
    assert await bedroom.pool.fetchval("select count(*) from csbe.tasks") == 0


async def test_an_event_that_is_followed_again_has_its_consequences_once(
    store: PostgresEventStore, bedroom: Bedroom
) -> None:
    await rings(store, when_it_rings_wake_everybody, "Ada")

    await bedroom.pool.execute("update csbe.followers set position = 0")
    await Follower(
        store.pool, store, "policies", PolicyRunner({Alarm.Rung: (when_it_rings_wake_everybody,)})
    ).catch_up()

    assert await bedroom.pool.fetchval("select count(*) from csbe.tasks") == 1


async def test_consequences_and_position_are_stored_together_or_not_at_all(
    store: PostgresEventStore, pool: asyncpg.Pool
) -> None:
    runner = PolicyRunner({Alarm.Rung: (when_it_rings_wake_everybody,)})

    async def cut_after_storing(events: Sequence[RecordedEvent], connection: Connection) -> None:
        await runner(events, connection)
        await pool.execute("select pg_terminate_backend($1)", connection.get_server_pid())
        await connection.execute("select")

    await rings(store, lambda _: [], "Ada")
    await pool.execute("update csbe.followers set position = 0")
    with pytest.raises((asyncpg.PostgresError, asyncpg.InterfaceError, OSError)):
        await Follower(pool, store, "policies", cut_after_storing).catch_up()

    assert await pool.fetchval("select count(*) from csbe.tasks") == 0
    assert await pool.fetchval("select position from csbe.followers") == 0


async def test_a_deadline_waits_for_its_time_and_outlives_a_restart(
    store: PostgresEventStore, bedroom: Bedroom
) -> None:
    await rings(store, when_it_rings_wake_later, "Ada")

    assert await bedroom.worker().run_due() == 0
    bedroom.time += timedelta(hours=1)
    assert await bedroom.worker().run_due() == 1

    assert bedroom.names == ["Ada"]


async def test_a_failing_task_is_tried_again_at_doubling_intervals_and_parked_in_the_end(
    store: PostgresEventStore, bedroom: Bedroom
) -> None:
    await rings(store, when_it_rings_send_mail, "hello")
    worker = bedroom.worker()
    bedroom.trouble = [GatewayUnavailableError(f"try {n}") for n in range(1, MAX_ATTEMPTS + 1)]

    pauses = []
    for attempt in range(1, MAX_ATTEMPTS):
        assert await worker.run_due() == 1
        task = await bedroom.task()
        assert (task["attempts"], task["last_error"], task["parked_at"]) == (attempt, f"try {attempt}", None)
        assert await worker.run_due() == 0
        pauses.append(task["due_at"] - bedroom.time)
        bedroom.time = task["due_at"]
    await worker.run_due()

    assert [pause.total_seconds() for pause in pauses[:4]] == [0.5, 1, 2, 4]
    assert max(pauses) == pauses[-1] == MAX_BACKOFF
    parked = await bedroom.task()
    assert (parked["parked_at"], parked["last_error"]) == (bedroom.time, f"try {MAX_ATTEMPTS}")
    assert (parked["attempts"], await worker.run_due()) == (MAX_ATTEMPTS, 0)


async def test_a_refusal_parks_at_once(store: PostgresEventStore, bedroom: Bedroom) -> None:
    await rings(store, when_it_rings_wake_everybody, "Ada")
    bedroom.trouble = [RefusedError(Violation(code="test.asleep", detail="nobody wakes Ada"))]

    await bedroom.worker().run_due()

    parked = await bedroom.task()
    assert (parked["parked_at"], parked["last_error"]) == (NOON, "test.asleep: nobody wakes Ada")


async def test_an_unforeseen_error_is_tried_again_and_says_where_but_quotes_nothing(
    store: PostgresEventStore, bedroom: Bedroom
) -> None:
    await rings(store, when_it_rings_send_mail, "hello", "again")
    bedroom.trouble = [ZeroDivisionError("ada@example.org")]

    await bedroom.worker().run_due()

    failed = await bedroom.task()
    assert (failed["attempts"], failed["parked_at"]) == (1, None)
    assert failed["last_error"].startswith("ZeroDivisionError in perform, ")
    assert "ada@example.org" not in failed["last_error"]
    assert len(bedroom.mails) == 1


async def test_a_kind_that_this_version_does_not_know_is_left_for_one_that_does(
    store: PostgresEventStore, bedroom: Bedroom
) -> None:
    await rings(store, when_it_rings_wake_everybody, "Ada")
    await bedroom.pool.execute("update csbe.tasks set kind = 'test.new'")

    await bedroom.worker().run_due()

    task = await bedroom.task()
    assert (task["attempts"], task["parked_at"]) == (1, None)


async def test_an_error_that_the_database_cannot_store_is_stored_nearly(
    store: PostgresEventStore, bedroom: Bedroom
) -> None:
    await rings(store, when_it_rings_send_mail, "hello")
    bedroom.trouble = [GatewayUnavailableError("a\0b\ud800c")]

    await bedroom.worker().run_due()

    assert (await bedroom.task())["last_error"] == "ab?c"


@pytest.mark.parametrize(
    "outage",
    [asyncpg.ConnectionDoesNotExistError("gone"), asyncpg.CannotConnectNowError("starting"), ConnectionRefusedError()],
    ids=lambda error: type(error).__name__,
)
async def test_an_outage_of_the_database_does_not_count_against_the_task(
    store: PostgresEventStore, bedroom: Bedroom, outage: Exception
) -> None:
    await rings(store, when_it_rings_wake_everybody, "Ada")
    worker = bedroom.worker()
    bedroom.trouble = [outage] * (2 * MAX_ATTEMPTS)

    for _ in range(2 * MAX_ATTEMPTS):
        await worker.run_due()
        task = await bedroom.task()
        assert (task["attempts"], task["parked_at"]) == (0, None)
        bedroom.time = task["due_at"]
    await worker.run_due()

    assert bedroom.names == ["Ada"]


async def test_the_answer_of_an_effect_is_given_under_an_id_of_its_own(
    store: PostgresEventStore, bedroom: Bedroom
) -> None:
    event = await rings(store, when_it_rings_send_mail, "hello")

    await bedroom.worker().run_due()

    task_id = derived_id(event_id(event), "when_it_rings_send_mail", 0)
    [(effect, key)] = bedroom.mails
    assert (effect.kind, key) == ("send_message", str(task_id))
    [(answer, metadata)] = bedroom.woken
    assert (answer, metadata.command_id) == (Woken(name="hello"), derived_id(task_id, "answer"))


async def test_an_effect_that_is_never_answered_is_given_up_before_its_claim_runs_out(
    store: PostgresEventStore, bedroom: Bedroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert CLAIM.total_seconds() > tasks.EFFECT_SECONDS
    monkeypatch.setattr(tasks, "EFFECT_SECONDS", 0.01)
    await rings(store, when_it_rings_send_mail, "hello")

    async def never(_effect: Effect, _key: str) -> None:
        await asyncio.Event().wait()

    bedroom.perform = never  # type: ignore[assignment,method-assign]  # a gateway that hangs
    await bedroom.worker().run_due()

    task = await bedroom.task()
    assert (task["attempts"], task["last_error"]) == (1, "send_message was not answered: TimeoutError")


async def test_two_workers_share_the_tasks_and_do_none_twice(store: PostgresEventStore, bedroom: Bedroom) -> None:
    everybody = [f"sleeper {number}" for number in range(100)]
    await rings(store, when_it_rings_wake_everybody, *everybody)

    async def work(worker: TaskWorker) -> int:
        done = 0
        while count := await worker.run_due():
            done += count
        return done

    done = await asyncio.gather(*(work(bedroom.worker(batch=7)) for _ in range(2)))

    assert sorted(bedroom.names) == sorted(everybody)
    assert min(done) > 0


async def test_the_tasks_of_a_worker_that_died_are_taken_over_once_its_claim_ran_out(
    store: PostgresEventStore, bedroom: Bedroom
) -> None:
    await rings(store, when_it_rings_send_mail, "hello")
    performing, doomed = asyncio.Event(), Bedroom(bedroom.pool)

    async def hang(_effect: Effect, _key: str) -> None:
        performing.set()
        await asyncio.Event().wait()

    doomed.perform = hang  # type: ignore[assignment,method-assign]  # the process dies in the middle of it
    dying = asyncio.create_task(doomed.worker().run_due())
    await asyncio.wait_for(performing.wait(), PATIENCE_S)
    dying.cancel()
    await asyncio.wait([dying])

    assert await bedroom.worker().run_due() == 0
    bedroom.time += CLAIM + timedelta(microseconds=1)
    assert await bedroom.worker().run_due() == 1
    assert len(bedroom.mails) == 1


async def test_a_worker_that_lost_its_claim_does_not_undo_what_the_next_one_has_in_hand(
    store: PostgresEventStore, bedroom: Bedroom
) -> None:
    await rings(store, when_it_rings_wake_everybody, "Ada")
    queue = TaskQueue(bedroom.pool)
    [slow] = await queue.claim(NOON, 1)
    [next_one] = await queue.claim(NOON + 2 * CLAIM, 1)

    await queue.settle([], [Failure(slow, 1, "too slow", due_at=NOON)])

    task = await bedroom.task()
    assert (task["claimed_until"], task["last_error"]) == (next_one.claimed_until, None)


async def test_a_connection_cut_while_settling_leaves_nothing_claimed(
    store: PostgresEventStore, bedroom: Bedroom
) -> None:
    await rings(store, when_it_rings_wake_everybody, "Ada")
    async with bedroom.pool.acquire() as rival, rival.transaction():

        async def hold_the_row(command: Command, metadata: Metadata) -> None:
            bedroom.woken.append((command, metadata))
            await rival.execute("select from csbe.tasks for update")

        bedroom.dispatch = hold_the_row  # type: ignore[method-assign]  # so that settling has to wait
        working = asyncio.create_task(bedroom.worker().run_due())
        async with asyncio.timeout(PATIENCE_S):
            while not await bedroom.pool.fetchval(CUT + " and wait_event_type = 'Lock'"):
                await asyncio.sleep(0.01)
    await working

    assert bedroom.names == ["Ada"]
    assert await bedroom.pool.fetchval("select count(*) from csbe.tasks") == 0


async def test_a_worker_hears_of_new_tasks_also_after_its_connection_was_cut(
    store: PostgresEventStore, bedroom: Bedroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "IDLE_POLL_S", 3600)
    monkeypatch.setattr("adapters.postgres.listener.RECONNECT_SECONDS", 0.01)
    worker, stop = bedroom.worker(), asyncio.Event()
    working = asyncio.create_task(worker.run(stop))

    await rings(store, when_it_rings_wake_everybody, "Ada")
    await _until(lambda: bedroom.names == ["Ada"])
    assert await bedroom.pool.fetchval(CUT + " and query ilike 'listen%'")
    await rings(store, when_it_rings_wake_everybody, "Bob")
    await _until(lambda: bedroom.names == ["Ada", "Bob"])

    stop.set()
    worker._news.wake()
    await working


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(PATIENCE_S):
        while not condition():
            await asyncio.sleep(0.01)
