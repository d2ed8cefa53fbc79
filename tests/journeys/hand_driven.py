"""A car that does nothing by itself: a test says when it sends what, and how it answers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from random import Random
from uuid import uuid4

import aiomqtt
import orjson

from adapters.mqtt.client import client_options
from adapters.simulator.car import Car
from domain.kernel.messages import Role
from tests.support.city import City
from tests.support.waiting import PATIENCE_S, until


@dataclass
class HandDriven:
    """A car of the fleet, and the line to the broker that the test holds in its stead."""

    city: City
    car: Car
    line: aiomqtt.Client

    def topic(self, what: str) -> str:
        return f"csbe/v1/{self.city.place.service}/vehicles/{self.car.vin}/{what}"

    async def start(self, member: dict[str, str]) -> str:
        """The path of a trip that runs; the car has opened for it."""
        asked = await self.city.post("/v1/trips", {"vehicle_id": str(self.car.vehicle_id)}, member)
        asked.raise_for_status()
        await self.obeys("unlock", self.city.running.system.clock.now(), locked=False)
        trip = f"/v1/trips/{asked.json()['id']}"
        await self.city.until(trip, member, "running")
        return trip

    async def tells(self, at: datetime, **state: object) -> None:
        """All its signals, as they were `at` a time, with what has changed."""
        for name, value in state.items():
            setattr(self.car, name, value)
        self.car.seq += 1
        body = {"ts": at.isoformat(), "seq": self.car.seq, "signals": self.car.signals()}
        await self.line.publish(self.topic("telemetry"), orjson.dumps(body), qos=1)

    async def says_it_is(self, status: str, *, online: bool) -> None:
        """Publish its status, as its broker does when its line is cut, and wait until the backend knows."""
        await self.line.publish(self.topic("status"), status.encode(), qos=1, retain=True)
        operator = self.city.token(Role.OPERATOR)

        async def known() -> bool:
            return (await self.city.get(f"/v1/vehicles/{self.car.vehicle_id}", operator))["online"] is online

        await until(known)

    async def obeys(self, command_type: str, at: datetime, **state: object) -> None:
        """Wait for a command, and answer that it is done, with the signals that it then has."""
        async for message in self.line.messages:
            command = orjson.loads(bytes(message.payload))
            if command["type"] != command_type:
                continue
            for name, value in state.items():
                setattr(self.car, name, value)
            answer = {
                "id": command["id"],
                "status": "done",
                "ts": at.isoformat(),
                "signals": self.car.signals(),
            }
            await self.line.publish(self.topic("responses"), orjson.dumps(answer), qos=1)
            return


@asynccontextmanager
async def hand_driven(city: City) -> AsyncIterator[HandDriven]:
    """A car that is free, locked and known to be where it stands."""
    vin, number = f"WBAHAND{uuid4().int % 10**10:010d}", Random(9)
    car = Car(uuid4(), vin, "BMW i3", "E", city.place.middle, 80, 1_000_000, number)
    await city.give(*city.place.offer(car))
    async with aiomqtt.Client(**client_options(city.running.mqtt_url), timeout=PATIENCE_S) as line:
        hand = HandDriven(city, car, line)
        await line.subscribe(hand.topic("commands"), qos=1)
        await hand.says_it_is("online", online=True)
        await hand.tells(city.running.system.clock.now())
        await city.settled()
        yield hand
