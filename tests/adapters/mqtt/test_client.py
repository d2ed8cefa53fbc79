"""Reading ahead and acknowledging many at once: what comes and what is acknowledged are the same as one by one."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.mqtt.client import MOST_UNCONFIRMED, READ_AHEAD_BYTES, AcknowledgingClient, Arrival, MqttError, ReadAhead
from tests.support.certificates import self_signed
from tests.support.packets import packet, read_packet

PIECES = st.lists(st.binary(min_size=1, max_size=300), max_size=20)
SIZES = st.lists(st.integers(1, 200), min_size=1, max_size=20)
BODIES = [bytes([n % 256]) * size for n, size in enumerate([0, 1, 100, 128, 600, 20_000, READ_AHEAD_BYTES + 1] * 20)]


@given(PIECES, SIZES)
def test_what_is_read_ahead_comes_out_whole_and_in_order(pieces: list[bytes], sizes: list[int]) -> None:
    """Whatever the pieces in which it comes, and those in which it is asked for."""
    with _read_ahead() as (theirs, ahead):
        sent = read = b""
        for n, piece in enumerate(pieces):
            theirs.sendall(piece)
            sent += piece
            read += ahead.recv(sizes[n % len(sizes)])
            assert sent.startswith(read)
            ahead.pending()
        theirs.close()
        while found := ahead.recv(sizes[0]):
            read += found
            ahead.pending()
        assert (read, ahead.pending()) == (sent, 0)


def test_nothing_yet_is_not_the_end() -> None:
    with _read_ahead() as (theirs, ahead):
        theirs.sendall(b"ab")
        assert (ahead.recv(1), ahead.pending(), ahead.recv(1), ahead.pending()) == (b"a", 1, b"b", 0)
        with pytest.raises(BlockingIOError):
            ahead.recv(1)
        theirs.sendall(b"c")
        assert ahead.recv(9) == b"c"


def test_a_flood_is_read_once_for_each_wait() -> None:
    with _read_ahead() as (theirs, ahead):
        theirs.sendall(b"ab")
        assert ahead.recv(2) == b"ab"
        theirs.sendall(b"c")
        with pytest.raises(BlockingIOError):
            ahead.recv(1)
        assert ahead.pending() == 0
        assert ahead.recv(1) == b"c"


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
async def test_messages_cut_anywhere_arrive_and_are_acknowledged_once(
    tls: bool,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pem = tmp_path / "both.pem"
    context = self_signed(pem) if tls else None
    monkeypatch.setenv("SSL_CERT_FILE", str(pem))
    async with _broker(context) as (port, broker), _client(port, context) as client:
        arrivals = await _all_of(client)
        assert [a.payload for a in arrivals] == BODIES
        client.acknowledge(arrivals[:90])
        client.acknowledge([])
        client.acknowledge(arrivals[90:])
        assert await broker.acknowledged(len(BODIES)) == list(range(1, len(BODIES) + 1))


async def test_a_connection_that_ends_amid_a_message_is_lost_and_the_messages_before_it_are_not() -> None:
    async with _broker(None, last=BODIES[-1][:500]) as (port, _), _client(port, None) as client:
        arrivals = await _all_of(client)
        await asyncio.wait_for(client.arrival(), 10)
        assert [a.payload for a in arrivals] == BODIES
        with pytest.raises(MqttError):
            client.check()
        client.acknowledge(arrivals)  # does nothing: they come again


async def test_a_topic_that_is_no_text_arrives_like_any_other_and_is_acknowledged() -> None:
    stream = _publish(1, b"one", topic=b"c\xff\xfe") + _publish(2, b"two")
    async with _broker(None, stream=stream) as (port, broker), _client(port, None) as client:
        arrivals = await _all_of(client, 2)
        client.acknowledge(arrivals)
        assert [a.payload for a in arrivals] == [b"one", b"two"]
        assert await broker.acknowledged(2) == [1, 2]


async def test_what_nothing_holds_back_waits_in_bounds_and_what_is_let_go_is_counted() -> None:
    confirmed = _publish(1, b"confirmed")
    stream = b"".join(packet(0x30, b"\x00\x04cars") for _ in range(MOST_UNCONFIRMED + 500)) + confirmed
    async with _broker(None, stream=stream) as (port, broker), _client(port, None) as client:
        async with asyncio.timeout(20):
            while client.waiting <= MOST_UNCONFIRMED:  # the confirmed one comes last, and always finds room
                await asyncio.sleep(0)
        arrivals = client.take(2 * MOST_UNCONFIRMED)
        client.acknowledge(arrivals)
        assert (len(arrivals), arrivals[-1].payload) == (MOST_UNCONFIRMED + 1, b"confirmed")
        assert (client.let_go(), client.let_go()) == (500, 0)
        assert await broker.acknowledged(1) == [1]


@contextmanager
def _read_ahead() -> Iterator[tuple[socket.socket, ReadAhead]]:
    """The far end of a connection, and ours."""
    theirs, ours = socket.socketpair()
    with theirs, ours:
        ours.setblocking(False)
        yield theirs, ReadAhead(ours)


@asynccontextmanager
async def _client(port: int, context: ssl.SSLContext | None) -> AsyncIterator[AcknowledgingClient]:
    url = f"{'mqtts' if context else 'mqtt'}://localhost:{port}"
    async with AcknowledgingClient(url, identifier="reader", now=lambda: datetime.now(UTC)) as client:
        await client.subscribe("cars", qos=1)
        yield client


async def _all_of(client: AcknowledgingClient, count: int = len(BODIES)) -> list[Arrival]:
    arrivals: list[Arrival] = []
    async with asyncio.timeout(20):
        while len(arrivals) < count:
            await client.arrival()
            arrivals += client.take(7)
    return arrivals


class _Broker:
    """Sends `BODIES`, or what it is given, to whoever subscribes, cut anywhere; writes down what is acknowledged."""

    def __init__(self, last: bytes | None, stream: bytes | None) -> None:
        self._last = last
        self._stream = b"".join(_publish(mid, body) for mid, body in enumerate(BODIES, 1)) if stream is None else stream
        self._acknowledged: list[int] = []
        self._more = asyncio.Condition()

    async def acknowledged(self, count: int) -> list[int]:
        """The ids of the first so many acknowledged messages, and of all others."""
        async with self._more, asyncio.timeout(20):
            await self._more.wait_for(lambda: len(self._acknowledged) >= count)
        return self._acknowledged

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        sending: asyncio.Task[None] | None = None
        while found := await read_packet(reader):
            kind, body = found
            if kind == 0x10:
                writer.write(b"\x20\x02\x00\x00")  # CONNACK
            elif kind == 0x82:
                writer.write(b"\x90\x03" + body[:2] + b"\x01")  # SUBACK
                sending = asyncio.create_task(self._send(writer))
            elif kind == 0x40:
                async with self._more:
                    self._acknowledged.append(int.from_bytes(body))
                    self._more.notify_all()
        if sending:
            await sending
        writer.close()

    async def _send(self, writer: asyncio.StreamWriter) -> None:
        for piece in _cut(self._stream, Random(5)):
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0)  # the client reads in the same loop
        if self._last is not None:
            writer.write(_publish(9999, self._last)[:-1])
            writer.close()


@asynccontextmanager
async def _broker(
    context: ssl.SSLContext | None, last: bytes | None = None, stream: bytes | None = None
) -> AsyncIterator[tuple[int, _Broker]]:
    broker = _Broker(last, stream)
    server = await asyncio.start_server(broker.serve, "localhost", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1], broker
    finally:
        server.close()


def _publish(mid: int, payload: bytes, topic: bytes = b"cars") -> bytes:
    """A message at QoS 1 (MQTT 3.1.1, 3.3)."""
    return packet(0x32, pack("!H", len(topic)) + topic + pack("!H", mid) + payload)


def _cut(stream: bytes, random: Random) -> Iterator[bytes]:
    while stream:
        size = random.choice([1, 2, 3, 100, 5000, 200_000])
        yield stream[:size]
        stream = stream[size:]
