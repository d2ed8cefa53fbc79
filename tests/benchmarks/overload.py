"""What becomes of who is served when twice as much is asked as can be done.

What one process can do is found by 32 clients that each wait for their answer. Then a crowd asks at nine tenths of
that, and at twice that: for quotes of a typical trip (`overload_*`), and for the cheapest there is, a page of
reservations of a member who has none (`overload_cheapest_*`). `..._served` is how much of what can be done is done in
the crowd that is too large, `..._p99_ms` in how many milliseconds 99 of 100 of those that are served have their
answer, and `..._p99_vs_busy` how much longer that is than in the crowd that is not. Run with
`python -m tests.benchmarks.overload [DSN]` (default `CSBE_TEST_POSTGRES_DSN`); it creates a database and drops it.
"""

import asyncio
import json
import os
import sys
from dataclasses import replace
from datetime import timedelta
from statistics import median
from uuid import uuid4

import uvloop

from api.cli.terminal import begin
from api.composition import Running
from api.rest.application import create_app
from api.server import served_app
from domain.kernel.ids import VehicleId
from domain.kernel.messages import Role
from tests.benchmarks.longest_quotes import TYPICAL
from tests.benchmarks.open_loop import Crowd, outcome_of
from tests.benchmarks.reserve import give, over_a_system
from tests.support.newcomers import a_car

ROUNDS = 5
SECONDS = 5.0


def measure(server_dsn: str) -> dict[str, float]:
    """The figures; needs no other load on the machine."""
    begin("WARNING")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(over_a_system(server_dsn, _compare))


async def _compare(running: Running) -> dict[str, float]:
    system, car = running.system, VehicleId(uuid4())
    await give(running, *a_car(car, 1))
    token = system.tokens.issue(
        Role.MEMBER, str(uuid4()), service="drivenow-europe", at=system.clock.now(), expires_in=timedelta(hours=1)
    )
    root = f"http://{system.settings.host}:{system.settings.port}/v1"
    quotes = Crowd(f"{root}/quotes", token, SECONDS, {"vehicle_id": str(car), **TYPICAL})
    pages = Crowd(f"{root}/reservations", token, SECONDS)
    async with served_app(create_app(system), system.settings.host, system.settings.port):
        return await _overload(quotes, "overload") | await _overload(pages, "overload_cheapest")


async def _overload(crowd: Crowd, name: str) -> dict[str, float]:
    await outcome_of(crowd)  # it warms up
    rounds = []
    for _ in range(ROUNDS):
        capacity = (await outcome_of(crowd)).served_per_s
        busy = await outcome_of(replace(crowd, per_s=0.9 * capacity))
        rounds.append((capacity, busy, await outcome_of(replace(crowd, per_s=2 * capacity))))
    return {
        f"{name}_served": round(median(twice.served_per_s / capacity for capacity, _, twice in rounds), 2),
        f"{name}_p99_ms": round(median(twice.p99_ms for _, _, twice in rounds)),
        f"{name}_p99_vs_busy": round(median(twice.p99_ms / busy.p99_ms for _, busy, twice in rounds), 2),
        f"{name}_capacity_per_s": round(median(capacity for capacity, _, _ in rounds)),
    }


if __name__ == "__main__":
    where = sys.argv[1] if len(sys.argv) > 1 else os.environ["CSBE_TEST_POSTGRES_DSN"]
    sys.stdout.write(json.dumps(measure(where), indent=2) + "\n")
