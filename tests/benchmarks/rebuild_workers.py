"""How much faster two processes replay a read model than one, and what it takes to start them.

`rebuild_2_workers_vs_1` compares positions of the log per second on `rental`, which knows about a quarter of them, from
the first that are done to the last; the median of rounds that take turns. Starting the processes does not depend on the
length of the log, so it is told apart: `rebuild_2_workers_start_s`. Everything runs on this machine, PostgreSQL too.

Run with `python -m tests.benchmarks.rebuild_workers [DSN]` (default `CSBE_TEST_POSTGRES_DSN`): in a database of its
own.
"""

import asyncio
import json
import os
import sys
import time
from dataclasses import dataclass, field
from statistics import median

import asyncpg
import uvloop

from adapters.postgres.database import connect
from adapters.postgres.event_store.store import PostgresEventStore
from adapters.postgres.read_models.parallel_build import Access, ParallelBuild
from adapters.postgres.read_models.projection import Projection
from api.cli.terminal import spare_the_collector
from projections.rental import RentalProjector
from tests.benchmarks import history
from tests.benchmarks.databases import fresh_database
from tests.support.databases import as_owner
from tests.support.keys import KEYS

EVENTS = 300_000
ROUNDS = 2
WORKERS = 2


@dataclass
class Course:
    """How a build went on: each position that it told, and when."""

    began: float = field(default_factory=time.perf_counter)
    told: list[tuple[int, float]] = field(default_factory=list)

    def tell(self, done: int, _end: int) -> None:
        if done > (self.told[-1][0] if self.told else 0):
            self.told.append((done, time.perf_counter()))

    @property
    def start_s(self) -> float:
        return self.told[0][1] - self.began

    @property
    def rate(self) -> float:
        (first, began), (last, ended) = self.told[0], self.told[-1]
        return (last - first) / (ended - began)


def measure(server_dsn: str) -> dict[str, float]:
    """The ratio, both rates, and the start. Needs no other load on the machine."""
    spare_the_collector()  # as the command does
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_measure(server_dsn))


async def _measure(server_dsn: str) -> dict[str, float]:
    async with fresh_database(server_dsn) as dsn:
        pool = await connect(dsn)
        owner = await asyncpg.connect(as_owner(dsn, server_dsn))
        await history.multiply(owner, await history.story(), EVENTS)
        await owner.close()
        store, model = PostgresEventStore(pool, master_keys=KEYS), RentalProjector()
        alone = Projection(pool, store, model)
        together = ParallelBuild(store, model, Access(dsn, KEYS, prepare=spare_the_collector), WORKERS)
        ones, twos = list[Course](), list[Course]()
        for _ in range(ROUNDS):
            for courses, build in ((ones, alone.build), (twos, together.run)):
                courses.append(Course())
                built = await build(courses[-1].tell)
                await alone.drop_generation(built.number)
        await store.close()
        pool.terminate()
    one, two = median(course.rate for course in ones), median(course.rate for course in twos)
    return {
        "rebuild_2_workers_vs_1": round(two / one, 2),
        "rebuild_1_worker_events_per_s": float(round(one)),
        "rebuild_2_workers_events_per_s": float(round(two)),
        "rebuild_2_workers_start_s": round(median(course.start_s for course in twos), 1),
    }


if __name__ == "__main__":
    given = sys.argv[1] if len(sys.argv) > 1 else os.environ["CSBE_TEST_POSTGRES_DSN"]
    sys.stdout.write(json.dumps(measure(given), indent=2) + "\n")
