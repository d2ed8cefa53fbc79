"""Commands on their way to a car."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest

from adapters.embedded.broker import free_port
from adapters.mqtt.gateway import MqttVehicleGateway
from adapters.mqtt.payloads import CommandMessage
from domain.kernel.ids import VehicleId
from domain.kernel.policy import TellVehicle
from domain.kernel.ports import GatewayUnavailableError
from tests.adapters.mqtt.cars import SERVICE, Car
from tests.adapters.mqtt.refusing import NO_MATCHING_SUBSCRIBERS, NOT_AUTHORIZED, Refusals, refusing_broker
from tests.support.clocks import SystemClock


def unlock(vin: str, number: int = 1, *, valid_for_s: float = 30) -> TellVehicle:
    now = datetime.now(UTC)
    return TellVehicle(
        request_id=UUID(int=number), vehicle_id=VehicleId(UUID(int=9)), vin=vin, service=SERVICE, type="unlock",
        issued_at=now, expires_at=now + timedelta(seconds=valid_for_s),
    )  # fmt: skip


async def next_command(car: Car) -> CommandMessage:
    message = await asyncio.wait_for(anext(aiter(car.client.messages)), 10)
    assert isinstance(message.payload, bytes)
    return CommandMessage.model_validate_json(message.payload)


async def test_a_command_reaches_its_car(mqtt_url: str, car: Car) -> None:
    await car.client.subscribe(car.topic("commands"), qos=1)
    request = unlock(car.vin)
    async with MqttVehicleGateway(mqtt_url, clock=SystemClock()) as gateway:
        await gateway.send(request)
    received = await next_command(car)
    assert (received.id, received.type, received.expires_at) == (request.request_id, "unlock", request.expires_at)


async def test_an_expired_command_is_not_sent(mqtt_url: str, car: Car) -> None:
    await car.client.subscribe(car.topic("commands"), qos=1)
    async with MqttVehicleGateway(mqtt_url, clock=SystemClock()) as gateway:
        await gateway.send(unlock(car.vin, 1, valid_for_s=-1))
        await gateway.send(unlock(car.vin, 2))
    assert (await next_command(car)).id == UUID(int=2)


async def test_many_commands_at_once_share_one_connection(mqtt_url: str, car: Car) -> None:
    await car.client.subscribe(car.topic("commands"), qos=1)
    async with MqttVehicleGateway(mqtt_url, clock=SystemClock()) as gateway:
        await asyncio.gather(*(gateway.send(unlock(car.vin, number)) for number in range(40)))
    assert {(await next_command(car)).id.int for _ in range(40)} == set(range(40))


async def test_without_a_broker_the_gateway_is_unavailable(vin: str) -> None:
    async with MqttVehicleGateway(f"mqtt://127.0.0.1:{free_port()}", clock=SystemClock(), timeout_s=1) as gateway:
        with pytest.raises(GatewayUnavailableError):
            await gateway.send(unlock(vin))


async def test_a_command_that_the_broker_refuses_is_not_sent_and_the_next_try_is_one_of_its_own(vin: str) -> None:
    figures = Refusals()
    async with (
        refusing_broker(messages=(NOT_AUTHORIZED, NO_MATCHING_SUBSCRIBERS)) as broker,
        MqttVehicleGateway(f"{broker.url}?version=5", clock=SystemClock(), metrics=figures) as gateway,
    ):
        with pytest.raises(GatewayUnavailableError, match="0x87 Not authorized"):
            await gateway.send(unlock(vin))
        await gateway.send(unlock(vin))

    assert len(broker.published) == 2
    assert figures.seen == ["command"]
