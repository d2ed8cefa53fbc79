"""The broker goes away during a trip and comes back: the wish to end it is not lost, and nothing happens twice."""

import os
from datetime import timedelta

import pytest

from adapters.simulator.car import Car
from domain.invariants import audit
from tests.support.brokers import MOSQUITTO
from tests.support.city import City
from tests.support.installation import Installation
from tests.support.rules import with_limit
from tests.support.waiting import until

without_mosquitto = pytest.mark.skipif(
    not MOSQUITTO or "CSBE_TEST_MQTT_URL" not in os.environ, reason="real brokers are not asked for, or not there"
)
pytestmark = pytest.mark.parametrize("broker_kind", ["embedded", pytest.param("mosquitto", marks=without_mosquitto)])

PATIENT = with_limit("trip", "lock_timeout", '"PT12S"')
HASTY = with_limit("trip", "lock_timeout", '"PT1S"')


@pytest.mark.parametrize("texts", [PATIENT], ids=["patient"])
async def test_an_end_that_is_asked_for_while_the_broker_is_away_comes_about_when_it_is_back(
    installation: Installation, city: City
) -> None:
    member, car = await city.member(), await city.car()
    trip = await city.start(car, member)
    installation.clock.let_pass(timedelta(minutes=4))
    await installation.broker.stop()

    (await city.post(f"{trip}/end", None, member)).raise_for_status()
    await until(lambda: tried_in_vain(city))
    await installation.broker.start()
    await until(lambda: is_locked(car))
    await end_until_ended(city, trip, member)

    await assert_it_happened_once(city, trip, member)


@pytest.mark.parametrize("texts", [HASTY], ids=["hasty"])
async def test_an_end_that_expires_while_the_broker_is_away_is_told_and_can_be_asked_for_again(
    installation: Installation, city: City
) -> None:
    member, car = await city.member(), await city.car()
    trip = await city.start(car, member)
    installation.clock.let_pass(timedelta(minutes=4))
    await installation.broker.stop()

    (await city.post(f"{trip}/end", None, member)).raise_for_status()
    await until(lambda: is_unconfirmed(city, trip, member))
    await city.settled()
    assert len(city.mails("trip_end_unconfirmed")) == 1
    assert [car.locked] == [False]
    await installation.broker.start()
    await end_until_ended(city, trip, member)

    assert car.locked
    await assert_it_happened_once(city, trip, member)


async def tried_in_vain(city: City) -> bool:
    """Whether the command to the car will be sent again only after the car has had the time to reconnect."""
    found = "select exists (select from csbe.jobs where kind = 'tell_vehicle' and last_error <> '' and attempts >= 3)"
    return bool(await city.running.pool.fetchval(found))


async def is_locked(car: Car) -> bool:
    return car.locked


async def is_unconfirmed(city: City, trip: str, member: dict[str, str]) -> bool:
    shown = await city.get(trip, member)
    return shown["state"] == "ending" and shown["pending"] is None


async def end_until_ended(city: City, trip: str, member: dict[str, str]) -> None:
    """As a member does, who ends the trip again whenever told that the car has not confirmed it."""

    async def ended() -> bool:
        if await is_unconfirmed(city, trip, member):
            await city.post(f"{trip}/end", None, member)
        return bool((await city.get(trip, member))["state"] == "ended")

    await until(ended, patience_s=40)
    await city.settled()


async def assert_it_happened_once(city: City, trip: str, member: dict[str, str]) -> None:
    trip_id = trip.rpartition("/")[2]
    assert await city.told("rental.trip.ended") == [trip_id]
    assert len(city.mails("trip_ended")) == 1
    assert len(city.mails("trip_end_unconfirmed")) == len(await city.told("rental.trip.end_unconfirmed"))
    assert [invoice["state"] for invoice in (await city.get("/v1/invoices", member))["invoices"]] == ["paid"]
    operations = await city.running.pool.fetch("select operation from csbe.provider_operations order by performed_at")
    assert [row["operation"] for row in operations] == ["hold", "capture"]
    assert not any(result.broken for result in (await audit(city.running.store.read())).values())
