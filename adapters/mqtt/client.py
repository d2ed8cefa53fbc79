"""The one place that knows the MQTT library: connections from a URL, and acknowledgement by hand."""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime
from time import monotonic
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

import aiomqtt
from aiomqtt import Client, Message, MqttError, ProtocolVersion
from paho.mqtt.client import MQTTMessage
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

__all__ = [
    "AcknowledgingClient",
    "Arrival",
    "Client",
    "Message",
    "MqttError",
    "Properties",
    "client_options",
    "session_options",
    "traceparent_of",
    "with_traceparent",
]

RECEIVE_MAXIMUM = 2000
"""How many messages a broker may send before the first is acknowledged (MQTT 5)."""
SESSION_EXPIRY_S = 7 * 24 * 3600
"""How long a broker keeps messages for an ingest process that is away (MQTT 5)."""

logging.getLogger("mqtt").setLevel(logging.ERROR)


def client_options(url: str) -> dict[str, Any]:  # keyword arguments of the library, of many types
    """Connection options from `mqtt://user:password@host:port`.

    Scheme `mqtts` is TLS; `?version=5` asks for MQTT 5, otherwise it is 3.1.1. Raises `ValueError`.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"mqtt", "mqtts"} or not parts.hostname:
        msg = f"an MQTT URL looks like mqtt://host:1883, got scheme {parts.scheme!r}"
        raise ValueError(msg)
    tls = parts.scheme == "mqtts"
    return {
        "hostname": parts.hostname,
        "port": parts.port or (8883 if tls else 1883),
        "username": unquote(parts.username) if parts.username else None,
        "password": unquote(parts.password) if parts.password else None,
        "tls_params": aiomqtt.TLSParameters() if tls else None,
        "protocol": ProtocolVersion.V5 if "version=5" in parts.query else ProtocolVersion.V311,
    }


def session_options(url: str) -> dict[str, Any]:  # as above
    """The same with a session that outlives its connection."""
    options = client_options(url)
    if options["protocol"] is ProtocolVersion.V5:
        return options | {"clean_start": False, "properties": _session_properties()}
    return options | {"clean_session": False}


def with_traceparent(traceparent: str | None) -> Properties | None:
    """The user property that carries a trace on (MQTT 5; an older connection leaves properties out)."""
    if traceparent is None:
        return None
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho leaves it out
    properties.UserProperty = ("traceparent", traceparent)
    return properties


def traceparent_of(message: Message | MQTTMessage) -> str | None:
    """The trace that a message says it is a part of, if it says so."""
    if message.properties is None:  # of MQTT 3.1.1
        return None
    given: list[tuple[str, str]] = getattr(message.properties, "UserProperty", [])
    return next((value for name, value in given if name == "traceparent"), None)


class Arrival(NamedTuple):
    """A message that the broker keeps until it is acknowledged."""

    topic: str
    payload: bytes
    traceparent: str | None
    received_at: datetime
    arrived_s: float
    mid: int
    qos: int


class AcknowledgingClient(Client):
    """A client with a session that outlives its connection, whose messages stay the broker's until `acknowledge`.

    Messages are taken many at once, since a step of the event loop for each would cost more than to read it; so
    `messages` of the library gives none. Both need the client that the library wraps, hence the private names (and the
    pin of aiomqtt).
    """

    def __init__(self, url: str, *, identifier: str, now: Callable[[], datetime]) -> None:
        super().__init__(identifier=identifier, **session_options(url))
        self._now = now
        self._arrivals: deque[Arrival] = deque()
        self._some = asyncio.Event()
        self._client.manual_ack_set(on=True)
        self._client.disable_logger()  # it makes two lines of each message, whether they are wanted or not
        self._client.on_message = self._keep

    @property
    def waiting(self) -> int:
        """How many messages have arrived and are not taken."""
        return len(self._arrivals)

    def take(self, most: int) -> list[Arrival]:
        """So many messages at most, in order of arrival."""
        taken = [self._arrivals.popleft() for _ in range(min(most, len(self._arrivals)))]
        if not self._arrivals:
            self._some.clear()
        return taken

    async def arrival(self) -> None:
        """Wait until a message is there to be taken, or the connection is lost."""
        some = asyncio.create_task(self._some.wait())
        ends: set[asyncio.Future[Any]] = {some, self._disconnected}
        try:
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            some.cancel()

    def check(self) -> None:
        """Raises `MqttError` when the connection is lost."""
        if self._disconnected.done():
            msg = "disconnected"
            raise MqttError(msg) from self._disconnected.exception()

    def acknowledge(self, arrivals: Iterable[Arrival]) -> None:
        """Tell the broker that these are dealt with. With the connection gone it does nothing: they come again."""
        for arrival in arrivals:
            self._client.ack(arrival.mid, arrival.qos)

    def _keep(self, _client: object, _userdata: object, message: MQTTMessage) -> None:
        payload, traceparent = bytes(message.payload), traceparent_of(message)
        received_at, arrived_s = self._now(), monotonic()
        self._arrivals.append(
            Arrival(message.topic, payload, traceparent, received_at, arrived_s, message.mid, message.qos)
        )
        self._some.set()


def _session_properties() -> Properties:
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho leaves it out
    properties.SessionExpiryInterval = SESSION_EXPIRY_S
    properties.ReceiveMaximum = RECEIVE_MAXIMUM
    return properties
