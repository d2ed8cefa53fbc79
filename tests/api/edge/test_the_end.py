"""A server that is told to end does so within its limit, whoever hangs on it."""

import asyncio

from tests.api.edge.raw import HEAD, connect, counting, status
from tests.support.waiting import until


async def _is(fact: bool) -> bool:
    return fact


async def test_it_ends_though_half_a_head_was_sent() -> None:
    async with asyncio.timeout(8):
        async with counting(drain_seconds=1) as server:
            _, writer = await connect(server.port)
            writer.write(b"GET /take HTTP/1.1\r\nHo")
            again, second = await connect(server.port)
            second.write(b"GET /take HTTP/1.1\r\n" + HEAD + b"\r\n")
            assert status(await again.readuntil(b"\r\n")) == 200
            second.write(b"GET /ta")
            await second.drain()
    writer.close()
    second.close()


async def test_it_ends_though_half_a_body_was_sent() -> None:
    async with asyncio.timeout(8):
        async with counting(drain_seconds=1) as server:
            _, writer = await connect(server.port)
            writer.write(b"POST /take HTTP/1.1\r\n" + HEAD + b"Content-Length: 9\r\n\r\nabc")
            await writer.drain()
            await asyncio.sleep(0.1)
    writer.close()
    assert server.bodies == []


async def test_it_ends_though_somebody_reads_nothing() -> None:
    async with asyncio.timeout(8):
        async with counting(drain_seconds=1) as server:
            _, writer = await connect(server.port, receive_bytes=4096)
            writer.transport.pause_reading()  # type: ignore[attr-defined] # of a transport that reads too
            writer.write(b"GET /stream HTTP/1.1\r\n" + HEAD + b"\r\n")
            await until(lambda: _is(server.streaming == 1))
    writer.transport.abort()
