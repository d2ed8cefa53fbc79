"""What it costs to note each search for analysts.

The same searches go through the whole application in turns, without a socket: with the note of each, which is counted
in the database at the end of the turn as `csbe serve` counts every two seconds, and without. `search_noted_cost` is the
percent more processor time of the server's process, in the median round. Run with `python -m tests.benchmarks.demand
[DSN]` (default `CSBE_TEST_POSTGRES_DSN`); it creates a database and drops it.
"""

import asyncio
import gc
import json
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from random import Random
from statistics import median
from uuid import uuid4

import httpx2
import uvloop

from adapters.postgres.demand import PostgresDemand
from adapters.simulator.car import offset
from api.cli.terminal import begin
from api.composition import Component, Running
from api.rest.application import create_app
from api.system import System
from domain.kernel.demand import Ask
from domain.kernel.ids import VehicleId
from domain.kernel.messages import Role
from domain.kernel.units import Position
from tests.benchmarks.reserve import at_rest, give, over_a_system
from tests.support.newcomers import BERLIN_MITTE, a_car
from tests.support.places import BERLIN

ROUNDS, WARM_UP = 60, 4
CARS = 100
SEARCHES = 100
"""In each turn: as many as a busy process answers in the two seconds between two counts."""


class _Nobody:
    """Notes nothing."""

    def note(self, ask: Ask, /) -> None: ...


@dataclass(frozen=True)
class _Side:
    """An application over the same system, which notes what is searched for, or not."""

    api: httpx2.AsyncClient
    demand: PostgresDemand | None

    async def turn(self, searches: Sequence[tuple[str, str]]) -> float:
        """Processor time for all searches, one after the other, and for counting them."""
        began = time.process_time()
        for place, token in searches:
            answer = await self.api.get("/v1/vehicles", params={"near": place}, headers={"Authorization": token})
            answer.raise_for_status()
        if self.demand:
            await self.demand.flush()
        return time.process_time() - began


def measure(server_dsn: str) -> dict[str, float]:
    """`search_noted_cost`, and the microseconds of a search without the note; needs no other load on the machine."""
    begin("WARNING")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(over_a_system(server_dsn, _compare))


async def _compare(running: Running) -> dict[str, float]:
    await _furnish(running)
    searches = _searches(running)
    noted = _Side(_api(running.system), running.demand)
    plain = _Side(_api(replace(running.system, demand=_Nobody())), None)
    ratios, times = [], []
    gc.disable()  # so that no turn sweeps up after another
    for number in range(WARM_UP + ROUNDS):
        sides = (noted, plain) if number % 2 else (plain, noted)
        seconds = {side: await side.turn(searches) for side in sides}
        ratios.append(seconds[noted] / seconds[plain])
        times.append(seconds[plain])
        gc.collect()
    gc.enable()
    asks = await running.pool.fetchval("select sum(asks)::bigint from csbe.demand")
    if asks != (WARM_UP + ROUNDS) * SEARCHES:
        raise AssertionError(f"{asks} searches were counted: what was measured is not what it costs to count them")
    return {
        "search_noted_cost": round((median(ratios[WARM_UP:]) - 1) * 100, 1),
        "search_us": round(median(times[WARM_UP:]) / SEARCHES * 1e6),
    }


def _api(system: System) -> httpx2.AsyncClient:
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(create_app(system)), base_url="http://csbe")


async def _furnish(running: Running) -> None:
    """A home area with its cars, in the read models; nothing runs any more afterwards."""
    stop = asyncio.Event()
    loops = asyncio.create_task(running.run({Component.PROJECTIONS, Component.POLICIES}, stop))
    await give(running, BERLIN.home_area())
    for number, place in enumerate(_places(CARS)):
        await give(running, *a_car(VehicleId(uuid4()), number, place))
    await at_rest(running)
    await running.refresh_zones()
    stop.set()
    await loops


def _places(number: int) -> list[Position]:
    """Within five kilometres of the middle."""
    random = Random(number)
    return [offset(BERLIN_MITTE, 5_000 * random.random(), 6.28 * random.random()) for _ in range(number)]


def _searches(running: Running) -> list[tuple[str, str]]:
    """Where somebody looks, each another member, and with which token."""
    tokens, clock = running.system.tokens, running.system.clock
    issued = [
        tokens.issue(Role.MEMBER, str(uuid4()), service=BERLIN.service, at=clock.now(), expires_in=timedelta(hours=1))
        for _ in range(SEARCHES)
    ]
    places = [f"{place.latitude},{place.longitude}" for place in _places(SEARCHES)]
    return [(place, f"Bearer {token}") for place, token in zip(places, issued, strict=True)]


if __name__ == "__main__":
    given = sys.argv[1] if len(sys.argv) > 1 else os.environ["CSBE_TEST_POSTGRES_DSN"]
    sys.stdout.write(json.dumps(measure(given), indent=2) + "\n")
