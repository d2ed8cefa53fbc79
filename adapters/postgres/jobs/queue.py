"""The table `csbe.jobs`: what policies decided should follow; claimed by workers, finished, or given up."""

from collections.abc import Collection, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from adapters.postgres.database import retrying
from adapters.postgres.desks import Desk, Work, desk
from adapters.postgres.locks import SessionLock
from domain.kernel.ids import CommandId, derived_id
from domain.kernel.messages import Actor, Command, Metadata, Role

CLAIM = timedelta(seconds=30)
"""How long a worker has a job to itself at most; after a crash of its process it is free sooner (`JOBS`)."""
JOBS = Work(
    SessionLock.JOB_WORKER,
    claimed="""
        select distinct claimed_by from csbe.jobs
        where failed_at is null and due_at <= $2 and claimed_until is not null and claimed_by <> $1
    """,
    free="""
        update csbe.jobs set claimed_until = null, claimed_by = null
        where failed_at is null and claimed_until is not null and claimed_by = $1 and id <> all($2::uuid[])
    """,
)
"""At the desks of workers."""

_CLAIM = """
update csbe.jobs set claimed_until = $1 + $2::interval, claimed_by = $5
where id in (
    select id from csbe.jobs
    where failed_at is null and due_at <= $1 and (claimed_until is null or claimed_until < $1)
        and kind <> all($4) and id <> all($6::uuid[])
    order by due_at limit $3 for update skip locked
)
returning id, policy, kind, payload::text, service, correlation_id, causation_id, attempts, claimed_until, traceparent
"""
_FINISH = """
with done as (delete from csbe.jobs where id = any($1::uuid[]))
update csbe.jobs job
set claimed_until = null, claimed_by = null, attempts = failure.attempts, due_at = coalesce(failure.due_at, job.due_at),
    failed_at = failure.failed_at, last_error = failure.error
from unnest($2::uuid[], $3::timestamptz[], $4::integer[], $5::timestamptz[], $6::timestamptz[], $7::text[])
    as failure (id, claimed_until, attempts, due_at, failed_at, error)
where job.id = failure.id and job.claimed_until = failure.claimed_until
"""
_NEXT_DUE = "select min(due_at) from csbe.jobs where failed_at is null and claimed_until is null"
_FAILED = """
select id, policy, kind, service, correlation_id, causation_id, attempts, failed_at, last_error
from csbe.jobs where failed_at is not null order by failed_at, id
"""
_RETRY = """
with retried as (
    update csbe.jobs set failed_at = null, attempts = 0 where id = $1 and failed_at is not null returning id
)
select pg_notify('csbe_jobs', '') from retried
"""
_BACKLOG = """
select count(*) filter (where failed_at is null and due_at <= now()) as due,
    count(*) filter (where failed_at is not null) as failed,
    coalesce(extract(epoch from now() - min(due_at) filter (where failed_at is null and due_at <= now())), 0)::float8
        as late_s
from csbe.jobs
"""
_IDLE = """
select not exists (select from csbe.jobs where failed_at is null and due_at <= $1)
    and (select count(*) from csbe.followers where name = any($2)
        and position = (select coalesce(max(notification_id), 0) from csbe.events)) = cardinality($2)
"""
"""In one statement, so of one moment: what moves on between two would be seen by neither."""
_DROP = """
with dropped as (delete from csbe.jobs where id = $1 and failed_at is not null returning *)
insert into csbe.dropped_jobs
    (id, policy, kind, payload, service, correlation_id, causation_id, due_at, last_error, dropped_by, reason)
select id, policy, kind, payload, service, correlation_id, causation_id, due_at, last_error, $2, $3 from dropped
returning true
"""


@dataclass(frozen=True)
class Job:
    """A due job as claimed by a worker."""

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
        """The metadata of a command that this job gives; `part` tells an effect's answer from the job itself."""
        return Metadata(
            command_id=CommandId(derived_id(self.id, part) if part else self.id),
            command=command.NAME,
            actor=Actor(role=Role.SYSTEM, id=self.policy),
            service=self.service,
            correlation_id=self.correlation_id,
            causation_id=self.causation_id,
        )


@dataclass(frozen=True)
class JobFailure:
    """A try that failed: the job is due again at a time, or given up at one."""

    job: Job
    attempts: int
    error: str
    due_at: datetime | None = None
    failed_at: datetime | None = None


@dataclass(frozen=True)
class FailedJob:
    """A job that was given up: an operator must retry or drop it."""

    id: UUID
    policy: str
    kind: str
    service: str
    correlation_id: UUID
    causation_id: UUID
    attempts: int
    failed_at: datetime
    last_error: str


@dataclass(frozen=True)
class Backlog:
    """How many jobs are due, how many failed, and for how many seconds the oldest due one has been waiting."""

    due: int
    failed: int
    late_s: float


class JobQueue:
    """Workers claim and finish; operators look at what failed, and decide."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    def desk(self, in_hand: Collection[UUID]) -> AbstractAsyncContextManager[Desk]:
        """A worker's desk during the block; see `desks`."""
        return desk(self._pool, JOBS, in_hand)

    async def claim(
        self,
        now: datetime,
        limit: int,
        *,
        without: Sequence[str] = (),
        by: int | None = None,
        in_hand: Collection[UUID] = (),
    ) -> list[Job]:
        """Take due jobs that nobody has, for the worker of a number; `without` those of some kinds, or `in_hand`."""
        rows = await self._pool.fetch(_CLAIM, now, CLAIM, limit, without, by, list(in_hand))
        return [Job(**dict(row)) for row in rows]

    async def finish(self, done: Sequence[Job], failures: Sequence[JobFailure]) -> None:
        """Delete what is done; give back what failed, unless another worker has claimed it since. Outlives a cut."""
        columns = (
            [job.id for job in done],
            [failure.job.id for failure in failures],
            [failure.job.claimed_until for failure in failures],
            [failure.attempts for failure in failures],
            [failure.due_at for failure in failures],
            [failure.failed_at for failure in failures],
            [_storable(failure.error) for failure in failures],
        )
        await retrying(lambda: self._pool.execute(_FINISH, *columns))

    async def next_due(self) -> datetime | None:
        """When the next free job is due."""
        due_at: datetime | None = await self._pool.fetchval(_NEXT_DUE)
        return due_at

    async def backlog(self) -> Backlog:
        """What is not done, by the clock of the database."""
        [row] = await self._pool.fetch(_BACKLOG)
        return Backlog(**dict(row))

    async def is_idle(self, at: datetime, followers: Sequence[str]) -> bool:
        """Whether nothing is due at a time, and these followers have dealt with the whole log: no more will come."""
        idle: bool = await self._pool.fetchval(_IDLE, at, followers)
        return idle

    async def failed(self) -> list[FailedJob]:
        """What was given up, the oldest first."""
        return [FailedJob(**dict(row)) for row in await self._pool.fetch(_FAILED)]

    async def retry(self, job_id: UUID) -> bool:
        """Let workers try a failed job again, with all attempts before it; false when it is not there."""
        return await self._pool.fetchrow(_RETRY, job_id) is not None

    async def drop(self, job_id: UUID, *, by: str, reason: str) -> bool:
        """Take a failed job out for ever, on record in `csbe.dropped_jobs`; false when it is not there."""
        return await self._pool.fetchval(_DROP, job_id, by, reason) is not None


def _storable(text: str) -> str:
    """Without what PostgreSQL's texts cannot hold."""
    return text.encode(errors="replace").decode().replace("\0", "")
