"""`kill -9` in the middle of the day: what was acknowledged stands, and the rest comes about after the restart."""

import asyncio
from random import Random

import pytest

from adapters.simulator.car import Car
from domain.invariants import audit
from tests.journeys.stubborn import StubbornClient
from tests.support.installation import Installation
from tests.support.waiting import until

DRIVERS, TRIPS_EACH, KILLS = 4, 3, 2
PATIENCE_S, POLL_S = 120.0, 0.1

Driver = dict[str, str]


@pytest.mark.slow
async def test_a_server_that_is_killed_twice_under_load_keeps_its_word_and_goes_on(installation: Installation) -> None:
    seed = Random().randrange(1_000_000)
    print(f"seed {seed}")  # noqa: T201 (to repeat a failure)
    async with installation.started() as city:
        *drivers, newcomer = [await city.member() for _ in range(DRIVERS + 1)]
    server = await installation.serve()

    async with installation.composed() as running, installation.visited(running) as city, installation.driving():
        client, random = StubbornClient(city.api), Random(seed)
        async with asyncio.timeout(PATIENCE_S), asyncio.TaskGroup() as trips:
            for driver, car in zip(drivers, city.cars, strict=False):
                trips.create_task(drive(client, driver, car))
            for _ in range(KILLS):
                await until_sent(client, client.sent + random.randint(4, 14))
                server.kill()
                await server.wait()
                server = await installation.serve()
        await until(running.is_idle, PATIENCE_S)

        assert len(client.acknowledged) >= DRIVERS * TRIPS_EACH * len(("reserve", "start", "end"))
        for done in client.acknowledged:
            again = await client.repeat(done)
            assert again.status_code == done.status
            assert again.json().items() >= {"id": done.id, "position": done.position, "repeated": True}.items()
        laws = await audit(running.store.read())
        assert [sentence for law in laws.values() for sentence in law.broken] == []
        assert laws["charge_has_one_invoice"].checked == DRIVERS * TRIPS_EACH
        assert len(city.mails("trip_ended")) == DRIVERS * TRIPS_EACH
        await city.reserve(city.cars[-1], newcomer)
    server.terminate()
    assert await server.wait() == 0


async def until_sent(client: StubbornClient, number: int) -> None:
    """Until so many commands are on their way; the last of them has hardly left."""

    async def on_their_way() -> bool:
        return client.sent >= number

    await until(on_their_way)


async def drive(client: StubbornClient, driver: Driver, car: Car) -> None:
    """One trip after another with the same car."""
    vehicle = {"vehicle_id": str(car.vehicle_id)}
    for _ in range(TRIPS_EACH):
        reserved = (await client.post("/v1/reservations", vehicle, driver)).json()["id"]
        trip = await start(client, {**vehicle, "reservation_id": reserved}, driver)
        await end(client, trip, driver)


async def start(client: StubbornClient, what: dict[str, str], driver: Driver) -> str:
    """Start from the reservation; again if the car did not answer, since the reservation is given back then."""
    while True:
        trip = f"/v1/trips/{(await client.post('/v1/trips', what, driver)).json()['id']}"
        while (state := (await client.get(trip, driver))["state"]) not in {"running", "start_failed"}:
            await asyncio.sleep(POLL_S)
        if state == "running":
            return trip


async def end(client: StubbornClient, trip: str, driver: Driver) -> None:
    """End the trip; again when the car has not confirmed it."""
    while (shown := await client.get(trip, driver))["state"] != "ended":
        if shown["pending"] is None:
            await client.post(f"{trip}/end", None, driver)
        await asyncio.sleep(POLL_S)
