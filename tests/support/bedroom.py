"""A small world of consequences: alarms ring, somebody is to be woken or written to."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import ClassVar
from uuid import UUID, uuid4

import asyncpg

from adapters.postgres.event_store.store import PostgresEventStore
from adapters.postgres.followers.follower import Follower
from adapters.postgres.jobs.policy_runner import PolicyRunner
from adapters.postgres.jobs.queue import JobQueue
from adapters.postgres.jobs.worker import JobWorker
from adapters.postgres.listener import Listener
from domain.kernel.aggregate import Aggregate, Created
from domain.kernel.ids import CommandId, MemberId
from domain.kernel.messages import Actor, Command, Metadata, RecordedEvent, Role
from domain.kernel.policy import Effect, Policy, Reaction, Scheduled, SendMessage

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


def when_it_rings_wake_everybody(_recorded: RecordedEvent, event: Alarm.Rung) -> Iterable[Reaction]:
    return [Wake(name=name) for name in event.names]


def when_it_rings_wake_later(_recorded: RecordedEvent, event: Alarm.Rung) -> Iterable[Reaction]:
    return [Scheduled(due_at=NOON + timedelta(hours=1), command=Wake(name=name)) for name in event.names]


def when_it_rings_send_mail(_recorded: RecordedEvent, event: Alarm.Rung) -> Iterable[Reaction]:
    return [SendMessage(member_id=MemberId(UUID(int=7)), template=name) for name in event.names]


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

    def worker(self, *, batch: int = 64) -> JobWorker:
        commands: dict[str, type[Command]] = {Wake.NAME: Wake}
        listener = Listener(self.pool)
        return JobWorker(JobQueue(self.pool), listener.jobs, self, commands, self.dispatch, self.perform, batch=batch)

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

    async def job(self) -> asyncpg.Record:
        [row] = await self.pool.fetch("select * from csbe.jobs")
        return row


async def rings(store: PostgresEventStore, policy: Policy, *names: str) -> RecordedEvent:
    """An alarm rings and the policy follows it; returns the event."""
    alarm = Alarm.begin(Alarm.Rung, id=uuid4(), timestamp=NOON, names=names)
    metadata = Metadata(
        command_id=CommandId(uuid4()),
        command="test.ring",
        actor=Actor(role=Role.SYSTEM, id="test"),
        service="drivenow-europe",
        correlation_id=UUID(int=42),
    )
    await store.append([alarm], metadata, result=None, fingerprint="f")
    await Follower(store.pool, store, "policies", PolicyRunner({Alarm.Rung: (policy,)})).catch_up()
    return [recorded async for recorded in store.read()][-1]
