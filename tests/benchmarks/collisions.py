"""How often what members ask for collides with what their cars say: both are appended to the car's stream.

The demo's members drive the demo's cars over HTTP and MQTT; a car in a trip reports each second, a standing one each
minute. Every attempt at a command is counted. First in one process, as `csbe serve` is; then in three that share a
database, as `--only` makes them: there, what one process remembers of a car has been changed by another; and in three
that remember nothing. (The three share an interpreter here, but no memory of aggregates.) Counts and shares are told,
not times: they mean something on a busy machine, too.

Run with `python -m tests.benchmarks.collisions [DSN]` (default `CSBE_TEST_POSTGRES_DSN`); it creates databases and
drops them.
"""

import asyncio
import json
import os
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from unittest.mock import patch
from uuid import UUID

import asyncpg
import uvloop
from pydantic import SecretStr

from adapters.embedded.broker import embedded_broker, free_port
from adapters.postgres.event_store.store import PostgresEventStore
from adapters.simulator.members import Tally
from api.cli.terminal import begin
from api.composition import Component, Running, composed
from api.demo.seed import seed
from api.demo.simulation import DemoOptions, simulate
from api.server import served
from api.settings import Settings
from domain.dispatcher import CommandResult, Dispatcher
from domain.fleet.commands import NoteContact, ObserveVehicle
from domain.fleet.vehicle import Vehicle
from domain.kernel.errors import DomainError, VersionConflictError
from domain.kernel.messages import Command
from domain.rental.commands import EndTrip, ParkTrip, PlaceReservation, ResumeTrip, StartTrip
from domain.unit_of_work import UnitOfWork
from tests.benchmarks.databases import fresh_database
from tests.support.keys import KEYS

SECONDS = 60.0
MEMBERS = 25
ASKED = frozenset(c.NAME for c in (PlaceReservation, StartTrip, ParkTrip, ResumeTrip, EndTrip))
"""What members ask for."""
SAID = frozenset(c.NAME for c in (ObserveVehicle, NoteContact))
"""What cars say unasked."""
ONE = ({*Component},)
THREE = ({Component.API}, {Component.INGEST}, {Component.PROJECTIONS, Component.POLICIES, Component.WEBHOOKS})

_CLAIM = tuple(e.TOPIC for e in (Vehicle.Reserved, Vehicle.Released, Vehicle.TripOpened, Vehicle.TripClosed))
"""Who has the car. All else in its stream is what it said, or was told."""

_BETWEEN = """
select topic, metadata->>'command' as command from csbe.events
where originator_id = $1 and originator_version >= $2 and originator_version < coalesce(
    (select min(originator_version) from csbe.events
     where originator_id = $1 and originator_version >= $2 and metadata->>'command_id' = $3), $2 + 1)
"""
"""What others appended between an attempt and the one that was done."""
_PER_TRIP = """
with trips as (
    select originator_id, min(originator_version) as first, max(originator_version) as last,
        count(*) filter (where topic = $1) as ended
    from csbe.events where topic = any($2) group by originator_id
)
select count(*) / greatest(1.0, (select sum(ended) from trips)) from csbe.events join trips using (originator_id)
where originator_version between first and last and metadata->>'command' = any($3)
"""


@dataclass
class _Attempts:
    """What became of the attempts at what members asked for."""

    done: Counter[str] = field(default_factory=Counter)
    conflicts: list[tuple[str, UUID, dict[UUID, int]]] = field(default_factory=list)
    """Name and id of the command, and the versions that it wanted to append, by aggregate."""
    refused: defaultdict[UUID, int] = field(default_factory=lambda: defaultdict(int))
    """Attempts that were refused, by command id."""
    refused_in_vain: int = 0
    """Refusals by what was remembered, of commands that were done after all."""
    seconds: float = 0.0
    lost_seconds: float = 0.0
    """Of attempts that came to nothing because of a conflict."""

    @contextmanager
    def counted(self) -> Iterator[None]:
        """Every dispatcher of this process is watched during the block."""
        attempt = Dispatcher._attempt

        async def watched(
            dispatcher: Dispatcher, command: Command, work: UnitOfWork, fingerprint: str
        ) -> CommandResult:
            if command.NAME not in ASKED:
                return await attempt(dispatcher, command, work, fingerprint)
            began = time.perf_counter()
            try:
                result = await attempt(dispatcher, command, work, fingerprint)
            except VersionConflictError:
                self.conflicts.append((command.NAME, work.metadata.command_id, _wanted(work)))
                self.lost_seconds += time.perf_counter() - began
                raise
            except DomainError:
                self.refused[work.metadata.command_id] += 1
                raise
            else:
                self.done[command.NAME] += 1
                self.refused_in_vain += self.refused[work.metadata.command_id]
                return result
            finally:
                self.seconds += time.perf_counter() - began

        with patch.object(Dispatcher, "_attempt", watched):
            yield

    async def figures(self, pool: asyncpg.Pool) -> dict[str, float]:
        """Conflicts for each command that was done: in all, with what a car said, and with nothing about its claim."""
        by: Counter[str] = Counter()
        for name, command_id, wanted in self.conflicts:
            rows = [await pool.fetch(_BETWEEN, id, version, str(command_id)) for id, version in wanted.items()]
            others = [row for stream in rows for row in stream]
            by["said"] += any(row["command"] in SAID for row in others)
            by["beside"] += all(row["topic"].startswith("fleet.") and row["topic"] not in _CLAIM for row in others)
            by[name] += 1
        done = self.done.total()
        each = {f"conflicts_per_{name.partition('.')[2]}": by[name] / self.done[name] for name in sorted(self.done)}
        found = {
            "conflicts_per_command": len(self.conflicts) / done,
            "conflicts_with_telemetry_per_command": by["said"] / done,
            "conflicts_beside_the_claim_per_command": by["beside"] / done,
            "refused_in_vain_per_command": self.refused_in_vain / done,
            "time_lost_share": self.lost_seconds / self.seconds,
            **each,
        }
        return {"commands": done} | {name: round(figure, 3) for name, figure in found.items()}


def _wanted(work: UnitOfWork) -> dict[UUID, int]:
    changed = [a for a in work.aggregates.values() if a.pending_events]
    return {a.id: a.version - len(a.pending_events) + 1 for a in changed}


def measure(server_dsn: str) -> dict[str, float]:
    """Figures of one process, as `..._of_three` of three, and as `..._unremembered` of three without a memory."""
    begin("ERROR")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        one = runner.run(_measure(server_dsn, ONE))
        three = runner.run(_measure(server_dsn, THREE))
        with patch.object(PostgresEventStore, "cached", lambda *_, **__: None):
            unremembered = runner.run(_measure(server_dsn, THREE))
    ways = {"": one, "_of_three": three, "_unremembered": unremembered}
    return {f"collisions_{name}{way}": figure for way, found in ways.items() for name, figure in found.items()}


async def _measure(server_dsn: str, processes: tuple[set[Component], ...]) -> dict[str, float]:
    attempts = _Attempts()
    async with fresh_database(server_dsn) as dsn, _serving(dsn, processes) as first:
        with attempts.counted():
            await simulate(first, DemoOptions(seconds=SECONDS, members=MEMBERS), Tally(), asyncio.Event())
        figures = await attempts.figures(first.pool)
        return figures | {"said_events_per_trip": await _said_per_trip(first.pool)}


@asynccontextmanager
async def _serving(dsn: str, processes: tuple[set[Component], ...]) -> AsyncIterator[Running]:
    """A system of so many processes, with the demo's cars; yields the one that has the API."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = await stack.enter_async_context(embedded_broker())
        settings = Settings(
            postgres_dsn=SecretStr(dsn), data_dir=folder, port=free_port(), master_key=SecretStr(KEYS.key.hex())
        )
        every = [await stack.enter_async_context(composed(settings, dsn, url)) for _ in processes]
        await stack.enter_async_context(served(every[0].system))
        for running, parts in zip(every, processes, strict=True):
            await stack.enter_async_context(running.going(parts))
        await seed(every[0])
        yield every[0]


async def _said_per_trip(pool: asyncpg.Pool) -> float:
    """How many events of a car followed from what it said, from the start of a trip to its end."""
    ends = [Vehicle.TripOpened.TOPIC, Vehicle.TripClosed.TOPIC]
    found = await pool.fetchval(_PER_TRIP, Vehicle.TripClosed.TOPIC, ends, sorted(SAID))
    return round(float(found), 1)


if __name__ == "__main__":
    where = sys.argv[1] if len(sys.argv) > 1 else os.environ["CSBE_TEST_POSTGRES_DSN"]
    sys.stdout.write(json.dumps(measure(where), indent=2) + "\n")
