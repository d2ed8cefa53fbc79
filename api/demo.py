"""The demo: a whole service over real servers, with a simulated city."""

import asyncio
import csv
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any, NoReturn

import httpx
from rich.console import Console
from rich.table import Table

from adapters.postgres.follower import wait_for
from adapters.simulator.members import SimulatedMember, Tally, Town
from adapters.simulator.vehicles import Car, Faults, SimulatedFleet
from api.composition import Part, Running, UnreachableError, composed, prepare, servers
from api.serving import served, told_to_stop
from api.settings import Settings
from domain.fleet.commands import CommissionVehicle, DefineZone, PutIntoService
from domain.kernel.ids import VehicleId, ZoneId, derived_id
from domain.kernel.messages import Actor, Command, Metadata, Role
from domain.kernel.units import Position
from projections.invariants import InvariantResult, Invariants

__all__ = ["DemoOptions", "Faults", "audit", "demo", "visit"]

DATA = Path(__file__).parent / "demo_data"
SERVICE = "drivenow-europe"
CITY = "berlin"
DRAIN_S = 60.0
CONNECT_S = 60.0
RESTART_S = 10.0

_FUELS = {"P": "petrol", "D": "diesel", "E": "electric"}
_MONEY = """
select currency, count(*), sum(gross_minor)::bigint as gross, sum(open_minor)::bigint as open
from read_v1.invoices group by currency
"""
_TRIPS = "select state, count(*) from read_v1.trips group by state"


@dataclass(frozen=True)
class DemoOptions:
    """What the command line asks for."""

    seconds: float | None = None
    members: int = 25
    seed: int = 1
    faults: Faults = field(default_factory=Faults)
    as_json: bool = False


async def demo(settings: Settings, options: DemoOptions, console: Console) -> bool:
    """Run the demo until its time is up or it is told to stop; true when every invariant holds at its end."""
    told = told_to_stop()
    async with servers(settings) as (dsn, mqtt_url):
        await prepare(dsn)
        async with composed(settings, dsn, mqtt_url) as running, served(running.system), running.going(set(Part)):
            await _seed(running)
            console.print(_welcome(running, options), soft_wrap=True, highlight=False, markup=False)
            tally = Tally()
            await _simulate(running, options, tally, told)
            results = await audit(running)
            summary = await _summary(running, tally, results)
    if options.as_json:
        print(json.dumps(summary))  # noqa: T201 (the one answer on standard output)
    else:
        console.print(_table(summary))
    return not any(result.broken for result in results.values())


async def _seed(running: Running) -> None:
    """Draw the zones and commission the cars; a second time changes nothing."""
    zones = json.loads((DATA / "berlin_zones.geojson").read_text())["features"]
    for zone in zones:
        await _give(running, _zone(zone))
    await asyncio.gather(*(_commission(running, row) for row in fleet_rows()))
    end = await running.store.end()
    for projection in running.followers:
        await wait_for(running.pool, (await projection.live()).follower, end, timeout=30)
    await running.refresh_zones()


def fleet_rows() -> list[dict[str, str]]:
    """The 640 cars of the snapshot."""
    with (DATA / "drivenow_berlin" / "vehicles.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def vin_of(row: dict[str, str]) -> str:
    """A made-up VIN: the snapshot has none."""
    return f"WBAZZZ{int(row['vehicle_id'].removeprefix('dn-')):011d}"


def vehicle_id_of(row: dict[str, str]) -> VehicleId:
    """The same car, the same id."""
    return VehicleId(derived_id("demo.vehicle", row["vehicle_id"]))


def cars(seed: int) -> list[Car]:
    """The fleet as simulated cars."""
    return [
        Car(
            vehicle_id=vehicle_id_of(row),
            vin=vin_of(row),
            model=row["model"],
            fuel_type=row["fuel_type"],  # type: ignore[arg-type] # the snapshot has P, D and E
            position=Position(latitude=float(row["lat"]), longitude=float(row["lon"])),
            energy_percent=float(row["fuel_pct"] or 50),
            odometer_m=10_000_000 + 1_000 * int(row["vehicle_id"].removeprefix("dn-")),
            random=Random(f"{seed}:{row['vehicle_id']}"),  # noqa: S311 (a simulation is to be repeatable)
        )
        for row in fleet_rows()
    ]


async def audit(
    running: Running, *, finished: bool = True, passed: Callable[[int], None] = lambda _: None
) -> dict[str, InvariantResult]:
    """Check every invariant from the event log alone; unless `finished`, what is under way is not missed.

    `passed` is told each position once it is dealt with.
    """
    invariants = Invariants()
    async for recorded in running.store.read():
        invariants.observe(recorded)
        passed(recorded.position)
    return invariants.report(finished)


async def visit(running: Running, options: DemoOptions) -> dict[str, int]:
    """Let simulated cars and members use a system that is served elsewhere; returns what they went through.

    Raises `UnreachableError` when it is not served, or no longer.
    """
    tally, settings = Tally(), running.system.settings
    simulating = asyncio.create_task(_simulate(running, options, tally, told_to_stop()))
    watching = asyncio.create_task(_watch(settings.host, settings.port))
    try:
        done, _ = await asyncio.wait({simulating, watching}, return_when=asyncio.FIRST_COMPLETED)
        await done.pop()
    except httpx.ConnectError as error:
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


async def _simulate(running: Running, options: DemoOptions, tally: Tally, told: asyncio.Event) -> None:
    """Until the time is up or `told` is set; then every trip under way is finished."""
    stop, ready = asyncio.Event(), asyncio.Event()
    settings, system = running.system.settings, running.system
    fleet = SimulatedFleet(cars(options.seed), url=running.mqtt_url, service=SERVICE, faults=options.faults)
    driving = asyncio.create_task(fleet.run(stop, ready))
    agent = system.tokens.issue(
        Role.AGENT, "simulator", service=SERVICE, at=system.clock.now(), expires_in=timedelta(days=7)
    )
    address = f"http://{settings.host}:{settings.port}"
    limits = httpx.Limits(max_connections=50)
    lives: list[asyncio.Task[None]] = []
    try:
        async with httpx.AsyncClient(base_url=address, timeout=20, limits=limits) as api:
            town = Town(
                api=api,
                fleet=fleet,
                agent_token=agent,
                email_code=lambda member_id: system.tokens.code("email", member_id),
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
            await _settled(running)
        stop.set()
        await driving
    finally:
        for task in (driving, *lives):
            task.cancel()


async def _settled(running: Running) -> None:
    """Until policies and projections have dealt with everything and nothing is due, or the time for it is up."""
    deadline = asyncio.get_running_loop().time() + DRAIN_S
    while asyncio.get_running_loop().time() < deadline:
        if await running.is_idle():
            return
        await asyncio.sleep(0.1)


async def _summary(running: Running, tally: Tally, results: dict[str, InvariantResult]) -> dict[str, Any]:
    money = await running.pool.fetch(_MONEY)
    trips = await running.pool.fetch(_TRIPS)
    parked = await running.pool.fetchval("select count(*) from csbe.tasks where parked_at is not null")
    return {
        "trips": {row["state"]: row["count"] for row in trips},
        "invoices": sum(row["count"] for row in money),
        "money": {row["currency"]: {"gross_minor": row["gross"], "open_minor": row["open"]} for row in money},
        "invariants": {n: {"checked": r.checked, "broken": len(r.broken)} for n, r in results.items()},
        "members": dict(tally.counts),
        "events": await running.store.end(),
        "parked_tasks": parked,
    }


def _table(summary: dict[str, Any]) -> Table:
    """The summary for people."""
    table = Table("what", "how it went", title="What happened")
    for name, value in summary.items():
        parts = value.items() if isinstance(value, dict) else [("", value)]
        lines = [f"{part} {_worded(found)}".strip() for part, found in parts]
        table.add_row(name.replace("_", " "), "\n".join(lines) or "none")
    return table


def _worded(value: object) -> str:
    return ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else str(value)


def _welcome(running: Running, options: DemoOptions) -> str:
    system = running.system
    address = f"http://{system.settings.host}:{system.settings.port}"
    tokens = {
        role: system.tokens.issue(
            role, role.value, service=SERVICE, at=system.clock.now(), expires_in=timedelta(days=1)
        )
        for role in (Role.AGENT, Role.OPERATOR, Role.ANALYST, Role.AUDITOR, Role.PARTNER)
    }
    lines = [
        "CSBE: DriveNow Europe in Berlin, 640 cars",
        f"{options.members} simulated members, seed {options.seed}; stop with Ctrl-C",
        "",
        f"live page    {address}/#token={tokens[Role.OPERATOR]}",
        f"API          {address}/docs",
        f"broker       {running.mqtt_url}",
        f"mail         {system.settings.data_dir / 'mail'}",
        "",
        *(f"export {role.upper()}={token}" for role, token in tokens.items()),
        "",
        "A member's token comes with the answer to POST /v1/members. Try next:",
        f"  curl -H \"Authorization: Bearer $OPERATOR\" '{address}/v1/vehicles?near=52.52,13.405&limit=3'",
        f"  curl -H \"Authorization: Bearer $AUDITOR\" '{address}/v1/history?limit=20'",
    ]
    return "\n".join(lines)


def _zone(feature: dict[str, dict[str, object]]) -> DefineZone:
    facts = feature["properties"]
    zone_id = ZoneId(derived_id("demo.zone", facts["name"]))
    return DefineZone.model_validate({"zone_id": zone_id, **facts, "polygons": feature["geometry"]["coordinates"]})


async def _commission(running: Running, row: dict[str, str]) -> None:
    vehicle_id = vehicle_id_of(row)
    number = int(row["vehicle_id"].removeprefix("dn-"))
    car = CommissionVehicle.model_validate(
        {
            "vehicle_id": vehicle_id,
            "vin": vin_of(row),
            "plate": f"B-DN {number}",
            "make": row["make"],
            "model": row["model"],
            "fuel_type": _FUELS[row["fuel_type"]],
            "city_id": CITY,
            "position": {"latitude": float(row["lat"]), "longitude": float(row["lon"])},
            "energy_percent": float(row["fuel_pct"] or 50),
            "odometer_m": 10_000_000 + 1_000 * number,
        }
    )
    await _give(running, car)
    await _give(running, PutIntoService(vehicle_id=vehicle_id))


async def _give(running: Running, command: Command) -> None:
    """A repeated run gives the same commands under the same ids."""
    command_id = derived_id("demo", command.model_dump_json())
    metadata = Metadata.of(command, id=command_id, actor=Actor(role=Role.OPERATOR, id="demo"), service=SERVICE)
    await running.system.dispatcher.dispatch(command, metadata)
