"""What every process of ours is told when it is started, and how it begins and ends."""

import asyncio
import ctypes
import importlib
import logging
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import asyncpg

from adapters.postgres.database import connect
from adapters.postgres.event_store.snapshot_costs import Costs, LoadCosts
from adapters.postgres.event_store.store import PostgresEventStore
from domain.kernel.errors import UnreadableEventError
from tests.support.keys import KEYS
from tests.torture.story import AnyCounter

Code = Literal["present", "next"]
"""Which code a process runs: the present one, or one whose counter is a version ahead."""

STOP, END = "stop", "end"
"""Files in the folder of a round: clients come to an end; readers do once they have read up to the position in it."""

PAUSE_S = 0.05
TROUBLE = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, UnreadableEventError)
"""What may come of a fault. It says nothing of what became of the command."""

_PR_SET_PDEATHSIG = 1


@dataclass(frozen=True)
class Part:
    """The part that one process plays in a round."""

    name: str
    seed: int
    dsn: str
    folder: Path
    code: Code = "present"
    incarnation: int = 0
    """How often it was started before."""
    careless: bool = False
    """Whether its follower moves its position outside of the transaction of its work: a fault, to be found."""

    @property
    def file(self) -> Path:
        """Where it writes down its history."""
        return self.folder / f"{self.name}.jsonl"

    @property
    def counter(self) -> type[AnyCounter]:
        """The counter in the version that this process knows."""
        module = "counter_next" if self.code == "next" else "counter"
        found: type[AnyCounter] = importlib.import_module(f"tests.torture.{module}").Counter
        return found

    @property
    def stopped(self) -> bool:
        """Whether the round has told the clients to come to an end."""
        return (self.folder / STOP).exists()

    @asynccontextmanager
    async def store(self) -> AsyncIterator[PostgresEventStore]:
        """The store as this process uses it; tries for as long as the server is away."""
        pool = await persistent_pool(self.dsn)
        store = PostgresEventStore(pool, master_keys=KEYS, costs=Costs(of_a_class=OftenPays))
        try:
            yield store
            await store.close()
        finally:
            pool.terminate()


class OftenPays(LoadCosts):
    """Snapshots are taken often enough to be in the way of every fault."""

    def snapshot_pays(self, events: int) -> bool:
        return events >= 20


async def persistent_pool(dsn: str) -> asyncpg.Pool:
    """Connections, as soon as the server lets us in."""
    while True:
        try:
            return await connect(dsn, min_size=1, max_size=6)
        except TROUBLE:
            await asyncio.sleep(PAUSE_S)


def begin(part: Part) -> None:
    """Die with whoever started this process, and keep what the code logs beside the history."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started it tells it when to end
    logging.basicConfig(filename=part.folder / f"{part.name}.log", force=True, format="%(asctime)s %(message)s")
