"""What remains while the system is stopped: the database, the broker, the data directory, the cars, and the time."""

import asyncio
import os
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from pydantic import SecretStr

from adapters.embedded.broker import free_port
from adapters.simulator.car import Car
from adapters.simulator.vehicles import Faults, SimulatedFleet
from api.composition import Component, Running, composed
from api.server import served
from api.settings import Settings
from tests.support.brokers import Broker
from tests.support.city import City
from tests.support.clocks import MovableClock
from tests.support.keys import KEYS
from tests.support.places import Place
from tests.support.rules import Texts
from tests.support.street import Street
from tests.support.waiting import PATIENCE_S, until

_TRUST = ssl.create_default_context()
"""Made once: reading all authorities takes a tenth of a second."""


@dataclass
class Installation:
    """A system that can be started and stopped as often as a test likes, always over the same things."""

    dsn: str
    broker: Broker
    data_dir: Path
    place: Place
    faults: Faults
    texts: Texts
    patience_s: float = PATIENCE_S
    """With all of its cars."""
    clock: MovableClock = field(default_factory=MovableClock)
    port: int = field(default_factory=free_port)
    cars: list[Car] = field(default_factory=list)
    processes: list[asyncio.subprocess.Process] = field(default_factory=list)
    settings: dict[str, Any] = field(default_factory=dict)
    """Beside the usual ones."""

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @asynccontextmanager
    async def composed(self) -> AsyncIterator[Running]:
        """The system, of which nothing runs."""
        settings = Settings(
            postgres_dsn=SecretStr(self.dsn),
            data_dir=self.data_dir,
            port=self.port,
            service=self.place.service,
            master_key=SecretStr(KEYS.key.hex()),
            access_token_minutes=12 * 60,  # a simulated day takes longer than a token lives otherwise
            **self.settings,
        )
        async with composed(settings, self.dsn, self.broker.url, clock=self.clock, texts=self.texts) as running:
            yield running

    @asynccontextmanager
    async def started(self) -> AsyncIterator[City]:
        """The whole system in this process, with its cars in the streets, until the end of the block."""
        async with self.furnished() as city, self.driving():
            await until(city.knows_its_cars)
            await city.settled()
            yield city

    async def serve(
        self, *only: Component, port: int | None = None, stderr: int | None = None
    ) -> asyncio.subprocess.Process:
        """`csbe serve`, whole or in part, in a process of its own, ready to be used."""
        environment = os.environ | {
            "CSBE_POSTGRES_DSN": self.dsn,
            "CSBE_MQTT_URL": self.broker.url,
            "CSBE_DATA_DIR": str(self.data_dir),
            "CSBE_PORT": str(port or self.port),
            "CSBE_LOG_LEVEL": "ERROR",
            "CSBE_MASTER_KEY": KEYS.key.hex(),
        }
        words = ("serve", *(word for part in only for word in ("--only", part)))
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "api.cli", *words), env=environment, stderr=stderr
        )
        self.processes.append(process)
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{port or self.port}", verify=_TRUST) as api:
            await until(lambda: _is_ready(api), patience_s=60, every_s=0.1)
        return process

    async def clear_away(self) -> None:
        """Kill whatever a failed test has left running."""
        for process in self.processes:
            if process.returncode is None:
                process.kill()
                await process.wait()

    @asynccontextmanager
    async def visited(self, running: Running) -> AsyncIterator[City]:
        """What a visitor sees of the system that is served at our address, here or in another process."""
        async with httpx2.AsyncClient(base_url=self.address, timeout=20, verify=_TRUST) as api:
            yield City(running, api, self.place, self.cars, self.data_dir / "mail", self.patience_s)

    @asynccontextmanager
    async def walked(self) -> AsyncIterator[Street]:
        """The whole system as in `started`, with cars that drive and speak when the test lets time pass."""
        async with self.furnished() as city:
            await until(lambda: _is_ready(city.api))
            fleet, ready = self._fleet(), asyncio.Event()
            street = Street(city, fleet, self.clock)
            async with fleet.connected(ready):
                await asyncio.wait_for(ready.wait(), self.patience_s)
                await until(city.knows_its_cars, self.patience_s)
                await street.settled()
                yield street

    @asynccontextmanager
    async def furnished(self) -> AsyncIterator[City]:
        """The whole system, whose cars are not connected yet."""
        async with (
            self.composed() as running,
            served(running.system),
            running.going(set(Component)),
            self.visited(running) as city,
        ):
            if not self.cars:
                await self._furnish(city)
            yield city

    def _fleet(self) -> SimulatedFleet:
        return SimulatedFleet(
            self.cars,
            url=self.broker.url,
            service=self.place.service,
            answer_after_s=(0.01, 0.05),
            now=self.clock.now,
        )

    @asynccontextmanager
    async def driving(self) -> AsyncIterator[SimulatedFleet]:
        """The cars are connected during the block."""
        fleet = self._fleet()
        stop, ready = asyncio.Event(), asyncio.Event()
        driving = asyncio.create_task(fleet.run(stop, ready))
        reported = asyncio.create_task(ready.wait())
        await asyncio.wait({reported, driving}, timeout=PATIENCE_S, return_when=asyncio.FIRST_COMPLETED)
        assert ready.is_set(), f"the cars could not connect: {driving}"
        try:
            yield fleet
        finally:
            stop.set()
            await driving

    async def _furnish(self, city: City) -> None:
        """Draw the home area and put the first cars into the streets."""
        self.cars.extend(self.place.cars())
        for car in self.cars:
            car.faults = self.faults.of(car)
        await city.give(self.place.home_area())
        for car in self.cars:
            await city.give(*self.place.offer(car))
        await city.settled()
        await city.running.refresh_zones()


async def _is_ready(api: httpx2.AsyncClient) -> bool:
    try:
        return bool((await api.get("/readyz")).json()["status"] == "ready")
    except httpx2.TransportError:
        return False
