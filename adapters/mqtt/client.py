"""The one place that knows the MQTT library: connections from a URL, and acknowledgement by hand."""

import logging
from typing import Any
from urllib.parse import unquote, urlsplit

import aiomqtt
from aiomqtt import Client, Message, MqttError, ProtocolVersion
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

__all__ = [
    "AcknowledgingClient",
    "Client",
    "Message",
    "MqttError",
    "Properties",
    "client_options",
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


def with_traceparent(traceparent: str | None) -> Properties | None:
    """The user property that carries a trace on (MQTT 5; an older connection leaves properties out)."""
    if traceparent is None:
        return None
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho leaves it out
    properties.UserProperty = ("traceparent", traceparent)
    return properties


def traceparent_of(message: Message) -> str | None:
    """The trace that a message says it is a part of, if it says so."""
    given: list[tuple[str, str]] = getattr(message.properties, "UserProperty", [])
    return next((value for name, value in given if name == "traceparent"), None)


class AcknowledgingClient(Client):
    """A client with a session that outlives its connection, whose messages stay the broker's until `acknowledge`.

    The library hides the switch for it in the client that it wraps, hence the private name (and the pin of aiomqtt).
    """

    def __init__(self, url: str, *, identifier: str) -> None:
        options = client_options(url)
        if options["protocol"] is ProtocolVersion.V5:
            options |= {"clean_start": False, "properties": _session_properties()}
        else:
            options |= {"clean_session": False}
        super().__init__(identifier=identifier, **options)
        self._client.manual_ack_set(on=True)

    def acknowledge(self, message: Message) -> None:
        """Tell the broker that the message is dealt with. With the connection gone it does nothing: it comes again."""
        self._client.ack(message.mid, message.qos)


def _session_properties() -> Properties:
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho leaves it out
    properties.SessionExpiryInterval = SESSION_EXPIRY_S
    properties.ReceiveMaximum = RECEIVE_MAXIMUM
    return properties
