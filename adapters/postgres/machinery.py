"""What operators give orders about, in PostgreSQL: the port `Machinery` of the operations context."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import asyncpg

from adapters.postgres.dead_letters import DeadLetters
from adapters.postgres.followers import follower as following
from adapters.postgres.jobs.queue import JobQueue
from adapters.postgres.read_models.projection import Projection
from adapters.postgres.telemetry import TelemetryStore
from domain.operations.ports import ImpossibleOrderError


class PostgresMachinery:
    """Carries out orders; each only where things still are as the order has it."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        projections: Sequence[Projection],
        jobs: JobQueue,
        telemetry: TelemetryStore,
        letters: DeadLetters,
    ) -> None:
        self._pool = pool
        self._projections = {projection.name: projection for projection in projections}
        self._jobs = jobs
        self._telemetry = telemetry
        self._letters = letters

    async def retry_follower(self, follower: str, position: int) -> tuple[str, ...]:
        return _if(await following.retry(self._pool, follower, position), f"{follower} tries {position} again")

    async def skip_event(self, follower: str, position: int, *, by: str, reason: str) -> tuple[str, ...]:
        skipped = await following.skip(self._pool, follower, position, by=by, reason=reason)
        return _if(skipped, f"{follower} goes on after {position}")

    async def retry_job(self, job_id: UUID) -> tuple[str, ...]:
        return _if(await self._jobs.retry(job_id), f"{job_id} is tried again")

    async def drop_job(self, job_id: UUID, *, by: str, reason: str) -> tuple[str, ...]:
        return _if(await self._jobs.drop(job_id, by=by, reason=reason), f"{job_id} is dropped")

    async def build(self, read_model: str, workers: int) -> tuple[str, ...]:
        """By one process, however many `workers` were ordered: they need a terminal."""
        del workers
        return (f"generation {(await self._projection(read_model).build()).number} is built",)

    async def show(self, read_model: str, generation: int) -> tuple[str, ...]:
        return _if(await self._projection(read_model).show(generation), f"generation {generation} is live")

    async def drop_generation(self, read_model: str, generation: int) -> tuple[str, ...]:
        dropped = await self._projection(read_model).drop_generation(generation)
        return _if(dropped, f"generation {generation} is dropped")

    async def drop_telemetry(self, first_kept: date) -> tuple[str, ...]:
        return tuple(str(day) for day in await self._telemetry.drop_before(first_kept))

    async def retry_dead_letter(self, letter_id: int) -> tuple[str, ...]:
        return _if(await self._letters.retry(letter_id), f"{letter_id} is taken")

    async def drop_dead_letter(self, letter_id: int) -> tuple[str, ...]:
        return _if(await self._letters.drop(letter_id), f"{letter_id} is dropped")

    def _projection(self, name: str) -> Projection:
        found = self._projections.get(name)
        if found is None:
            msg = f"this release has no read model {name}"
            raise ImpossibleOrderError(msg)
        return found


def _if(changed: bool, what: str) -> tuple[str, ...]:
    return (what,) if changed else ()
