"""An embedded MQTT broker, so that a system with nothing configured has one.

It speaks MQTT 3.1.1 only and keeps sessions in memory: what it holds ends with the process, and what is in flight with
its connection. A real broker, given by its URL, replaces it.
"""

import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from amqtt.broker import Broker
from amqtt.plugins.base import BaseAuthPlugin
from amqtt.session import Session


class OpenToAll(BaseAuthPlugin):  # type: ignore[misc]  # of an untyped package
    """Lets everybody in by name, so that sessions are kept (amqtt keeps none for anonymous clients)."""

    async def authenticate(self, *, session: Session) -> bool:
        """Yes, to whoever reaches the port: it is bound to this machine."""
        del session
        return True


@asynccontextmanager
async def embedded_broker(port: int | None = None, *, host: str = "127.0.0.1") -> AsyncIterator[str]:
    """Run a broker on `port` (a free one when not given) and yield its URL, e.g. `mqtt://127.0.0.1:43211`."""
    for name in ("amqtt", "transitions"):
        logging.getLogger(name).setLevel(logging.CRITICAL)
    bound = port or free_port(host)
    broker = Broker(_configuration(host, bound))
    await broker.start()
    try:
        yield f"mqtt://{host}:{bound}"
    finally:
        await broker.shutdown()


def free_port(host: str = "127.0.0.1") -> int:
    """A TCP port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def _configuration(host: str, port: int) -> dict[str, object]:
    plugin = f"{OpenToAll.__module__}.{OpenToAll.__qualname__}"
    return {"listeners": {"default": {"type": "tcp", "bind": f"{host}:{port}"}}, "plugins": {plugin: {}}}
