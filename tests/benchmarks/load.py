"""What it takes to load a car with a long history: from memory, from a snapshot, from its events alone.

Run with `python -m tests.benchmarks.load [DSN]` (default `CSBE_TEST_POSTGRES_DSN`): in a database of its own.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime, timedelta
from statistics import median
from uuid import UUID, uuid4

import asyncpg
import uvloop

from adapters.postgres.database import connect
from adapters.postgres.event_store.snapshot_costs import Costs, LoadCosts
from adapters.postgres.event_store.store import PostgresEventStore
from domain.fleet.state import Observation
from domain.fleet.vehicle import Vehicle
from domain.kernel.ids import CommandId
from domain.kernel.messages import Actor, Metadata, Role
from domain.kernel.units import Position
from tests.benchmarks.databases import fresh_database
from tests.support.keys import KEYS

EVENTS = 1000
"""A month of a busy car."""
SERVICE = "drivenow-europe"
ROUNDS = 7
PER_ROUND = {"cached": 200, "snapshot": 60, "1000_events_without_snapshot": 5}
MORNING = datetime(2026, 1, 1, 8, tzinfo=UTC)


class NeverPays(LoadCosts):
    """For a store that takes no snapshots."""

    def snapshot_pays(self, events: int) -> bool:
        return events < 0


def measure(server_dsn: str) -> dict[str, float]:
    """Microseconds of one load each, the median round, and how much of a replay a load from a snapshot takes."""
    return uvloop.run(_measure(server_dsn))


async def _measure(server_dsn: str) -> dict[str, float]:
    async with fresh_database(server_dsn) as dsn, await connect(dsn, min_size=1) as pool:
        figures = await _compare(pool)
    replay = figures["load_us_1000_events_without_snapshot"]
    return {**figures, "snapshot_load_vs_replay_1000": round(figures["load_us_snapshot"] / replay, 3)}


async def _compare(pool: asyncpg.Pool) -> dict[str, float]:
    usual, without = (
        PostgresEventStore(pool, master_keys=KEYS),
        PostgresEventStore(pool, master_keys=KEYS, costs=Costs(of_a_class=NeverPays)),
    )
    with_snapshot, bare = await _busy_car(usual), await _busy_car(without)
    await _load(usual, with_snapshot, forget=True)
    ways: dict[str, Callable[[], Coroutine[None, None, float]]] = {
        "cached": lambda: _times(usual, with_snapshot, "cached", forget=False),
        "snapshot": lambda: _times(usual, with_snapshot, "snapshot", forget=True),
        "1000_events_without_snapshot": lambda: _times(without, bare, "1000_events_without_snapshot", forget=True),
    }
    rounds: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(ROUNDS):
        for way, run in ways.items():
            rounds[way].append(await run())
    await usual.close()
    await without.close()
    return {f"load_us_{way}": round(median(seconds) * 1e6) for way, seconds in rounds.items()}


async def _times(store: PostgresEventStore, id: UUID, way: str, *, forget: bool) -> float:
    """Seconds for one load."""
    times = PER_ROUND[way]
    began = time.perf_counter()
    for _ in range(times):
        await _load(store, id, forget=forget)
    return (time.perf_counter() - began) / times


async def _load(store: PostgresEventStore, id: UUID, *, forget: bool) -> None:
    if forget:
        store._forget()
    assert (await store.load(Vehicle, id, service=SERVICE)).version == EVENTS


async def _busy_car(store: PostgresEventStore) -> UUID:
    """A car whose doors go open and shut, and which says where it is each time."""
    car = Vehicle.begin(
        Vehicle.Commissioned,
        id=uuid4(),
        timestamp=MORNING,
        service=SERVICE,
        vin="WBY1Z21070V307931",
        plate="B-EV 307",
        make="BMW",
        model="BMW i3",
        propulsion="electric",
        city_id="berlin",
        capabilities=("lock", "unlock"),
        position=None,
        energy_percent=80.0,
        odometer_m=1_000,
    )
    for number in range(1, EVENTS):
        at = MORNING + timedelta(minutes=number)
        seen = Observation(
            observed_at=at,
            position=Position(latitude=52.5 + number / 10_000, longitude=13.4),
            odometer_m=1_000 + number,
            energy_percent=80.0,
        )
        event = Vehicle.DoorsOpened if number % 2 else Vehicle.DoorsClosed
        car.trigger_event(event, timestamp=at, **car.seen(seen))
    actor = Actor(role=Role.SYSTEM, id="benchmark")
    metadata = Metadata(
        command_id=CommandId(uuid4()), command="test", actor=actor, service=SERVICE, correlation_id=uuid4()
    )
    await store.append([car], metadata, result=None, fingerprint="f")
    return car.id


if __name__ == "__main__":
    where = sys.argv[1] if len(sys.argv) > 1 else os.environ["CSBE_TEST_POSTGRES_DSN"]
    sys.stdout.write(json.dumps(measure(where), indent=2) + "\n")
