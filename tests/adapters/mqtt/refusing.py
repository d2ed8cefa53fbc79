"""A broker that says no: it answers subscriptions and messages with the codes it is given."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from adapters.mqtt.metrics import NoMetrics
from tests.support.packets import packet, read_packet

GRANTED, NO_MATCHING_SUBSCRIBERS, FAILURE, NOT_AUTHORIZED = 0x01, 0x10, 0x80, 0x87


class Refusals(NoMetrics):
    """Writes down what was refused."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    def refused(self, what: str) -> None:
        self.seen.append(what)


@dataclass
class RefusingBroker:
    """Keeps nothing, delivers nothing. What it is not told to refuse it grants."""

    subscriptions: deque[int] = field(default_factory=deque)
    """Codes for the coming requests to subscribe, each for the first filter of one."""
    messages: deque[int] = field(default_factory=deque)
    """Codes for the coming messages (MQTT 5)."""
    hang_up: int = 0
    """How often it ends the connection once it has granted what was asked for, as it does to a client whose id another
    one takes."""
    version: int = 4
    url: str = ""
    subscribed: int = 0
    published: list[bytes] = field(default_factory=list)
    more: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def until_asked(self, times: int) -> None:
        """Until so many requests to subscribe have come."""
        async with self.more, asyncio.timeout(20):
            await self.more.wait_for(lambda: self.subscribed >= times)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while found := await read_packet(reader):
            kind, body = found
            match kind & 0xF0:
                case 0x10:
                    self.version = body[6]
                    writer.write(packet(0x20, b"\x00\x00" + self._no_properties))
                case 0x80:
                    writer.write(packet(0x90, body[:2] + self._no_properties + self._codes(body)))
                    async with self.more:
                        self.subscribed += 1
                        self.more.notify_all()
                    if self.hang_up:
                        self.hang_up -= 1
                        break
                case 0xA0:
                    writer.write(packet(0xB0, body[:2] + self._no_properties))
                case 0x30:
                    self.published.append(body)
                    topic = int.from_bytes(body[:2]) + 2
                    writer.write(packet(0x40, body[topic : topic + 2] + self._answer()))
                case 0xE0:
                    break
        writer.close()

    @property
    def _no_properties(self) -> bytes:
        return b"\x00" if self.version == 5 else b""

    def _codes(self, body: bytes) -> bytes:
        at, filters = 3 if self.version == 5 else 2, 0
        while at < len(body):
            at += 3 + int.from_bytes(body[at : at + 2])
            filters += 1
        first = self.subscriptions.popleft() if self.subscriptions else GRANTED
        return bytes([first, *[GRANTED] * (filters - 1)])

    def _answer(self) -> bytes:
        if self.version != 5 or not self.messages:
            return b""
        return bytes([self.messages.popleft(), 0])


@asynccontextmanager
async def refusing_broker(
    *, subscriptions: tuple[int, ...] = (), messages: tuple[int, ...] = ()
) -> AsyncIterator[RefusingBroker]:
    """It listens during the block."""
    broker = RefusingBroker(deque(subscriptions), deque(messages))
    server = await asyncio.start_server(broker.serve, "127.0.0.1", 0)
    broker.url = f"mqtt://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    try:
        yield broker
    finally:
        server.close()
