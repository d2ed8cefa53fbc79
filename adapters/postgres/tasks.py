"""Policies and what follows from them: one follower writes tasks, one worker carries them out, both survive a crash."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg
import structlog
from pydantic import TypeAdapter

from adapters.postgres.database import LOST_CONNECTION, TRY_AGAIN, Connection
from domain.kernel.errors import DomainError, VersionConflictError
from domain.kernel.ids import CommandId, derived_id
from domain.kernel.messages import Actor, Command, Metadata, RecordedEvent, Role
from domain.kernel.policy import Consequence, Effect, Later, Policies, Policy
from domain.kernel.ports import Clock, GatewayUnavailableError

log = structlog.get_logger(__name__)

CHANNEL = "csbe_tasks"
CLAIM = timedelta(seconds=30)
MAX_ATTEMPTS = 10
MAX_BACKOFF = timedelta(minutes=10)
IDLE_POLL_S = 0.5

_INSERT = """
insert into csbe.tasks (id, policy, kind, payload, service, correlation_id, causation_id, due_at)
select id, policy, kind, payload::jsonb, service, correlation_id, causation_id, due_at
from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::uuid[], $8::timestamptz[])
    as task (id, policy, kind, payload, service, correlation_id, causation_id, due_at)
on conflict (id) do nothing
"""
_CLAIM = """
update csbe.tasks set claimed_until = $1 + $2::interval, attempts = attempts + 1
where id in (
    select id from csbe.tasks
    where parked_at is null and due_at <= $1 and (claimed_until is null or claimed_until < $1)
    order by due_at limit $3 for update skip locked
)
returning id, policy, kind, payload::text, service, correlation_id, causation_id, due_at, attempts
"""
_NEXT_DUE = "select min(due_at) from csbe.tasks where parked_at is null and claimed_until is null"
_DONE = "delete from csbe.tasks where id = any($1::uuid[])"
_RETRY = "update csbe.tasks set due_at = $2, claimed_until = null, last_error = $3 where id = $1"
_PARK = "update csbe.tasks set parked_at = $2, claimed_until = null, last_error = $3 where id = $1"

_WORTH_RETRYING: tuple[type[Exception], ...] = (GatewayUnavailableError, VersionConflictError, *TRY_AGAIN)

_effects: TypeAdapter[Effect] = TypeAdapter(Effect)


@dataclass(frozen=True)
class Task:
    """A due task as claimed by a worker."""

    id: UUID
    policy: str
    kind: str
    payload: str
    service: str
    correlation_id: UUID
    causation_id: UUID
    due_at: datetime
    attempts: int

    def metadata(self, command: Command, *, part: str | None = None) -> Metadata:
        """The metadata of a command that this task gives; `part` tells an effect's answer from the task itself."""
        return Metadata(
            command_id=CommandId(derived_id(self.id, part) if part else self.id),
            command=command.NAME,
            actor=Actor(role=Role.SYSTEM, id=self.policy),
            service=self.service,
            correlation_id=self.correlation_id,
            causation_id=self.causation_id,
        )


def event_id(recorded: RecordedEvent) -> UUID:
    """The id by which consequences name the event that they follow from."""
    return derived_id(recorded.event.originator_id, recorded.event.originator_version)


class PolicyRunner:
    """A follower's consumer: asks each policy of an event what should follow, and stores it with the position."""

    def __init__(self, policies: Policies) -> None:
        self._policies = policies

    async def __call__(self, events: Sequence[RecordedEvent], connection: Connection) -> None:
        """Store the consequences of a batch of events."""
        rows = [row for recorded in events for row in self._rows(recorded)]
        if rows:
            await connection.execute(_INSERT, *map(list, zip(*rows, strict=True)))
            await connection.execute("select pg_notify($1, '')", CHANNEL)

    def _rows(self, recorded: RecordedEvent) -> Iterable[tuple[object, ...]]:
        cause = event_id(recorded)
        for policy in self._policies.get(type(recorded.event), ()):
            for place, consequence in enumerate(policy(recorded)):
                yield _row(recorded, cause, policy, place, consequence)


def _row(
    recorded: RecordedEvent, cause: UUID, policy: Policy, place: int, consequence: Consequence
) -> tuple[object, ...]:
    due_at, what = recorded.recorded_at, consequence
    if isinstance(consequence, Later):
        due_at, what = consequence.due_at, consequence.command
    kind = what.NAME if isinstance(what, Command) else what.kind
    task_id = derived_id(cause, policy.__name__, place)
    meta = recorded.metadata
    return task_id, policy.__name__, kind, what.model_dump_json(), meta.service, meta.correlation_id, cause, due_at


Perform = Callable[[Effect, str], Awaitable[Command | None]]
"""Carries out an effect under an idempotency key; returns the command that brings the answer back, if there is one."""


class TaskWorker:
    """Carries out due tasks: commands by the dispatcher, effects by the gateways. Retries, backs off, then parks."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        clock: Clock,
        commands: Mapping[str, type[Command]],
        dispatch: Callable[[Command, Metadata], Awaitable[object]],
        perform: Perform,
        *,
        batch: int = 64,
    ) -> None:
        self._pool = pool
        self._clock = clock
        self._commands = commands
        self._dispatch = dispatch
        self._perform = perform
        self._batch = batch
        self._wake = asyncio.Event()

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop` is set; a lost database connection is waited out."""
        while not stop.is_set():
            try:
                async with self._pool.acquire() as listener:
                    await listener.add_listener(CHANNEL, self._woken)
                    try:
                        await self._work(stop)
                    finally:
                        with suppress(*LOST_CONNECTION):
                            await listener.remove_listener(CHANNEL, self._woken)
            except TRY_AGAIN as error:
                log.warning("task worker lost the database", error=str(error))
                await asyncio.sleep(IDLE_POLL_S)

    async def run_due(self) -> int:
        """Carry out one batch of due tasks; returns how many there were."""
        tasks = await self._claim()
        done = await asyncio.gather(*(self._carry_out(task) for task in tasks))
        await self._pool.execute(_DONE, [task_id for task_id in done if task_id])
        return len(tasks)

    async def _work(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            self._wake.clear()
            if await self.run_due() == 0:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), await self._idle_s())

    async def _idle_s(self) -> float:
        next_due = await self._pool.fetchval(_NEXT_DUE)
        if next_due is None:
            return IDLE_POLL_S
        until_due: float = (next_due - self._clock.now()).total_seconds()
        return min(IDLE_POLL_S, max(0.001, until_due))

    async def _claim(self) -> list[Task]:
        rows = await self._pool.fetch(_CLAIM, self._clock.now(), CLAIM, self._batch)
        return [Task(**dict(row)) for row in rows]

    async def _carry_out(self, task: Task) -> UUID | None:
        try:
            await self._do(task)
        except _WORTH_RETRYING as error:
            await self._retry(task, error)
        except (DomainError, LookupError, ValueError, TypeError) as error:
            await self._park(task, error)
        else:
            return task.id
        return None

    async def _do(self, task: Task) -> None:
        if (command_class := self._commands.get(task.kind)) is not None:
            command = command_class.model_validate_json(task.payload)
            await self._dispatch(command, task.metadata(command))
            return
        answer = await self._perform(_effects.validate_json(task.payload), str(task.id))
        if answer is not None:
            await self._dispatch(answer, task.metadata(answer, part="answer"))

    async def _retry(self, task: Task, error: Exception) -> None:
        if task.attempts >= MAX_ATTEMPTS:
            await self._park(task, error)
            return
        backoff = min(MAX_BACKOFF, timedelta(seconds=0.25 * 2**task.attempts))
        log.warning("task will be tried again", task=str(task.id), kind=task.kind, error=str(error))
        await self._pool.execute(_RETRY, task.id, self._clock.now() + backoff, str(error))

    async def _park(self, task: Task, error: Exception) -> None:
        log.error("task is parked", task=str(task.id), kind=task.kind, policy=task.policy, error=str(error))
        await self._pool.execute(_PARK, task.id, self._clock.now(), str(error))

    def _woken(self, *_: object) -> None:
        self._wake.set()
