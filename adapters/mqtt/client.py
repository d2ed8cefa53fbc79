"""The one place that knows the MQTT library: connections from a URL, and acknowledgement by hand."""

import asyncio
import logging
import os
import ssl
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from itertools import zip_longest
from pathlib import Path
from socket import socket
from struct import Struct
from time import monotonic
from typing import Any, NamedTuple
from urllib.parse import unquote, urlsplit

from aiomqtt import Client, Message, MqttError, ProtocolVersion
from paho.mqtt.client import MQTT_ERR_SUCCESS, PUBACK, ConnectFlags, MQTTMessage, MQTTv5
from paho.mqtt.client import Client as PahoClient
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

__all__ = [
    "AcknowledgingClient",
    "Arrival",
    "ConfirmedClient",
    "Message",
    "MqttError",
    "Properties",
    "RefusedByBrokerError",
    "TlsFiles",
    "client_options",
    "end_session",
    "session_options",
    "traceparent_of",
    "with_traceparent",
]

RECEIVE_MAXIMUM = 2000
"""How many messages a broker may send before the first is acknowledged (MQTT 5)."""
SESSION_EXPIRY_S = 7 * 24 * 3600
"""How long a broker keeps messages for an ingest process that is away (MQTT 5)."""
MOST_UNCONFIRMED = 10_000
"""So many messages wait in memory at most that no acknowledgement holds back (QoS 0), while the database is away."""

READ_AHEAD_BYTES = 64 * 1024
"""How much is asked of a socket at once."""

_PUBACK = Struct("!BBH")
"""Packet type, length of what follows, and which message (MQTT 3.1.1, 3.4; the same in MQTT 5 for a success)."""

logging.getLogger("mqtt").setLevel(logging.ERROR)


class TlsFiles(NamedTuple):
    """Whom to trust, and by which certificate to be known; PEM."""

    ca: Path | None = None
    """Those of the machine when not given."""
    certificate: Path | None = None
    key: Path | None = None
    """That of the certificate's file when not given."""


async def end_session(url: str, identifier: str, tls: TlsFiles | None = None) -> None:
    """Have the broker forget a session and what is left in it."""
    async with Client(identifier=identifier, **client_options(url, tls)):
        return


def client_options(
    url: str, tls: TlsFiles | None = None
) -> dict[str, Any]:  # keyword arguments of the library, of many types
    """Connection options from `mqtt://user:password@host:port`.

    Scheme `mqtts` is TLS; `?version=5` asks for MQTT 5, otherwise it is 3.1.1. Raises `ValueError`.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"mqtt", "mqtts"} or not parts.hostname:
        msg = f"an MQTT URL looks like mqtt://host:1883, got scheme {parts.scheme!r}"
        raise ValueError(msg)
    is_tls = parts.scheme == "mqtts"
    if tls and not is_tls:
        raise ValueError("certificates are for a broker at mqtts://")
    return {
        "hostname": parts.hostname,
        "port": parts.port or (8883 if is_tls else 1883),
        "username": unquote(parts.username) if parts.username else None,
        "password": unquote(parts.password) if parts.password else None,
        "tls_context": _tls_context(tls or TlsFiles()) if is_tls else None,
        "protocol": ProtocolVersion.V5 if "version=5" in parts.query else ProtocolVersion.V311,
    }


def _tls_context(files: TlsFiles) -> ssl.SSLContext:
    for file in files:
        if file is not None and not os.access(file, os.R_OK):
            raise ValueError(f"{file} cannot be read")
    try:
        context = ssl.create_default_context(cafile=files.ca)
        if files.certificate:
            context.load_cert_chain(files.certificate, files.key)
    except ssl.SSLError as error:
        names = ", ".join(str(file) for file in files if file)
        raise ValueError(f"{names}: not PEM, or the key is another certificate's ({error.reason})") from error
    return context


def session_options(url: str, tls: TlsFiles | None = None) -> dict[str, Any]:  # as above
    """The same with a session that outlives its connection."""
    options = client_options(url, tls)
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


class RefusedByBrokerError(Exception):
    """The broker is there and says no, usually by its rules on who may do what."""


class Arrival(NamedTuple):
    """A message that the broker keeps until it is acknowledged."""

    topic: str
    payload: bytes
    traceparent: str | None
    received_at: datetime
    arrived_s: float
    mid: int
    qos: int


class ReadAhead:
    """A socket that reads all that has come at once; the library asks for a packet in four pieces, each a system call.

    The library goes on with what is `pending` before it waits for the socket again, as it does for TLS. There is one
    read for each wait, so that a flood of messages leaves the event loop its other work. It takes a whole TLS record
    (16 KiB at most: RFC 8446, 5.1), so nothing decrypted is left that the wait would not know of.
    """

    def __init__(self, sock: socket) -> None:
        self._sock = sock
        self._ahead = b""
        self._taken = 0
        self._read = False
        self.send = sock.send
        self.close = sock.close
        self.fileno = sock.fileno
        self.setblocking = sock.setblocking

    def recv(self, size: int) -> bytes:
        """So many bytes at most, none at the end of the stream; raises `BlockingIOError` when none are there yet."""
        if self._taken == len(self._ahead):
            if self._read:
                raise BlockingIOError
            self._ahead, self._taken, self._read = self._sock.recv(READ_AHEAD_BYTES), 0, True
        found = self._ahead[self._taken : self._taken + size]
        self._taken += len(found)
        return found

    def pending(self) -> int:
        """How many bytes are there without a read; with none, the library waits for the socket."""
        pending = len(self._ahead) - self._taken
        self._read = pending > 0
        return pending


class AcknowledgingClient(Client):
    """A client with a session that outlives its connection, whose messages stay the broker's until `acknowledge`.

    Messages are read, taken and acknowledged many at once, since a system call and a step of the event loop for each
    would cost more than to read it; so `messages` of the library gives none. All three need the client that the
    library wraps, hence the private names (and the pins of aiomqtt and paho-mqtt).
    """

    def __init__(self, url: str, *, identifier: str, now: Callable[[], datetime], tls: TlsFiles | None = None) -> None:
        super().__init__(identifier=identifier, **session_options(url, tls))
        self._now = now
        self.has_shared_subscriptions = False
        """Whether the broker says so, which it can over MQTT 5 only."""
        self._arrivals: deque[Arrival] = deque()
        self._let_go = 0
        self._some = asyncio.Event()
        self._client.manual_ack_set(on=True)
        self._client.disable_logger()  # it makes two lines of each message, whether they are wanted or not
        self._client._handle_on_message = self._keep  # type: ignore[method-assign]  # noqa: SLF001
        # Instead of `on_message`, before which it would look up the topic among the filters that have a callback.

    async def listen(self, filters: Sequence[str]) -> None:
        """Subscribe at QoS 1. Raises `RefusedByBrokerError` unless all is granted as asked for."""
        answers = await self.subscribe([(topic, 1) for topic in filters])
        codes = [answer if isinstance(answer, int) else answer.value for answer in answers]
        refused = [f"{topic}: 0x{code:02x}" for topic, code in zip_longest(filters, codes, fillvalue=0) if code != 1]
        if refused:
            raise RefusedByBrokerError(f"subscription refused: {', '.join(refused)}")

    def leave(self, filters: Sequence[str]) -> None:
        """Unsubscribe, without waiting: not every broker answers about what it never knew (rumqttd does not)."""
        for one in filters:
            self._client.unsubscribe(one)

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

    def let_go(self) -> int:
        """How many messages of QoS 0 were let go since somebody asked, for want of room."""
        count, self._let_go = self._let_go, 0
        return count

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
        packets = b"".join(_PUBACK.pack(PUBACK, 2, arrival.mid) for arrival in arrivals if arrival.qos)
        if packets:
            self._client._packet_queue(PUBACK, packets, 0, 1)  # noqa: SLF001  # `ack` of the library sends one at a time

    def _on_socket_open(self, client: PahoClient, userdata: object, sock: socket) -> None:
        ahead = ReadAhead(sock)
        client._sock = ahead  # noqa: SLF001  # the library has no other place to put one's own socket
        super()._on_socket_open(client, userdata, ahead)

    def _on_connect(
        self,
        client: PahoClient,
        userdata: object,
        flags: ConnectFlags,
        reason_code: ReasonCode,
        properties: Properties | None = None,
    ) -> None:
        if client.protocol == MQTTv5:
            self.has_shared_subscriptions = getattr(properties, "SharedSubscriptionAvailable", 1) == 1
        super()._on_connect(client, userdata, flags, reason_code, properties)

    def _on_unsubscribe(
        self,
        client: PahoClient,
        userdata: object,
        mid: int,
        reason_codes: list[ReasonCode],
        properties: Properties | None = None,
    ) -> None:
        if mid in self._pending_unsubscribes:  # else nobody waits for it, which the library would log as an error
            super()._on_unsubscribe(client, userdata, mid, reason_codes, properties)

    def _keep(self, message: MQTTMessage) -> None:
        if message.qos == 0 and len(self._arrivals) >= MOST_UNCONFIRMED:
            self._let_go += 1
            return
        topic = message._topic.decode(errors="replace")  # noqa: SLF001  # `topic` raises, and some brokers pass any bytes
        payload, traceparent = bytes(message.payload), traceparent_of(message)
        received_at, arrived_s = self._now(), monotonic()
        self._arrivals.append(Arrival(topic, payload, traceparent, received_at, arrived_s, message.mid, message.qos))
        self._some.set()


class ConfirmedClient(Client):
    """A client whose messages are sent once the broker has said so, and has not said no (MQTT 5)."""

    def __init__(self, url: str, *, timeout_s: float, tls: TlsFiles | None = None) -> None:
        super().__init__(**client_options(url, tls), timeout=timeout_s)
        self._answers: dict[int, asyncio.Future[ReasonCode]] = {}

    async def send(self, topic: str, payload: str, properties: Properties | None) -> None:
        """Publish at QoS 1. Raises `RefusedByBrokerError` when the broker says no, `MqttError` when it says nothing."""
        sent = self._client.publish(topic, payload, 1, properties=properties)
        if sent.rc != MQTT_ERR_SUCCESS:
            raise MqttError(f"could not publish: {sent.rc.name}")
        answer = self._answers[sent.mid] = asyncio.get_running_loop().create_future()
        try:
            await asyncio.wait({answer, self._disconnected}, timeout=self.timeout, return_when=asyncio.FIRST_COMPLETED)
        finally:
            del self._answers[sent.mid]
        if not answer.done():
            raise MqttError("no answer to a message")
        if answer.result().is_failure:
            raise RefusedByBrokerError(f"message refused: 0x{answer.result().value:02x} {answer.result()}")

    def _on_publish(
        self, client: PahoClient, userdata: object, mid: int, reason_code: ReasonCode, properties: Properties
    ) -> None:
        super()._on_publish(client, userdata, mid, reason_code, properties)
        if (answer := self._answers.get(mid)) is not None and not answer.done():
            answer.set_result(reason_code)


def _session_properties() -> Properties:
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho leaves it out
    properties.SessionExpiryInterval = SESSION_EXPIRY_S
    properties.ReceiveMaximum = RECEIVE_MAXIMUM
    return properties
