"""A city whose cars drive and speak when a test lets time pass, each with the faults that the test gives it."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from random import Random
from typing import Any

import aiomqtt
from prometheus_client import REGISTRY

from adapters.mqtt.client import client_options
from adapters.simulator.car import Car, offset
from adapters.simulator.faults import composed
from adapters.simulator.vehicles import SimulatedFleet
from domain.invariants import audit
from domain.kernel.messages import Role
from tests.support.city import City
from tests.support.clocks import MovableClock
from tests.support.waiting import until


def counted(metric: str, **labels: str) -> float:
    """What a metric of this process says."""
    return REGISTRY.get_sample_value(metric, labels) or 0.0


def dealt_with() -> int:
    """So many messages of cars are durable."""
    return int(counted("csbe_ingest_batch_messages_sum"))


@dataclass
class Street:
    """The running system, its cars, and the time."""

    city: City
    fleet: SimulatedFleet
    clock: MovableClock
    _before: int = field(default_factory=dealt_with)
    """From a time when nothing was on its way."""
    _strangers: int = 0

    @property
    def operator(self) -> dict[str, str]:
        """Headers of somebody who sees every car."""
        return self.city.token(Role.OPERATOR)

    def car(self, *faults: str, number: int = 1) -> Car:
        """A car of the fleet, from now on with these faults."""
        car = self.city.cars[number - 1]
        car.faults = composed(faults, Random(number))
        return car

    async def passes(self, seconds: float, *, every: float = 10.0, silent: Collection[Car] = ()) -> None:
        """Let time pass in steps, in each of which every car says how it is, but for those that are silent."""
        while seconds > 0:
            step = min(every, seconds)
            self.clock.let_pass(timedelta(seconds=step))
            await self.fleet.step(step, [car for car in self.city.cars if car not in silent])
            await self.heard()
            seconds -= step

    async def drive(self, cars: Sequence[Car], metres: float, *, every: float = 10.0) -> None:
        """Each drives so far north and switches off; then it says twice how it stands."""
        for car in cars:
            car.destination, car.ignition_on = offset(car.position, metres, 0.0), True
        while any(car.moving for car in cars):
            await self.passes(every, every=every)
        await self.passes(2 * every, every=every)

    async def publish(self, car: Car, channel: str, payload: bytes) -> None:
        """What somebody sends on a topic of the car, heard by the backend."""
        topic = f"csbe/v1/{self.city.place.service}/vehicles/{car.vin}/{channel}"
        async with aiomqtt.Client(**client_options(self.city.running.mqtt_url)) as stranger:
            await stranger.publish(topic, payload, qos=1)
        self._strangers += 1
        await self.heard()

    async def heard(self) -> None:
        """Wait until the backend has dealt with all that was published."""

        async def all_of_it() -> bool:
            return dealt_with() - self._before >= self.fleet.published + self._strangers

        await until(all_of_it, self.city.patience_s)

    async def opened(self, car: Car) -> None:
        """Wait until the car has done what it was told, whatever it says of it."""

        async def is_open() -> bool:
            return not car.locked

        await until(is_open, self.city.patience_s)

    async def settled(self) -> None:
        """Wait until nothing is left to do."""
        await self.heard()
        await self.city.settled()

    async def shows(self, car: Car) -> dict[str, Any]:
        """The car as the API shows it."""
        return await self.city.get(f"/v1/vehicles/{car.vehicle_id}", self.operator)

    async def reading(self, car: Car, name: str) -> Any:
        """One value of it."""
        return (await self.shows(car))["readings"].get(name, {}).get("value")

    async def summary(self, trip: str) -> dict[str, Any]:
        """A trip in one line, as agents see it in their list."""
        trips = (await self.city.get("/v1/trips", self.city.token(Role.AGENT)))["trips"]
        found: dict[str, Any] = next(shown for shown in trips if trip.endswith(shown["trip_id"]))
        return found

    async def events(self, car: Car) -> list[str]:
        """What happened to the car, without the names' common part, oldest first."""
        history = await self.city.get(f"/v1/history/{car.vehicle_id}", self.city.token(Role.AUDITOR), limit="1000")
        return [event["type"].removeprefix("fleet.vehicle.") for event in history["events"]]

    async def tasks(self, car: Car) -> list[str]:
        """The kinds of the tasks that the car has led to."""
        found = (await self.city.get("/v1/tasks", self.city.token(Role.OPERATOR), limit="1000"))["tasks"]
        return [task["kind"] for task in found if task["vehicle_id"] == str(car.vehicle_id)]

    async def reasons(self, car: Car | None = None) -> list[str]:
        """Why messages were put away, of one car or of all, oldest first."""
        query = "select reason from csbe.dead_letters where topic like $1 order by id"
        rows = await self.city.running.pool.fetch(query, f"%/{car.vin}/%" if car else "%")
        return [row["reason"] for row in rows]

    async def oddities(self, car: Car) -> set[str]:
        """What was odd about the car's telemetry."""
        query = "select distinct unnest(anomalies) from csbe.telemetry where vin = $1"
        return {row[0] for row in await self.city.running.pool.fetch(query, car.vin)}

    async def is_well(self) -> bool:
        """Whether the process is ready, no part of it has stopped, and every law holds."""
        await self.settled()
        ready = (await self.city.api.get("/readyz")).json()["status"] == "ready"
        laws = await audit(self.city.running.store.read())
        return ready and not any(result.broken for result in laws.values())
