"""What the benchmarks of appending share: clients of the journal that append one event of 300 bytes each time."""

import asyncio
import json
import time
from collections.abc import Iterable, Mapping, Sequence
from random import random
from statistics import median
from uuid import UUID, uuid4

from adapters.postgres.database import connect
from adapters.postgres.event_store.appender import AppendEntry
from adapters.postgres.event_store.group_commit import GroupCommit
from adapters.postgres.event_store.mapper import StoredState
from api.command_ids import new_id

STATE = json.dumps({"timestamp": "2026-01-01T00:00:00Z", "facts": "x" * 240}).encode()
METADATA = json.dumps(
    {
        "command_id": str(uuid4()),
        "command": "rental.place_reservation",
        "actor": {"role": "member", "id": str(uuid4())},
        "service": "drivenow-europe",
        "correlation_id": str(uuid4()),
    }
)
RANDOM_KEYS = 1 / 3
"""Of a trip's commands: those of clients whose keys do not tell their time, and of cars."""
ROUND_SECONDS = 1.2
ROUNDS = 5
"""Both sides run in turns, so that whatever else the machine does falls on both; the median round counts."""
WARM_UP_SECONDS = 0.3


class Outcome:
    """How long each append of some clients took, and how many there were in a second."""

    def __init__(self, times: Iterable[Sequence[float]], elapsed: float) -> None:
        self._times = sorted(t for client in times for t in client)
        self.rate = len(self._times) / elapsed

    def percentile_ms(self, percent: int) -> float:
        """So many percent took at most so long."""
        return self._times[len(self._times) * percent // 100] * 1000


def medians(rounds: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """Each figure's median round."""
    return {figure: round(median(r[figure] for r in rounds), 2) for figure in rounds[0]}


async def ours(dsn: str, clients: int, seconds: float = ROUND_SECONDS) -> Outcome:
    """What so many clients of one journal achieve, after a warm-up."""
    async with await connect(dsn, min_size=1) as pool:
        group_commit = GroupCommit(pool)
        outcome = await run_warm_clients(group_commit, clients, seconds)
        await group_commit.close()
    return outcome


async def run_warm_clients(group_commit: GroupCommit, clients: int, seconds: float = ROUND_SECONDS) -> Outcome:
    """As `run_clients`, after a warm-up that does not count."""
    await run_clients(group_commit, clients, WARM_UP_SECONDS)
    return await run_clients(group_commit, clients, seconds)


async def run_clients(group_commit: GroupCommit, clients: int, seconds: float) -> Outcome:
    """Each client appends one event after the other."""
    began = time.perf_counter()
    times = await asyncio.gather(*(_client(group_commit, began + seconds) for _ in range(clients)))
    return Outcome(times, time.perf_counter() - began)


async def _client(group_commit: GroupCommit, until: float) -> list[float]:
    times, aggregate, version = [], new_id(), 0
    while (began := time.perf_counter()) < until:
        aggregate, version = next_version(aggregate, version)
        row = StoredState(aggregate, version, "bench.event", STATE)
        await group_commit.write(AppendEntry(_command_id(), "fingerprint", None, METADATA, [row]))
        times.append(time.perf_counter() - began)
    return times


def _command_id() -> UUID:
    """As the system has them."""
    return uuid4() if random() < RANDOM_KEYS else new_id()


def next_version(aggregate: UUID, version: int) -> tuple[UUID, int]:
    """The next version; a new aggregate, of an id as the system makes it, after ten."""
    return (new_id(), 1) if version in (0, 10) else (aggregate, version + 1)
