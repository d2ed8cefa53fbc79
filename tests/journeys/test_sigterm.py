"""A server that is told to end does so soon, whoever hangs on it and whatever is away."""

import asyncio
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from domain.kernel.messages import Role
from tests.api.edge.raw import HEAD, connect, told
from tests.support.installation import Installation

pytestmark = pytest.mark.journey
LIMIT_S = 25
"""Ten for what is under way, five for traces, and some for a slow machine; far from never."""


@pytest.fixture
def deaf_collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Traces are to go where somebody listens and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        address = f"http://127.0.0.1:{listening.getsockname()[1]}"
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", address)
        yield


@pytest.fixture
def service_manager(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    """Hears what processes say of themselves."""
    address = str(tmp_path / "notify")
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listening:
        listening.bind(address)
        listening.setblocking(False)
        yield listening


@pytest.mark.usefixtures("deaf_collector")
async def test_sigterm_ends_a_server_that_everybody_hangs_on(
    installation: Installation, service_manager: socket.socket
) -> None:
    server = await installation.serve()
    async with installation.composed() as running, installation.visited(running) as city:
        operator = city.token(Role.OPERATOR)["Authorization"]
        connections = [await connect(installation.port, receive_bytes=4096) for _ in range(4)]
        stream = b"GET /v1/events HTTP/1.1\r\n" + HEAD + f"Authorization: {operator}\r\n\r\n".encode()
        begun = (b"", b"GET /v1/tr", b"POST /v1/members HTTP/1.1\r\n" + HEAD + b"Content-Length: 9\r\n\r\n{", stream)
        for (reader, writer), raw in zip(connections, begun, strict=True):
            writer.write(raw)
            await writer.drain()
            if raw is stream:
                await reader.readuntil(b": open\n\n")
        await told(installation.port, b"GET /v1/trips HTTP/1.1\r\nConnection: close\r\n" + HEAD + b"\r\n")

        server.terminate()

        assert await asyncio.wait_for(server.wait(), LIMIT_S) == 0
        assert [service_manager.recv(100) for _ in range(2)] == [b"READY=1", b"STOPPING=1"]
        for _, writer in connections:
            writer.close()
