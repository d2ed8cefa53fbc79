"""What a log of ten million events costs against one of a hundred thousand, and how long a read model takes to replay.

In turns on all logs, so that whatever else the machine does falls on each: appends of 32 clients, loads of aggregates
that are in no cache, and a page of a member's trips. A ratio of 1 means that size costs nothing. Then `rental` is
replayed by two workers from the largest log while another read model follows appends; `rebuild_1e7_events_per_s` are
positions of the log, of which `rental` knows about a quarter. With another `--largest`, its size stands in the names.

Run with `python -m tests.benchmarks.growth [--largest N] [DSN]` (default `CSBE_TEST_POSTGRES_DSN`): in databases of its
own, which need about 2 kB of disk for each event.
"""

import argparse
import asyncio
import json
import os
import random
import shutil
import sys
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from statistics import median
from typing import Any
from uuid import uuid4

import asyncpg
import uvloop

from adapters.postgres.database import connect
from adapters.postgres.event_store.appender import AppendEntry
from adapters.postgres.event_store.group_commit import WRITERS, GroupCommit
from adapters.postgres.event_store.mapper import StoredState
from adapters.postgres.event_store.store import PostgresEventStore
from adapters.postgres.read_models.parallel_build import Access, ParallelBuild
from adapters.postgres.read_models.projection import Projection
from api.cli.terminal import spare_the_collector
from api.rest.pagination import Page
from api.rest.rental import _TRIPS as TRIPS
from domain import contexts
from projections.members import MembersProjector
from projections.rental import RentalProjector
from tests.benchmarks import history
from tests.benchmarks.appending import run_warm_clients
from tests.benchmarks.databases import fresh_database
from tests.support.databases import as_owner
from tests.support.keys import KEYS

SIZES = (100_000, 1_000_000, 10_000_000)
CLIENTS = 32
ROUNDS = 9
WARM_UPS = 8
"""Rounds of appends that do not count: the first change of each page after a checkpoint is dear, and there is one every
quarter of an hour. What the first of them cost is told as well."""
WORKERS = 2
LOADS = 1000
QUERIES = 1000
BYTES_PER_EVENT = 2_000
BESIDE_PER_S = 200
"""Events appended each second while a read model is replayed."""
LAG_ALLOWED = 2_000

_BEGINS = "select originator_id, topic from csbe.events where notification_id = any($1) and originator_version = 1"
_MEMBERS = "select distinct originator_id from csbe.events where notification_id = any($1) and topic like 'members.%'"
_AT_THE_END = """
insert into csbe.followers (name, position) select 'projection/members/v1', max(notification_id) from csbe.events
on conflict (name) do update set position = excluded.position
"""


class Log:
    """A log of some size, and its read model of trips.

    Its connections stay, as a server's do: a new one is slow as long as it sees most pages of a large index for the
    first time, each of which is a page fault.
    """

    def __init__(
        self, dsn: str, pool: asyncpg.Pool, writing: asyncpg.Pool, owner: asyncpg.Connection, size: int
    ) -> None:
        self.dsn = dsn
        self.pool = pool
        self.owner = owner
        self.size = size
        self._group_commit = GroupCommit(writing)
        self.per_s: dict[str, list[float]] = {"append": [], "load": [], "query": []}
        self._random = random.Random(size)

    async def close(self) -> None:
        """Let all that was appended be told."""
        await self._group_commit.close()

    async def round(self) -> None:
        """Measure each once."""
        self.per_s["append"].append(await self.appends())
        self.per_s["load"].append(await self._loads())
        self.per_s["query"].append(await self._queries())

    async def appends(self) -> float:
        """Events per second."""
        return (await run_warm_clients(self._group_commit, CLIENTS)).rate

    def rate(self, what: str) -> float:
        return median(self.per_s[what])

    async def _loads(self) -> float:
        store = PostgresEventStore(self.pool, master_keys=KEYS, cache_size=0)
        found = await self.pool.fetch(_BEGINS, self._some(LOADS * 4))
        chosen = [(contexts.EVENTS[topic], id) for id, topic in found][:LOADS]
        kinds = [(contexts.AGGREGATES[event.TOPIC.rpartition(".")[0]], id) for event, id in chosen]
        began = time.perf_counter()
        for kind, id in kinds:
            await store.load(kind, id)
        took = time.perf_counter() - began
        await store.close()
        return len(kinds) / took

    async def _queries(self) -> float:
        members = [row[0] for row in await self.pool.fetch(_MEMBERS, self._some(QUERIES * 8))][:QUERIES]
        began = time.perf_counter()
        for member in members:
            query, values = TRIPS.query(
                Page(None, 20, None), [("service = {}", "drivenow-europe"), ("member_id = {}", member)]
            )
            trips = await self.pool.fetch(query, *values)
            if not trips:
                raise AssertionError(f"member {member} has no trips")
        return len(members) / (time.perf_counter() - began)

    def _some(self, count: int) -> list[int]:
        """Positions anywhere in the log, others each time."""
        return [self._random.randint(1, self.size) for _ in range(count)]


def measure(server_dsn: str, largest: int = SIZES[-1]) -> dict[str, Any]:
    """The ratios, the replay, and `growth`: cost by size of the log. Needs no other load on the machine."""
    spare_the_collector()  # as the command does
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_measure(server_dsn, [size for size in SIZES if size <= largest]))


async def _measure(server_dsn: str, sizes: list[int]) -> dict[str, Any]:
    await _check_disk(server_dsn, sum(sizes) * BYTES_PER_EVENT)
    told = await history.story()
    async with AsyncExitStack() as stack:
        logs = [await stack.enter_async_context(_log(server_dsn, told, size)) for size in sizes]
        figures = await _replay(logs[-1], told)
        for log in logs[:-1]:
            await _replayed(log)
        for log in logs:
            await log.owner.execute("vacuum analyze", timeout=1200)
        await logs[0].owner.execute("checkpoint", timeout=1200)  # the next is far away then, as it mostly is
        at_first = [await log.appends() for log in logs]
        for log in logs * WARM_UPS:
            await log.appends()
        for log in logs:
            await log.round()
            log.per_s = {what: [] for what in log.per_s}
        for _ in range(ROUNDS):
            for log in logs:
                await log.round()
    small, large = logs[0], logs[-1]
    against = f"{_short(large.size)}_vs_{_short(small.size)}"
    ratios = {f"{what}_{against}": round(large.rate(what) / small.rate(what), 2) for what in small.per_s}
    ratios[f"append_{against}_after_checkpoint"] = round(at_first[-1] / at_first[0], 2)
    costs = {f"{what}_us": [round(1e6 / log.rate(what), 1) for log in logs] for what in small.per_s}
    return {**ratios, **figures, "growth": {"log_size": [log.size for log in logs], **costs}}


@asynccontextmanager
async def _log(server_dsn: str, told: list[history.Told], size: int) -> AsyncIterator[Log]:
    async with fresh_database(server_dsn) as dsn:
        pool, writing = await connect(dsn), await connect(dsn, max_size=WRITERS)
        _say(f"making a log of {size:,} events")
        owner = await asyncpg.connect(as_owner(dsn, server_dsn))
        log = Log(dsn, pool, writing, owner, await history.multiply(owner, told, size))
        yield log
        await log.close()
        await owner.close()
        pool.terminate()
        writing.terminate()


async def _replayed(log: Log) -> None:
    store = PostgresEventStore(log.pool, master_keys=KEYS)
    rental = Projection(log.pool, store, RentalProjector())
    built = await rental.build()
    await rental.show(built.number)
    await store.close()


async def _replay(log: Log, told: list[history.Told]) -> dict[str, float]:
    """Replay trips while the members' read model follows appends, and watch how far that falls behind."""
    await log.owner.execute(_AT_THE_END)
    store = PostgresEventStore(log.pool, master_keys=KEYS)
    members = Projection(log.pool, store, MembersProjector())
    rental = Projection(log.pool, store, RentalProjector())
    stop, lags, told_progress = asyncio.Event(), list[int](), list[int]()
    beside = [
        asyncio.create_task(members.run(stop)),
        asyncio.create_task(_append(log.pool, store, told, stop)),
        asyncio.create_task(_watch(members, lags, stop)),
    ]
    _say(f"replaying trips from {log.size:,} events")
    by_workers = ParallelBuild(store, RentalProjector(), Access(log.dsn, KEYS, prepare=spare_the_collector), WORKERS)
    began = time.perf_counter()
    built = await by_workers.run(lambda done, _end: told_progress.append(done))
    took = time.perf_counter() - began
    stop.set()
    await asyncio.gather(*beside)
    await rental.show(built.number)
    await store.close()
    if told_progress != sorted(told_progress):
        raise AssertionError("the progress went back")
    if max(lags) > LAG_ALLOWED:
        raise AssertionError(f"the live read model was {max(lags)} positions behind")
    return {
        f"rebuild_{_short(log.size)}_s": round(took, 1),
        f"rebuild_{_short(log.size)}_events_per_s": float(round(log.size / took)),
        "rebuild_beside_max_lag": float(max(lags)),
    }


async def _append(pool: asyncpg.Pool, store: PostgresEventStore, told: list[history.Told], stop: asyncio.Event) -> None:
    group_commit = GroupCommit(pool, store.listener.events.wake)
    copy = -1
    while not stop.is_set():
        copy -= 1
        for event in history.again(told, 2**64 + copy):
            row = StoredState(*event[:4])
            await group_commit.write(AppendEntry(uuid4(), "f", None, event.metadata, [row]))
            await asyncio.sleep(1 / BESIDE_PER_S)
            if stop.is_set():
                break
    await group_commit.close()


async def _watch(members: Projection, lags: list[int], stop: asyncio.Event) -> None:
    while not stop.is_set():
        lags.append((await members.status()).lag)
        await asyncio.sleep(0.1)


async def _check_disk(server_dsn: str, needed: int) -> None:
    """Raise `RuntimeError` when the server is on this machine and its disk is too small."""
    admin = await asyncpg.connect(server_dsn)
    folder = await admin.fetchval("show data_directory")
    await admin.close()
    try:
        free = shutil.disk_usage(folder).free
    except FileNotFoundError:
        return  # another machine's: it will say itself when it is full
    if free < needed:
        raise RuntimeError(f"{needed / 1e9:.0f} GB of disk are needed at {folder}, {free / 1e9:.0f} are free")


def _short(size: int) -> str:
    """As 1e7; a log is a little longer than was asked for, by less than one story."""
    mantissa, exponent = f"{size:.0e}".split("e")
    return f"{mantissa}e{int(exponent)}"


def _say(what: str) -> None:
    sys.stderr.write(f"growth: {what}\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--largest", type=float, default=SIZES[-1])
    parser.add_argument("dsn", nargs="?", default=os.environ.get("CSBE_TEST_POSTGRES_DSN"))
    asked = parser.parse_args()
    sys.stdout.write(json.dumps(measure(asked.dsn, int(asked.largest)), indent=2) + "\n")
