"""Simulated cars and members that use a system."""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import NoReturn

import httpx2

from adapters.simulator.mailbox import Mailbox
from adapters.simulator.members import SimulatedMember, Tally, Town
from adapters.simulator.vehicles import Faults, SimulatedFleet
from api.composition import Running, UnreachableError
from api.demo.seed import CITY, SERVICE, cars
from api.server import told_to_stop
from domain.kernel.messages import Role

DRAIN_S = 60.0
CONNECT_S = 60.0
RESTART_S = 10.0


@dataclass(frozen=True)
class DemoOptions:
    """What the command line asks for."""

    seconds: float | None = None
    members: int = 25
    seed: int = 1
    faults: Faults = field(default_factory=Faults)
    as_json: bool = False


async def visit(running: Running, options: DemoOptions) -> dict[str, int]:
    """Let simulated cars and members use a system that is served elsewhere; returns what they went through.

    Raises `UnreachableError` when it is not served, or no longer.
    """
    tally, settings = Tally(), running.system.settings
    simulating = asyncio.create_task(simulate(running, options, tally, told_to_stop()))
    watching = asyncio.create_task(_watch(settings.host, settings.port))
    try:
        done, _ = await asyncio.wait({simulating, watching}, return_when=asyncio.FIRST_COMPLETED)
        await done.pop()
    except httpx2.ConnectError as error:
        raise UnreachableError(f"cannot reach the API at {settings.host}:{settings.port}") from error
    finally:
        simulating.cancel()
        watching.cancel()
    return dict(tally.counts)


async def _watch(host: str, port: int) -> NoReturn:
    """Raise `UnreachableError` once nobody has listened there for longer than a restart takes."""
    clock = asyncio.get_running_loop().time
    seen = clock()
    while True:
        try:
            _, writer = await asyncio.open_connection(host, port)
        except OSError as error:
            if clock() - seen > RESTART_S:
                raise UnreachableError(f"cannot reach the API at {host}:{port} any more") from error
        else:
            writer.close()
            seen = clock()
        await asyncio.sleep(0.5)


async def simulate(running: Running, options: DemoOptions, tally: Tally, told: asyncio.Event) -> None:
    """Until the time is up or `told` is set; then every trip under way is finished.

    Raises `ValueError` where mail is sent for real.
    """
    stop, ready = asyncio.Event(), asyncio.Event()
    settings, system = running.system.settings, running.system
    if settings.smtp_host is not None:
        raise ValueError("simulated members read their codes from mail files: run without CSBE_SMTP_HOST")
    fleet = SimulatedFleet(cars(options.seed, options.faults), url=running.mqtt_url, service=SERVICE)
    driving = asyncio.create_task(fleet.run(stop, ready))
    agent = system.tokens.issue(
        Role.AGENT, "simulator", service=SERVICE, at=system.clock.now(), expires_in=timedelta(days=7)
    )
    address = f"http://{settings.host}:{settings.port}"
    limits = httpx2.Limits(max_connections=50)
    lives: list[asyncio.Task[None]] = []
    try:
        async with httpx2.AsyncClient(base_url=address, timeout=20, limits=limits) as api:
            town = Town(
                api=api,
                fleet=fleet,
                agent_token=agent,
                mail=Mailbox(settings.data_dir / "mail"),
                service=SERVICE,
                city_id=CITY,
                faults=options.faults,
                tally=tally,
                seed=options.seed,
            )
            connected = asyncio.create_task(ready.wait())
            await asyncio.wait({connected, driving}, timeout=CONNECT_S, return_when=asyncio.FIRST_COMPLETED)
            if not ready.is_set():
                raise UnreachableError(f"the cars could not connect to the broker within {CONNECT_S:.0f} seconds")
            leaving = asyncio.Event()
            lives += [asyncio.create_task(SimulatedMember(n, town).live(leaving)) for n in range(options.members)]
            ending = asyncio.create_task(told.wait())
            await asyncio.wait([driving, ending, *lives], timeout=options.seconds, return_when=asyncio.FIRST_COMPLETED)
            ending.cancel()
            leaving.set()
            await asyncio.wait_for(asyncio.gather(*lives), DRAIN_S)
            await _drained(running)
        stop.set()
        await driving
    finally:
        for task in (driving, *lives):
            task.cancel()


async def _drained(running: Running) -> None:
    """Until policies and projections have dealt with everything and nothing is due, or the time for it is up."""
    deadline = asyncio.get_running_loop().time() + DRAIN_S
    while asyncio.get_running_loop().time() < deadline:
        if await running.is_idle():
            return
        await asyncio.sleep(0.1)
