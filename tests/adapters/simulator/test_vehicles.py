"""Simulated cars: the same seed, the same drive; and what goes wrong on request."""

import asyncio
import socket
from dataclasses import replace
from datetime import UTC, datetime
from random import Random
from typing import Any
from uuid import UUID, uuid4

import aiomqtt
import pytest

from adapters.mqtt.client import client_options
from adapters.simulator.car import LATITUDE, LONGITUDE, Car, offset
from adapters.simulator.vehicles import Faults, SimulatedFleet
from domain.kernel.units import Position
from tests.adapters.mqtt.cars import forget_retained

ALEX = Position(latitude=52.5219, longitude=13.4132)
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def car(seed: int = 1) -> Car:
    return Car(
        vehicle_id=UUID(int=1),
        vin="WBAZZZ00000000001",
        model="BMW i3",
        fuel_type="E",
        position=ALEX,
        energy_percent=80,
        odometer_m=1_000_000,
        random=Random(seed),
        destination=offset(ALEX, 150, 1.0),
        ignition_on=True,
    )


def drive(of: Car) -> list[dict[str, Any]]:
    """What the car says in each second until it has stopped."""
    said: list[dict[str, Any]] = []
    while of.moving:
        of.advance(1.0)
        said += [message.signals for message in of.through_faults(of.telemetry(NOON), NOON)]
    return said


def test_the_same_seed_drives_the_same_way_and_another_does_not() -> None:
    assert drive(car(1)) == drive(car(1)) != drive(car(2))


def test_a_car_drives_to_its_destination_by_its_odometer_and_switches_off() -> None:
    driven = car()

    drive(driven)

    assert driven.odometer_m - 1_000_000 == pytest.approx(150, abs=8)
    assert (driven.moving, driven.ignition_on, driven.speed_kmh) == (False, False, 0)


def test_a_drifting_fix_is_some_hundred_metres_off_and_the_car_is_not() -> None:
    drifting = car()
    drifting.faults = Faults(gps_drift=1.0).of(drifting)

    [said] = drifting.through_faults(drifting.telemetry(NOON), NOON)

    fix = Position(latitude=said.signals[LATITUDE], longitude=said.signals[LONGITUDE])
    assert 290 <= fix.distance_m(ALEX) <= 510
    assert drifting.position == ALEX


@pytest.mark.parametrize(("lost_message", "sent"), [(0.0, 1), (1.0, 0)])
def test_a_lost_message_is_never_sent_but_counted_by_the_car(lost_message: float, sent: int) -> None:
    reporting = car()
    reporting.faults = Faults(lost_message=lost_message).of(reporting)

    messages = reporting.through_faults(reporting.telemetry(NOON), NOON)

    assert (len(messages), reporting.seq) == (sent, 1)


async def test_each_car_has_a_connection_of_its_own_whose_last_will_says_that_it_is_gone(mqtt_url: str) -> None:
    one, other = car(), replace(car(), vin="WBAZZZ00000000002", vehicle_id=UUID(int=2))
    fleet = SimulatedFleet([one, other], url=mqtt_url, service=f"wills-{uuid4()}")
    stop, ready = asyncio.Event(), asyncio.Event()

    async with aiomqtt.Client(**client_options(mqtt_url)) as watching:
        try:
            async with asyncio.timeout(20):
                await watching.subscribe(fleet._topic(one, "status").replace(one.vin, "+"), qos=1)
                driving = asyncio.create_task(fleet.run(stop, ready))
                await ready.wait()
                cut(fleet._clients[one.vin])
                said = [await anext(watching.messages) for _ in range(4)]
                stop.set()
                await driving
        finally:
            await forget_retained(watching, fleet._topic(one, "status"), fleet._topic(other, "status"))

    assert {(message.topic.value.split("/")[4], message.payload) for message in said[:2]} == {
        (one.vin, b"online"),
        (other.vin, b"online"),
    }
    assert [(message.topic.value.split("/")[4], message.payload) for message in said[2:]] == [
        (one.vin, b"offline"),
        (one.vin, b"online"),
    ]


def cut(client: aiomqtt.Client) -> None:
    """As when a car drives into a tunnel."""
    connection = client._client._sock
    assert isinstance(connection, socket.socket)
    connection.shutdown(socket.SHUT_RDWR)
