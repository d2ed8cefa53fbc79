"""How fast reservations are placed over HTTP, against an empty POST of the same framework, server and clients.

The clients run in a process of their own (clients.py), whose library for HTTP takes longer for an empty POST than the
server does. So the processor time of the server process alone is told as well, without clients and PostgreSQL. Run with
`python -m tests.benchmarks.reserve [DSN]` (default `CSBE_TEST_POSTGRES_DSN`); it creates a database and drops it.
"""

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any
from uuid import uuid4

import uvloop
from fastapi import FastAPI
from pydantic import SecretStr

from adapters.embedded.broker import embedded_broker, free_port
from api.cli.terminal import begin
from api.composition import Component, Running, composed
from api.rest.application import create_app
from api.server import served_app
from api.settings import Settings
from domain.kernel.ids import MemberId, VehicleId, derived_id
from domain.kernel.messages import Actor, Command, Metadata, Role
from tests.benchmarks.clients import rate_of
from tests.benchmarks.databases import fresh_database
from tests.support.keys import KEYS
from tests.support.newcomers import a_car, a_member

ROUNDS = 5
PER_ROUND = 240


def measure(server_dsn: str) -> dict[str, float]:
    """`reserve_vs_noop`, with both rates; needs no other load on the machine."""
    begin("WARNING")  # as a server would, not every command on the terminal
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(over_a_system(server_dsn, _compare))


async def over_a_system(server_dsn: str, compare: Callable[[Running], Awaitable[dict[str, float]]]) -> dict[str, float]:
    """What is measured of a system with a database and a broker of its own, of which nothing runs yet."""
    with tempfile.TemporaryDirectory() as folder:
        async with fresh_database(server_dsn) as dsn, embedded_broker() as url:
            settings = Settings(
                postgres_dsn=SecretStr(dsn),
                data_dir=Path(folder),
                port=free_port(),
                master_key=SecretStr(KEYS.key.hex()),
            )
            async with composed(settings, dsn, url) as running:
                return await compare(running)


async def _compare(running: Running) -> dict[str, float]:
    stop = asyncio.Event()
    loops = asyncio.create_task(running.run({Component.PROJECTIONS, Component.POLICIES}, stop))
    app = create_app(running.system)
    empty = FastAPI()

    @empty.post("/noop")
    async def noop() -> dict[str, str]:
        return {}

    settings = running.system.settings
    noop_port = free_port()
    rates: dict[str, list[float]] = {"noop": [], "reserve": []}
    server_us: dict[str, list[float]] = {"noop": [], "reserve": []}
    async with served_app(app, settings.host, settings.port), served_app(empty, settings.host, noop_port):
        for number in range(ROUNDS):
            requests = await _people_and_cars(running, number)
            await at_rest(running)
            for side, port, path in (("noop", noop_port, "noop"), ("reserve", settings.port, "v1/reservations")):
                began = time.process_time()
                rates[side].append(await rate_of(f"http://{settings.host}:{port}/{path}", requests))
                await at_rest(running)
                server_us[side].append((time.process_time() - began) / PER_ROUND * 1e6)
    stop.set()
    await loops
    fast, ours = median(rates["noop"]), median(rates["reserve"])
    return {
        "noop_requests_per_s": round(fast),
        "reserve_requests_per_s": round(ours),
        "reserve_vs_noop": round(ours / fast, 2),
        "noop_server_us": round(median(server_us["noop"])),
        "reserve_server_us": round(median(server_us["reserve"])),
    }


async def at_rest(running: Running) -> None:
    """Until what the preparations led to is done: it is no part of either side."""
    while not await running.is_idle():
        await asyncio.sleep(0.05)


async def _people_and_cars(running: Running, number: int) -> list[dict[str, Any]]:
    """Eligible members, each with a free car of their own, as the requests that they will make."""
    system = running.system
    requests = []
    for place in range(PER_ROUND):
        member_id, vehicle_id = MemberId(uuid4()), VehicleId(uuid4())
        token = system.tokens.issue(
            Role.MEMBER,
            str(member_id),
            service="drivenow-europe",
            at=system.clock.now(),
            expires_in=timedelta(hours=1),
        )
        requests.append({"token": token, "body": {"vehicle_id": str(vehicle_id)}})
        await give(running, *a_member(member_id))
        await give(running, *a_car(vehicle_id, number * PER_ROUND + place))
    return requests


async def give(running: Running, *commands: Command) -> None:
    """Have the system carry out commands, one after the other."""
    for command in commands:
        command_id = derived_id(command.NAME, command.model_dump_json())
        actor = Actor(role=Role.SYSTEM, id="benchmark")
        metadata = Metadata.of(command, id=command_id, actor=actor, service="drivenow-europe")
        await running.system.dispatcher.dispatch(command, metadata)


if __name__ == "__main__":
    where = sys.argv[1] if len(sys.argv) > 1 else os.environ["CSBE_TEST_POSTGRES_DSN"]
    sys.stdout.write(json.dumps(measure(where), indent=2) + "\n")
