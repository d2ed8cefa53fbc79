"""Simulated cars. Each has a state, a sequence, a random source, and a connection to the broker with its last will."""

import asyncio
import logging
import math
import resource
from collections.abc import Callable
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from random import Random
from typing import Literal
from uuid import UUID

import aiomqtt
import orjson

from adapters.mqtt.client import Properties, client_options, traceparent_of, with_traceparent
from domain.kernel.units import EARTH_RADIUS_M, Position

FuelType = Literal["P", "D", "E"]


@dataclass(frozen=True)
class Faults:
    """How often things go wrong, each a probability from 0 to 1."""

    unlock_timeout: float = 0.0
    """The car never answers an unlock."""
    lost_message: float = 0.0
    """A telemetry message is never sent."""
    gps_drift: float = 0.0
    """A fix is some hundred metres off."""
    card_declined: float = 0.0
    """A member registers a card that the provider declines."""


@dataclass
class Car:
    """One car as it stands in the street."""

    vehicle_id: UUID
    vin: str
    model: str
    fuel_type: FuelType
    position: Position
    energy_percent: float
    odometer_m: int
    random: Random
    locked: bool = True
    ignition_on: bool = False
    doors_closed: bool = True
    speed_kmh: float = 0.0
    destination: Position | None = None
    seq: int = 0
    answered: dict[str, bytes] = field(default_factory=dict)
    """The last command's id and the answer given to it."""

    @property
    def moving(self) -> bool:
        return self.destination is not None and self.ignition_on

    def advance(self, seconds: float) -> None:
        """Drive towards the destination for some seconds at city speed; stop there and switch off."""
        if self.destination is None or not self.ignition_on:
            return
        self.speed_kmh = 25 + 25 * self.random.random()
        remaining_m = self.position.distance_m(self.destination)
        step_m = min(remaining_m, self.speed_kmh / 3.6 * seconds)
        self.odometer_m += round(step_m)
        self.energy_percent = max(1.0, self.energy_percent - step_m / 4_000)
        if step_m >= remaining_m:
            self.position, self.destination = self.destination, None
            self.speed_kmh, self.ignition_on = 0.0, False
            return
        self.position = _between(self.position, self.destination, step_m / remaining_m)

    def signals(self, faults: Faults) -> dict[str, object]:
        """The car's state under its COVESA VSS 6.0 names."""
        position = self.position
        if self.random.random() < faults.gps_drift:
            position = offset(position, 300 + 200 * self.random.random(), 2 * math.pi * self.random.random())
        energy = (
            {"Vehicle.Powertrain.TractionBattery.StateOfCharge.Displayed": round(self.energy_percent, 1)}
            if self.fuel_type == "E"
            else {"Vehicle.Powertrain.FuelSystem.RelativeLevel": round(self.energy_percent)}
        )
        return {
            "Vehicle.CurrentLocation.Latitude": round(position.latitude, 7),
            "Vehicle.CurrentLocation.Longitude": round(position.longitude, 7),
            "Vehicle.Speed": round(self.speed_kmh, 1),
            "Vehicle.TraveledDistance": self.odometer_m,
            "Vehicle.LowVoltageSystemState": "ON" if self.ignition_on else "LOCK",
            **{
                f"Vehicle.Cabin.Door.Row{row}.{side}.{what}": value
                for row in (1, 2)
                for side in ("DriverSide", "PassengerSide")
                for what, value in (("IsLocked", self.locked), ("IsOpen", not self.doors_closed))
            },
            **energy,
        }


def offset(position: Position, distance_m: float, bearing_rad: float) -> Position:
    """The point some metres away (flat-earth approximation, good to 0.1 % within a city)."""
    dlat = math.degrees(distance_m * math.cos(bearing_rad) / EARTH_RADIUS_M)
    dlon = math.degrees(distance_m * math.sin(bearing_rad) / EARTH_RADIUS_M) / math.cos(math.radians(position.latitude))
    return Position(latitude=position.latitude + dlat, longitude=position.longitude + dlon)


def _between(start: Position, end: Position, share: float) -> Position:
    return Position(
        latitude=start.latitude + (end.latitude - start.latitude) * share,
        longitude=start.longitude + (end.longitude - start.longitude) * share,
    )


CONNECTING = 20
"""So many cars connect at the same time; more would only wait for the broker."""
RECONNECT_S = 0.5

_SILENT = logging.getLogger(f"{__name__}.connection")
_SILENT.setLevel(logging.CRITICAL)  # when a broker goes away, the library has a line for each of hundreds of cars


class SimulatedFleet:
    """Connects each car to the broker: it reports, obeys commands, and answers a repeated command the same."""

    def __init__(
        self,
        cars: list[Car],
        *,
        url: str,
        service: str,
        faults: Faults,
        answer_after_s: tuple[float, float] = (0.1, 0.6),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.cars = {car.vin: car for car in cars}
        self.cars_by_id = {car.vehicle_id: car for car in cars}
        self._url = url
        self._prefix = f"csbe/v1/{service}/vehicles"
        self._faults = faults
        self._answer_after_s = answer_after_s
        self._now = now
        self._connecting = asyncio.Semaphore(CONNECTING)
        self._clients: dict[str, aiomqtt.Client] = {}

    async def run(self, stop: asyncio.Event, ready: asyncio.Event) -> None:
        """Stay connected until `stop`, again after a lost connection. `ready` is set once all cars have reported."""
        _allow_files(len(self.cars))
        async with asyncio.TaskGroup() as tasks:
            connections = [tasks.create_task(self._stay_connected(car, ready)) for car in self.cars.values()]
            await self._drive(stop)
            for connection in connections:
                connection.cancel()

    async def _stay_connected(self, car: Car, ready: asyncio.Event) -> None:
        while True:
            try:
                async with AsyncExitStack() as stack:
                    async with self._connecting:
                        client = await stack.enter_async_context(self._connection(car))
                        await self._introduce(client, car)
                    self._clients[car.vin] = client
                    if len(self._clients) == len(self.cars):
                        ready.set()
                    await self._listen(client, car)
            except* aiomqtt.MqttError:  # of a whole group of tasks, each of which loses the connection
                pass
            finally:
                self._clients.pop(car.vin, None)
            await asyncio.sleep(RECONNECT_S)

    def _connection(self, car: Car) -> aiomqtt.Client:
        will = aiomqtt.Will(self._topic(car, "status"), b"offline", qos=1, retain=True)
        return aiomqtt.Client(identifier=car.vin, will=will, logger=_SILENT, **client_options(self._url))

    def _topic(self, car: Car, what: str) -> str:
        return f"{self._prefix}/{car.vin}/{what}"

    async def _introduce(self, client: aiomqtt.Client, car: Car) -> None:
        await client.subscribe(self._topic(car, "commands"), qos=1)
        await client.publish(self._topic(car, "status"), b"online", qos=1, retain=True)
        await self._report(client, car)

    async def _drive(self, stop: asyncio.Event) -> None:
        """Every second all driving cars move and report; each standing car reports about once a minute."""
        tick = 0
        standing = list(self.cars.values())
        while not stop.is_set():
            await asyncio.sleep(1.0)
            tick += 1
            reporting = [car for place, car in enumerate(standing) if car.moving or place % 60 == tick % 60]
            for car in standing:
                car.advance(1.0)
            await asyncio.gather(*(self._report_if_connected(car) for car in reporting))

    async def _report_if_connected(self, car: Car) -> None:
        if (client := self._clients.get(car.vin)) is not None:
            with suppress(aiomqtt.MqttError):
                await self._report(client, car)

    async def _report(self, client: aiomqtt.Client, car: Car) -> None:
        car.seq += 1
        if car.random.random() < self._faults.lost_message:
            return
        body = {"ts": self._now().isoformat(), "seq": car.seq, "signals": car.signals(self._faults)}
        await client.publish(self._topic(car, "telemetry"), orjson.dumps(body), qos=1)

    async def _listen(self, client: aiomqtt.Client, car: Car) -> None:
        async with asyncio.TaskGroup() as tasks:
            async for message in client.messages:
                command = orjson.loads(bytes(message.payload))
                traced = with_traceparent(traceparent_of(message))
                tasks.create_task(self._obey(client, car, command, traced))

    async def _obey(self, client: aiomqtt.Client, car: Car, command: dict[str, str], traced: Properties | None) -> None:
        """Carry out a command once; a repeated one gets the same answer, an expired one none."""
        topic = self._topic(car, "responses")
        if (known := car.answered.get(command["id"])) is not None:
            await client.publish(topic, known, qos=1, properties=traced)
            return
        if command["type"].startswith("unlock") and car.random.random() < self._faults.unlock_timeout:
            return
        await asyncio.sleep(car.random.uniform(*self._answer_after_s))
        if datetime.fromisoformat(command["expires_at"]) <= self._now():
            return
        _apply(car, command["type"])
        answer = orjson.dumps(
            {
                "id": command["id"],
                "status": "done",
                "ts": self._now().isoformat(),
                "signals": car.signals(Faults()),
            }
        )
        car.answered = {command["id"]: answer}
        await client.publish(topic, answer, qos=1, properties=traced)


def _allow_files(more: int) -> None:
    """A connection is an open file, of which a process may have 1024 where nobody has said otherwise."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft != resource.RLIM_INFINITY and (wanted := min(hard, 1024 + more)) > soft:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _apply(car: Car, command_type: str) -> None:
    if command_type.startswith("unlock"):
        car.locked = False
    elif command_type.startswith("lock"):
        car.locked, car.ignition_on, car.speed_kmh = True, False, 0.0
