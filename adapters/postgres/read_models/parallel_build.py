"""Builds a generation of a read model by several processes, each for the aggregates that fall to it."""

import asyncio
import multiprocessing
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess

import uvloop

from adapters.postgres.database import LIMITS, TRANSIENT_ERRORS, connect
from adapters.postgres.errors import FollowerStoppedError, GenerationError
from adapters.postgres.event_store.master_keys import MasterKeys
from adapters.postgres.event_store.reader import Shard
from adapters.postgres.event_store.store import PostgresEventStore
from adapters.postgres.followers import shards
from adapters.postgres.followers.follower import POLL_SECONDS
from adapters.postgres.read_models import generations
from adapters.postgres.read_models.generations import Generation, ReadModel
from adapters.postgres.read_models.projection import BUILD_BATCH, Projection, Tell

_LEFT = "select position < $2 from csbe.followers where name = $1"
"""Null when it is gone: joined by another process, or dropped."""
_LIMITS = {**LIMITS, "lock_timeout": "1min"}
"""A worker that gives up ends the build."""
_PROCESSES = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Access:
    """How a process of its own reaches the store."""

    dsn: str = field(repr=False)
    master_keys: MasterKeys
    prepare: Callable[[], None] | None = None
    """What such a process does first, as for its logs; a function of a module, as it is sent there."""


@dataclass(frozen=True)
class _Job:
    """What one worker is to do."""

    access: Access
    model: type[ReadModel]
    generation: Generation
    shard: Shard
    until: int


class ParallelBuild:
    """Fills a generation by so many workers up to where the log ends when it begins; what came since, alone.

    A build that was interrupted goes on. If it had another number of workers, its parts are brought to one position
    first. Raises `GenerationError` where rows depend on events of several aggregates.
    """

    def __init__(self, store: PostgresEventStore, model: ReadModel, access: Access, workers: int) -> None:
        if not model.PARALLEL:
            raise GenerationError(model.NAME, "is built by one worker: its rows depend on several aggregates each")
        self._projection = Projection(store.pool, store, model)
        self._store = store
        self._model = model
        self._access = access
        self._workers = workers

    async def run(self, tell: Tell = lambda _done, _end: None) -> Generation:
        """Build. Raises `FollowerStoppedError` at an event to blame, `GenerationError` when a worker died."""
        new = await self._projection.begun()
        if new.state == "building":
            async with shards.alone(self._store.pool, new.follower) as alone:
                if alone:
                    await self._build(new, tell)
        return await self._projection.build(tell)

    async def _build(self, new: Generation, tell: Tell) -> None:
        if len(await shards.shards_of(self._store.pool, new.follower)) not in {0, self._workers}:
            await self._projection.level(new)
        until = await self._store.end()
        if until > await self._projection.progress(new):
            workers = [self._worker(new, shard, until) for shard in await self._split(new)]
            await self._watch(new, workers, until, tell)
            await self._projection.level(new)

    async def _split(self, new: Generation) -> list[Shard]:
        async with self._store.pool.acquire() as connection, connection.transaction():
            await generations.one_at_a_time(connection, new.projection)  # nobody calls it ready meanwhile
            building = new in await generations.generations_of(connection, new.projection)
            return await shards.split(connection, new.follower, self._workers) if building else []

    def _worker(self, new: Generation, shard: Shard, until: int) -> BaseProcess:
        job = _Job(self._access, type(self._model), new, shard, until)
        return _PROCESSES.Process(target=_work, args=(job,), name=shard.named(new.follower), daemon=True)

    async def _watch(self, new: Generation, workers: Sequence[BaseProcess], until: int, tell: Tell) -> None:
        """Until all have come to the end; as soon as one fails, the others finish what they have in hand and stop."""
        try:
            for worker in workers:
                worker.start()
            while any(worker.is_alive() for worker in workers) and not any(worker.exitcode for worker in workers):
                tell(await self._projection.progress(new), until)
                await asyncio.sleep(POLL_SECONDS / 5)
            failed = [worker for worker in workers if worker.exitcode]
        finally:
            await _dismiss(workers)
        for worker in failed:
            await self._explain(worker)

    async def _explain(self, worker: BaseProcess) -> None:
        for _, status in await self._projection.statuses():
            if status.name == worker.name:
                if status.failed_position is not None:
                    raise FollowerStoppedError(status.name, status.failed_position, status.error or "")
                code = worker.exitcode or 0
                how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
                where = f"{worker.name} at position {status.position}"
                raise GenerationError(self._projection.name, f"lost a worker, {where} ({how}): build again to go on")


async def _dismiss(workers: Sequence[BaseProcess]) -> None:
    for worker in workers:
        if worker.pid is not None and worker.is_alive():
            worker.terminate()
    for worker in workers:
        if worker.pid is not None:
            await asyncio.to_thread(worker.join)


def _work(job: _Job) -> None:
    """The life of a worker process. It ends with 1 when it could not go on; its position is in the database."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # sent to all from the terminal; who started it says when to stop
    if job.access.prepare:
        job.access.prepare()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        sys.exit(runner.run(_follow(job)))


async def _follow(job: _Job) -> int:
    stop = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    async with await connect(
        job.access.dsn, min_size=1, max_size=4, application_name="csbe worker", limits=_LIMITS
    ) as pool:
        store = PostgresEventStore(pool, master_keys=job.access.master_keys)
        store.listener.start()  # whoever remembers keys must hear of erasures
        projection = Projection(pool, store, job.model())
        follower = projection.follower(job.generation, BUILD_BATCH * job.shard.of, job.shard)
        try:
            while await pool.fetchval(_LEFT, follower.name, job.until) and _conducted() and not stop.is_set():
                if not await follower.catch_up(once=True, until=job.until):
                    await asyncio.sleep(POLL_SECONDS / 5)  # one that another build left is still at it
        except FollowerStoppedError:
            return 1
        except TRANSIENT_ERRORS as error:
            sys.stderr.write(f"{follower.name}: {error}\n")
            return 1
        finally:
            await store.close()
    return 0


def _conducted() -> bool:
    """Whether the process that started this one lives."""
    parent = multiprocessing.parent_process()
    return parent is not None and parent.is_alive()
