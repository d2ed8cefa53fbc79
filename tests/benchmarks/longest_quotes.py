"""What quotes of the longest trip that may be asked for cost everybody else, who waits for the same event loop.

Clients ask for a page of reservations, at a pace that leaves the server idle most of the time, and note how long each
answer takes: in turns alone, and while another asks for four quotes a second. `p99_beside_longest_quotes` is how much
the slowest hundredth grows beside quotes of the longest trip by a shipped tariff with windows, in the median round;
`p99_beside_typical_quotes` is the same beside quotes of a typical trip, so what any request costs another, and
`p99_beside_nasty_quotes` beside the longest trip by the tariff of pricing.py, whose windows, caps and days all have
edges of their own. Run with `python -m tests.benchmarks.longest_quotes [DSN]` (default `CSBE_TEST_POSTGRES_DSN`); it
creates a database and drops it.
"""

import asyncio
import json
import os
import sys
from datetime import UTC, datetime, timedelta
from statistics import median
from uuid import uuid4

import uvloop

from api.cli.terminal import begin
from api.composition import Running
from api.rest.application import create_app
from api.server import served_app
from domain.kernel.ids import VehicleId
from domain.kernel.messages import Role
from domain.rulebook.history import RulebookVersion
from tests.benchmarks.paced_clients import Request, waits_ms
from tests.benchmarks.pricing import NASTY
from tests.benchmarks.reserve import give, over_a_system
from tests.support.newcomers import a_car
from tests.support.services import DRIVENOW_EUROPE

ROUNDS = 7
TYPICAL = {"driving_min": 21, "parked_min": 5, "distance_m": 8_000}
LONGEST = {"driving_min": 31 * 24 * 60, "parked_min": 31 * 24 * 60, "distance_m": 10_000_000}


def measure(server_dsn: str) -> dict[str, float]:
    """The ratios, and the milliseconds alone; needs no other load on the machine."""
    begin("WARNING")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(over_a_system(server_dsn, _compare))


async def _compare(running: Running) -> dict[str, float]:
    system = running.system
    berlin, vienna = VehicleId(uuid4()), VehicleId(uuid4())
    await give(running, *a_car(berlin, 1))
    commissioned, into_service = a_car(vienna, 2)
    await give(running, commissioned.model_copy(update={"city_id": "vienna"}), into_service)
    _hold_nasty_prices(running)
    token = system.tokens.issue(
        Role.MEMBER, str(uuid4()), service="drivenow-europe", at=system.clock.now(), expires_in=timedelta(hours=1)
    )
    root = f"http://{system.settings.host}:{system.settings.port}/v1"
    page = Request("GET", f"{root}/reservations", token)

    def quotes(vehicle_id: VehicleId, trip: dict[str, int]) -> Request:
        return Request("POST", f"{root}/quotes", token, {"vehicle_id": str(vehicle_id), **trip})

    beside = {"typical": quotes(vienna, TYPICAL), "longest": quotes(vienna, LONGEST), "nasty": quotes(berlin, LONGEST)}
    rounds = []
    async with served_app(create_app(system), system.settings.host, system.settings.port):
        for _ in range(ROUNDS + 1):
            alone = await waits_ms(page, None)
            rounds.append({"alone": alone} | {name: await waits_ms(page, asked) for name, asked in beside.items()})
    del rounds[0]  # it warms up
    ratios = {f"p99_beside_{name}_quotes": median(found[name] / found["alone"] for found in rounds) for name in beside}
    return {name: round(ratio, 2) for name, ratio in ratios.items()} | {
        "p99_alone_ms": round(median(found["alone"] for found in rounds), 2)
    }


def _hold_nasty_prices(running: Running) -> None:
    """In Berlin, and in this process only: quotes change nothing."""
    cities = tuple(
        city.model_copy(update={"tariffs": (NASTY,)}) if city.id == "berlin" else city
        for city in DRIVENOW_EUROPE.cities
    )
    rulebook = DRIVENOW_EUROPE.model_copy(update={"cities": cities})
    running.system.rulebooks.add(RulebookVersion(2, rulebook, datetime.min.replace(tzinfo=UTC)))


if __name__ == "__main__":
    where = sys.argv[1] if len(sys.argv) > 1 else os.environ["CSBE_TEST_POSTGRES_DSN"]
    sys.stdout.write(json.dumps(measure(where), indent=2) + "\n")
