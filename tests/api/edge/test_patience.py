"""Whoever keeps the server waiting is cut, and others are served meanwhile and afterwards."""

import asyncio
import resource
from contextlib import AsyncExitStack

import pytest

from tests.api.edge.raw import HEAD, Connection, connect, counting, is_served, status, told
from tests.support.waiting import until

SOON = {"head_seconds": 0.3, "body_seconds": 0.3, "write_seconds": 0.3, "keep_alive_seconds": 1}
GET = b"GET /take HTTP/1.1\r\n" + HEAD


async def trickled(port: int, head: bytes, piece: bytes) -> bytes:
    """What a client is told that sends one small piece after the other and never comes to an end."""
    reader, writer = await connect(port)
    writer.write(head)
    answer = asyncio.create_task(reader.read())
    try:
        while not answer.done():
            writer.write(piece)
            await asyncio.sleep(0.05)
        return answer.result()
    except ConnectionError:
        return b""
    finally:
        writer.close()


async def test_a_silent_connection_is_cut_without_a_word() -> None:
    async with counting(**SOON) as server:
        assert await told(server.port, b"") == b""


@pytest.mark.parametrize(
    ("head", "piece"),
    [
        (b"GET /take HTTP/1.1\r\n", b"X-A: b\r\n"),
        (b"GET /take HTTP/1.1\r\nX-A: ", b"b"),
        (b"", b"\r\n"),
        (b"GET /", b"a"),
        (GET + b"\r\n", b"\r\n"),
        (GET + b"\r\n", b"X"),
    ],
    ids=["headers", "a value", "blank lines", "a path", "blank lines after an answer", "another request"],
)
async def test_a_head_without_an_end_is_cut(head: bytes, piece: bytes) -> None:
    async with counting(**SOON) as server:
        await trickled(server.port, head, piece)

        assert await is_served(server.port)


@pytest.mark.parametrize(
    ("head", "piece"),
    [(b"Content-Length: 60000\r\n\r\n", b"x"), (b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n")],
    ids=["of a length", "in chunks"],
)
async def test_a_body_that_trickles_is_cut_and_not_carried_out(head: bytes, piece: bytes) -> None:
    async with counting(**SOON) as server:
        answer = await trickled(server.port, b"POST /take HTTP/1.1\r\n" + HEAD + head, piece)

        assert answer == b"" or status(answer) == 408
        assert server.bodies == []


async def test_a_connection_that_is_kept_is_cut_when_nothing_more_comes() -> None:
    async with counting(**SOON) as server:
        answer = await told(server.port, GET + b"\r\n")

    assert status(answer) == 200


@pytest.mark.parametrize(
    "head",
    [
        b"GET /take HTTP/1.1\r\nX-A: " + b"b" * 200_000,
        b"GET /" + b"a" * 200_000,
        b"GET /take HTTP/1.1\r\n" + b"X-A: b\r\n" * 30_000,
        b"GET /take HTTP/1.1\r\n" + b"A: b\r\n" * 101 + b"\r\n",
        b"GET /take HTTP/1.1\r\nX-A: " + b"b" * 40_000 + b"\r\n\r\n",
        GET + b"\r\nGET /take HTTP/1.1\r\nX-A: " + b"b" * 200_000,
    ],
    ids=["one line", "a path", "many lines", "too many", "too large", "the second one"],
)
async def test_a_head_that_is_too_large_is_refused_before_it_ends(head: bytes) -> None:
    async with counting(write_seconds=1) as server:
        answer = await told(server.port, head)

        assert answer == b"reset" or status(b"HTTP/1.1 " + answer.rsplit(b"HTTP/1.1 ")[-1]) == 431
        assert await is_served(server.port)


async def test_128_megabytes_of_one_header_take_no_memory() -> None:
    async with counting(write_seconds=1) as server:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with pytest.raises(ConnectionError):
            await _flood(server.port, megabytes=128)
        grown_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before

    assert grown_kb < 32 * 1024


async def _flood(port: int, megabytes: int) -> None:
    """Send one header of so many."""
    _, writer = await connect(port)
    writer.write(b"GET /take HTTP/1.1\r\nX-A: ")
    try:
        for _ in range(megabytes * 16):
            writer.write(b"b" * 65536)
            await writer.drain()
    finally:
        writer.close()


async def test_whoever_reads_nothing_of_an_endless_answer_is_cut() -> None:
    async with counting(**SOON) as server:
        _, writer = await connect(server.port, receive_bytes=4096)
        writer.transport.pause_reading()  # type: ignore[attr-defined] # of a transport that reads too
        writer.write(b"GET /stream HTTP/1.1\r\n" + HEAD + b"\r\n")
        await until(lambda: _is(server.streaming == 1))

        await until(lambda: _is(server.streaming == 0))
        assert await is_served(server.port)
        writer.transport.abort()


async def _is(fact: bool) -> bool:
    return fact


async def test_silent_connections_make_room_and_others_are_served() -> None:
    async with counting(max_connections=50) as server, AsyncExitStack() as stack:
        silent = [await connect(server.port) for _ in range(300)]
        for _, writer in silent:
            stack.callback(writer.close)

        assert all([await is_served(server.port) for _ in range(20)])
        kept = [one for one in silent if not await _was_cut(one)]
        assert len(kept) <= 50


async def test_half_requests_make_room_as_well() -> None:
    async with counting(max_connections=50) as server, AsyncExitStack() as stack:
        for number in range(200):
            _, writer = await connect(server.port)
            writer.write(GET if number % 2 else GET + b"Content-Length: 9\r\n\r\n")
            await writer.drain()
            stack.callback(writer.close)

        assert await is_served(server.port)


async def test_one_address_has_so_many_connections_and_no_more() -> None:
    async with counting(max_connections_per_source=10) as server, AsyncExitStack() as stack:
        connections = [await connect(server.port) for _ in range(30)]
        for _, writer in connections:
            stack.callback(writer.close)

        assert await is_served(server.port)
        assert len([one for one in connections if not await _was_cut(one)]) <= 10


async def test_when_all_are_being_served_a_new_connection_is_told_so() -> None:
    async with counting(max_connections=3) as server, AsyncExitStack() as stack:
        for _ in range(3):
            _, writer = await connect(server.port)
            stack.callback(writer.close)
            writer.write(b"GET /stream HTTP/1.1\r\n" + HEAD + b"\r\n")
        await until(lambda: _is(server.streaming == 3))

        answer = await told(server.port, b"")

        assert status(answer) == 503


async def _was_cut(connection: Connection) -> bool:
    """Whether the server has ended it already."""
    try:
        return await asyncio.wait_for(connection[0].read(1), 0.05) == b""
    except TimeoutError:
        return False
    except ConnectionError:
        return True
