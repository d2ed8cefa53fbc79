"""A proxy in front of PostgreSQL that can swallow the answer to an append and cut the connection."""

import asyncio
import contextlib
from types import TracebackType
from typing import Self

_APPEND = b"csbe.append"
_READY = b"Z\x00\x00\x00\x05"
"""The message ReadyForQuery: all that was asked for is done, and committed."""


class Proxy:
    """Passes bytes on. `swallow` makes it drop answers to appends from then on, until it has dropped so many."""

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._to_swallow = 0
        self._swallowed = asyncio.Condition()
        self.swallowed = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()

    @property
    def port(self) -> int:
        """Where clients connect."""
        assert self._server is not None
        port: int = self._server.sockets[0].getsockname()[1]
        return port

    async def swallow(self, answers: int) -> None:
        """Swallow the answers to the next appends, each on its connection, and cut that; returns when it is done."""
        due = self.swallowed + answers
        self._to_swallow += answers
        async with self._swallowed:
            await self._swallowed.wait_for(lambda: self.swallowed >= due)

    async def _serve(self, client: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        self._writers.add(to_client)
        try:
            server, to_server = await asyncio.open_connection("127.0.0.1", self._server_port)
        except OSError:
            to_client.transport.abort()
            self._writers.discard(to_client)
            return
        self._writers.add(to_server)
        link = _Link(self)
        tasks = [
            asyncio.create_task(link.ask(client, to_server)),
            asyncio.create_task(link.answer(server, to_client)),
        ]
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in tasks:
            task.cancel()
        for writer in (to_client, to_server):
            writer.transport.abort()
            self._writers.discard(writer)

    def take(self) -> bool:
        """Whether this answer is to be swallowed."""
        if self._to_swallow == 0:
            return False
        self._to_swallow -= 1
        return True

    async def done(self) -> None:
        """An answer was swallowed, after the server had finished."""
        async with self._swallowed:
            self.swallowed += 1
            self._swallowed.notify_all()


class _Link:
    """One connection through the proxy. Only a journal's connection ever prepares an append; it does little else."""

    def __init__(self, proxy: Proxy) -> None:
        self._proxy = proxy
        self._appends = False
        self._swallows = False

    async def ask(self, client: asyncio.StreamReader, to_server: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await client.read(65536):
                self._appends = self._appends or _APPEND in data
                if self._appends and not self._swallows and _executes(data):
                    self._swallows = self._proxy.take()
                to_server.write(data)
                await to_server.drain()

    async def answer(self, server: asyncio.StreamReader, to_client: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await server.read(65536):
                if not self._swallows:
                    to_client.write(data)
                    await to_client.drain()
                elif _READY in data:
                    await self._proxy.done()
                    return


def _executes(data: bytes) -> bool:
    """Whether a message binds and executes a statement: only then is there something to commit."""
    return data[:1] == b"B"
