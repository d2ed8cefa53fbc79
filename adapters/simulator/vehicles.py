"""The connections of simulated cars: each has its own to the broker, with its last will, and obeys commands over it."""

import asyncio
import logging
import resource
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime

import aiomqtt
import orjson

from adapters.mqtt.client import Properties, client_options, traceparent_of, with_traceparent
from adapters.simulator.car import Car, Fault, Message, Messages
from adapters.simulator.faults.behaviour import NeverUnlocks
from adapters.simulator.faults.delivery import LostMessages
from adapters.simulator.faults.places import DriftingFix


@dataclass(frozen=True)
class Faults:
    """How often things go wrong in a whole city, each a probability from 0 to 1."""

    unlock_timeout: float = 0.0
    """The car never answers an unlock."""
    lost_message: float = 0.0
    """A telemetry message is never sent."""
    gps_drift: float = 0.0
    """A fix is some hundred metres off."""
    card_declined: float = 0.0
    """A member registers a card that the provider declines."""

    def of(self, car: Car) -> list[Fault]:
        """As faults of one car."""
        return [
            NeverUnlocks(car.random, share=self.unlock_timeout),
            DriftingFix(car.random, share=self.gps_drift),
            LostMessages(car.random, share=self.lost_message),
        ]


CONNECTING = 20
"""So many cars connect at the same time; more would only wait for the broker."""
RECONNECT_S = 0.5
STANDING_S = 60
"""How often a standing car reports."""

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
        answer_after_s: tuple[float, float] = (0.1, 0.6),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.cars = {car.vin: car for car in cars}
        self.cars_by_id = {car.vehicle_id: car for car in cars}
        self._url = url
        self._prefix = f"csbe/v1/{service}/vehicles"
        self._answer_after_s = answer_after_s
        self._now = now
        self._connecting = asyncio.Semaphore(CONNECTING)
        self._clients: dict[str, aiomqtt.Client] = {}
        self.published = 0
        """How many messages the broker has taken."""
        self.dealt_with: set[str] = set()
        """The ids of the commands that a car has answered, or is not going to."""

    async def run(self, stop: asyncio.Event, ready: asyncio.Event) -> None:
        """Drive until `stop`, connected again after a lost connection. `ready` is set once all cars have reported."""
        async with self.connected(ready):
            await self._drive(stop)

    @asynccontextmanager
    async def connected(self, ready: asyncio.Event) -> AsyncIterator[None]:
        """The cars obey during the block; they drive in its steps."""
        _allow_files(len(self.cars))
        async with asyncio.TaskGroup() as tasks:
            connections = [tasks.create_task(self._stay_connected(car, ready)) for car in self.cars.values()]
            yield
            for connection in connections:
                connection.cancel()

    async def step(self, seconds: float, reporting: Collection[Car]) -> None:
        """All cars drive for so long; then these say how they are, and the others what they still have to say."""
        chosen = {car.vin for car in reporting}
        for car in self.cars.values():
            car.advance(seconds)
        await asyncio.gather(*(self._speak(car, reports=vin in chosen) for vin, car in self.cars.items()))

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
        online = Message("status", b"online", retained=True)
        await self._send(client, car, [online, *car.telemetry(self._now())])

    async def _drive(self, stop: asyncio.Event) -> None:
        """Every second all driving cars move and report; each standing car reports about once a minute."""
        tick = 0
        while not stop.is_set():
            await asyncio.sleep(1.0)
            tick += 1
            due = [car for n, car in enumerate(self.cars.values()) if car.moving or n % STANDING_S == tick % STANDING_S]
            await self.step(1.0, due)

    async def _speak(self, car: Car, *, reports: bool) -> None:
        if (client := self._clients.get(car.vin)) is not None and (reports or car.faults):
            with suppress(aiomqtt.MqttError):
                await self._send(client, car, car.telemetry(self._now()) if reports else [])

    async def _send(
        self, client: aiomqtt.Client, car: Car, messages: Messages, traced: Properties | None = None
    ) -> None:
        for message in car.through_faults(messages, self._now()):
            topic, retained = self._topic(car, message.channel), message.retained
            await client.publish(topic, message.payload, qos=1, retain=retained, properties=traced)
            self.published += 1

    async def _listen(self, client: aiomqtt.Client, car: Car) -> None:
        async with asyncio.TaskGroup() as tasks:
            async for message in client.messages:
                command = orjson.loads(bytes(message.payload))
                traced = with_traceparent(traceparent_of(message))
                tasks.create_task(self._deal_with(client, car, command, traced))

    async def _deal_with(
        self, client: aiomqtt.Client, car: Car, command: dict[str, str], traced: Properties | None
    ) -> None:
        await self._obey(client, car, command, traced)
        self.dealt_with.add(command["id"])

    async def _obey(self, client: aiomqtt.Client, car: Car, command: dict[str, str], traced: Properties | None) -> None:
        """Carry out a command once; a repeated one gets the same answer, an expired one none."""
        car.asked = command["id"]
        if (known := car.answered.get(command["id"])) is not None:
            await self._send(client, car, [known], traced)
            return
        if not car.obeys(command["type"]):
            return
        await asyncio.sleep(car.random.uniform(*self._answer_after_s))
        if datetime.fromisoformat(command["expires_at"]) <= self._now():
            return
        _apply(car, command["type"])
        said = {"id": command["id"], "status": "done", "ts": self._now().isoformat(), "signals": car.signals()}
        answer = Message("responses", said)
        car.answered = {command["id"]: answer}
        await self._send(client, car, [answer], traced)


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
