"""Sends commands to cars: the `VehicleGateway` over MQTT."""

import asyncio
from datetime import datetime
from types import TracebackType
from typing import Self

from adapters import tracing
from adapters.mqtt import topics
from adapters.mqtt.client import Client, MqttError, client_options, with_traceparent
from adapters.mqtt.payloads import CommandMessage
from domain.kernel.policy import TellVehicle
from domain.kernel.ports import Clock, GatewayUnavailableError


class MqttVehicleGateway:
    """Implements `VehicleGateway`. Publishes at QoS 1: `send` returns once the broker has the command.

    Idempotent for the car by the id in the message. A command that has expired is not sent, since its time-out is
    already on its way. An asynchronous context manager; it connects when first needed, and again after a loss.
    """

    def __init__(self, url: str, *, clock: Clock, timeout_s: float = 5.0) -> None:
        self._url = url
        self._clock = clock
        self._timeout_s = timeout_s
        self._lock = asyncio.Lock()
        self._client: Client | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._disconnect()

    async def send(self, request: TellVehicle, /) -> None:
        """Hand the command to the broker. Raises `GatewayUnavailableError` when there is none to take it."""
        if has_expired(request, self._clock.now()):
            return
        topic = topics.of_vehicle(request.service, request.vin, "commands")
        payload = CommandMessage.of(request).model_dump_json()
        try:
            await self._publish(topic, payload)
        except MqttError:
            # The kept connection may have died unnoticed: a new one decides. A command that arrives twice is done once.
            await self._publish_or_fail(topic, payload)

    async def _publish_or_fail(self, topic: str, payload: str) -> None:
        try:
            await self._publish(topic, payload)
        except MqttError as error:
            msg = f"the broker did not take the command: {error}"
            raise GatewayUnavailableError(msg) from error

    async def _publish(self, topic: str, payload: str) -> None:
        client = await self._connected()
        try:
            traced = with_traceparent(tracing.own_traceparent())
            await client.publish(topic, payload, qos=1, properties=traced, timeout=self._timeout_s)
        except MqttError:
            await self._disconnect(client)
            raise

    async def _connected(self) -> Client:
        async with self._lock:
            if self._client is None:
                client = Client(**client_options(self._url), timeout=self._timeout_s)
                self._client = await client.__aenter__()
            return self._client

    async def _disconnect(self, broken: Client | None = None) -> None:
        """Close the connection; of several callers that met the same broken one, the first does it."""
        async with self._lock:
            if broken is not None and self._client is not broken:
                return
            client, self._client = self._client, None
        if client is not None:
            try:
                await client.__aexit__(None, None, None)
            except MqttError:
                return  # the connection was gone already, which is what we want


def has_expired(request: TellVehicle, now: datetime) -> bool:
    """Whether it is too late to send this."""
    return now >= request.expires_at
