"""The table `csbe.tasks`: what policies decided should follow; claimed by workers, settled, or parked."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from adapters.postgres.database import persistently
from domain.kernel.ids import CommandId, derived_id
from domain.kernel.messages import Actor, Command, Metadata, Role

CLAIM = timedelta(seconds=30)
"""How long a worker has a task to itself; after a crash it becomes free by itself."""

_CLAIM = """
update csbe.tasks set claimed_until = $1 + $2::interval
where id in (
    select id from csbe.tasks
    where parked_at is null and due_at <= $1 and (claimed_until is null or claimed_until < $1)
        and kind <> all($4)
    order by due_at limit $3 for update skip locked
)
returning id, policy, kind, payload::text, service, correlation_id, causation_id, attempts, claimed_until, traceparent
"""
_SETTLE = """
with done as (delete from csbe.tasks where id = any($1::uuid[]))
update csbe.tasks task
set claimed_until = null, attempts = failure.attempts, due_at = coalesce(failure.due_at, task.due_at),
    parked_at = failure.parked_at, last_error = failure.error
from unnest($2::uuid[], $3::timestamptz[], $4::integer[], $5::timestamptz[], $6::timestamptz[], $7::text[])
    as failure (id, claimed_until, attempts, due_at, parked_at, error)
where task.id = failure.id and task.claimed_until = failure.claimed_until
"""
_NEXT_DUE = "select min(due_at) from csbe.tasks where parked_at is null and claimed_until is null"
_PARKED = """
select id, policy, kind, service, correlation_id, causation_id, attempts, parked_at, last_error
from csbe.tasks where parked_at is not null order by parked_at, id
"""
_UNPARK = """
with unparked as (
    update csbe.tasks set parked_at = null, attempts = 0 where id = $1 and parked_at is not null returning id
)
select pg_notify('csbe_tasks', '') from unparked
"""
_DROP = """
with dropped as (delete from csbe.tasks where id = $1 and parked_at is not null returning *)
insert into csbe.dropped_tasks
    (id, policy, kind, payload, service, correlation_id, causation_id, due_at, last_error, dropped_by, reason)
select id, policy, kind, payload, service, correlation_id, causation_id, due_at, last_error, $2, $3 from dropped
returning true
"""


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
    attempts: int
    """How many tries have failed so far."""
    claimed_until: datetime
    traceparent: str | None = None
    """The trace that it continues, in W3C form."""

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


@dataclass(frozen=True)
class Failure:
    """A try that failed: the task is due again at a time, or parked at one."""

    task: Task
    attempts: int
    error: str
    due_at: datetime | None = None
    parked_at: datetime | None = None


@dataclass(frozen=True)
class ParkedTask:
    """A task that was given up: an operator must retry or drop it."""

    id: UUID
    policy: str
    kind: str
    service: str
    correlation_id: UUID
    causation_id: UUID
    attempts: int
    parked_at: datetime
    last_error: str


class TaskQueue:
    """Workers claim and settle; operators look at what is parked, and decide."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def claim(self, now: datetime, limit: int, *, without: Sequence[str] = ()) -> list[Task]:
        """Take due tasks that nobody has, `without` those of some kinds."""
        rows = await self._pool.fetch(_CLAIM, now, CLAIM, limit, without)
        return [Task(**dict(row)) for row in rows]

    async def settle(self, done: Sequence[Task], failures: Sequence[Failure]) -> None:
        """Delete what is done; give back what failed, unless another worker has claimed it since. Outlives a cut."""
        columns = (
            [task.id for task in done],
            [failure.task.id for failure in failures],
            [failure.task.claimed_until for failure in failures],
            [failure.attempts for failure in failures],
            [failure.due_at for failure in failures],
            [failure.parked_at for failure in failures],
            [_storable(failure.error) for failure in failures],
        )
        await persistently(lambda: self._pool.execute(_SETTLE, *columns))

    async def next_due(self) -> datetime | None:
        """When the next free task is due."""
        due_at: datetime | None = await self._pool.fetchval(_NEXT_DUE)
        return due_at

    async def parked(self) -> list[ParkedTask]:
        """What was given up, the oldest first."""
        return [ParkedTask(**dict(row)) for row in await self._pool.fetch(_PARKED)]

    async def retry(self, task_id: UUID) -> bool:
        """Let workers try a parked task again, with all attempts before it; false when it is not parked."""
        return await self._pool.fetchrow(_UNPARK, task_id) is not None

    async def drop(self, task_id: UUID, *, by: str, reason: str) -> bool:
        """Take a parked task out for ever, on record in `csbe.dropped_tasks`; false when it is not parked."""
        return await self._pool.fetchval(_DROP, task_id, by, reason) is not None


def _storable(text: str) -> str:
    """Without what PostgreSQL's texts cannot hold."""
    return text.encode(errors="replace").decode().replace("\0", "")
