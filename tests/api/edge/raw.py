"""A server over a small application, and clients that speak to it byte by byte."""

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import JSONResponse, StreamingResponse

from adapters.embedded.broker import free_port
from api.edge.bodies import WholeBodies
from api.edge.settings import EdgeSettings
from api.edge.shedding import FrontDoor
from api.server import served_app

HEAD = b"Host: 127.0.0.1\r\n"


@dataclass
class Counter:
    """What of an application was carried out."""

    port: int = field(default_factory=free_port)
    bodies: list[bytes] = field(default_factory=list)
    streaming: int = 0

    async def take(self, request: Request) -> JSONResponse:
        self.bodies.append(await request.body())
        return JSONResponse({"size": len(self.bodies[-1])})

    async def stream(self, request: Request) -> StreamingResponse:
        """As fast as it is read, until the client has gone or the server ends."""

        async def pieces() -> AsyncIterator[bytes]:
            self.streaming += 1
            try:
                while not request.app.state.ending.is_set():
                    yield b"x" * 16384
                    await asyncio.sleep(0)
            finally:
                self.streaming -= 1

        return StreamingResponse(pieces())


@asynccontextmanager
async def counting(**settings: Any) -> AsyncIterator[Counter]:
    """A server during the block, with these settings of the edge; nobody is trusted."""
    async with behind(None, **settings) as counter:
        yield counter


@asynccontextmanager
async def behind(door: FrontDoor | None, **settings: Any) -> AsyncIterator[Counter]:
    """The same with a door that may be shut."""
    counter = Counter()
    app = FastAPI(openapi_url=None)
    app.state.front_door = door
    app.add_route("/v1/take", counter.take, methods=["GET", "HEAD", "POST"])
    app.add_route("/take", counter.take, methods=["GET", "POST", "DELETE"])
    app.add_route("/stream", counter.stream)
    app.add_middleware(WholeBodies, max_bytes=64 * 1024)
    given = EdgeSettings(**{"trusted_networks": "", **settings})
    async with served_app(app, "127.0.0.1", counter.port, given):
        yield counter


Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


async def connect(port: int, *, receive_bytes: int | None = None) -> Connection:
    """A connection, with so small a window if that is given."""
    sock = socket.socket()
    if receive_bytes is not None:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
    sock.setblocking(False)
    await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
    return await asyncio.open_connection(sock=sock, limit=2**16)


async def told(port: int, raw: bytes, *, half_close: bool = False, wait_s: float = 5) -> bytes:
    """What the server answers to these bytes until it closes; after them nothing comes, or our half is closed."""
    reader, writer = await connect(port)
    writer.write(raw)
    if half_close:
        writer.write_eof()
    try:
        return await asyncio.wait_for(reader.read(), wait_s)
    except ConnectionResetError:
        return b"reset"
    finally:
        writer.close()


async def answer_of(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """The next answer on a connection: its head and its body."""
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 5)
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    return head, await asyncio.wait_for(reader.readexactly(length), 5)


async def given_up(port: int, raw: bytes) -> None:
    """Send these bytes and go away."""
    _, writer = await connect(port)
    writer.write(raw)
    await writer.drain()
    writer.close()
    await writer.wait_closed()


def status(answer: bytes) -> int:
    """Of an answer in HTTP/1.1."""
    return int(answer.split(b" ", 2)[1])


async def is_served(port: int) -> bool:
    """Whether somebody else gets an answer."""
    answer = await told(port, b"GET /take HTTP/1.1\r\nConnection: close\r\n" + HEAD + b"\r\n")
    return status(answer) == 200
