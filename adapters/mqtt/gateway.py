"""Sends commands to cars: the `VehicleGateway` over MQTT."""

import asyncio
from datetime import datetime
from types import TracebackType
from typing import Self

import structlog

from adapters import tracing
from adapters.mqtt import topics
from adapters.mqtt.client import ConfirmedClient, MqttError, RefusedByBrokerError, TlsFiles, with_traceparent
from adapters.mqtt.metrics import BrokerMetrics, NoMetrics
from adapters.mqtt.payloads import CommandMessage
from domain.kernel.policy import TellVehicle
from domain.kernel.ports import Clock, GatewayUnavailableError

log = structlog.get_logger(__name__)


class MqttVehicleGateway:
    """Implements `VehicleGateway`. Publishes at QoS 1: `send` returns once the broker has the command.

    Over MQTT 5 the broker can say no; over 3.1.1 it cannot, and drops in silence what its rules forbid.

    Idempotent for the car by the id in the message. A command that has expired is not sent, since its time-out is
    already on its way. An asynchronous context manager; it connects when first needed, and again after a loss.
    """

    def __init__(
        self,
        url: str,
        *,
        clock: Clock,
        timeout_s: float = 5.0,
        metrics: BrokerMetrics | None = None,
        tls: TlsFiles | None = None,
    ) -> None:
        self._url = url
        self._tls = tls
        self._clock = clock
        self._timeout_s = timeout_s
        self._metrics = metrics or NoMetrics()
        self._lock = asyncio.Lock()
        self._client: ConfirmedClient | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._disconnect()

    async def send(self, request: TellVehicle, /) -> None:
        """Hand the command to the broker. Raises `GatewayUnavailableError` when none takes it."""
        if has_expired(request, self._clock.now()):
            return
        topic = topics.of_vehicle(request.service, request.vin, "commands")
        payload = CommandMessage.of(request).model_dump_json()
        try:
            await self._publish_again_if_lost(topic, payload)
        except MqttError as error:
            raise GatewayUnavailableError(f"the broker did not take the command: {error}") from error
        except RefusedByBrokerError as error:
            log.error("command_refused_by_broker", type=request.type, error=str(error))  # noqa: TRY400  # tells it all
            self._metrics.refused("command")
            raise GatewayUnavailableError(f"the broker did not take the command: {error}") from error

    async def _publish_again_if_lost(self, topic: str, payload: str) -> None:
        """The kept connection may have died unnoticed: a new one decides. A command that arrives twice is done once."""
        try:
            await self._publish(topic, payload)
        except MqttError:
            await self._publish(topic, payload)

    async def _publish(self, topic: str, payload: str) -> None:
        client = await self._connected()
        try:
            traced = with_traceparent(tracing.own_traceparent())
            await client.send(topic, payload, traced)
        except MqttError:
            await self._disconnect(client)
            raise

    async def _connected(self) -> ConfirmedClient:
        async with self._lock:
            if self._client is None:
                client = ConfirmedClient(self._url, timeout_s=self._timeout_s, tls=self._tls)
                await client.__aenter__()
                self._client = client
            return self._client

    async def _disconnect(self, broken: ConfirmedClient | None = None) -> None:
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
