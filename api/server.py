"""The web server around the application, inside our own event loop."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import uvicorn
from fastapi import FastAPI

from api import security_log
from api.edge.connections import Connections
from api.edge.protocol import BoundedProtocol, Bounds
from api.edge.settings import EdgeSettings
from api.edge.shedding import FrontDoor
from api.edge.sources import networks
from api.rest.application import create_app, create_health_app, create_metrics_app
from api.system import System

CANCELLED_S = 2
"""How long what was cancelled at the end may take to notice."""


def told_to_stop() -> asyncio.Event:
    """An event that SIGTERM and Ctrl-C set from now on, so that the process can finish what it has in hand."""
    told = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, told.set)
    return told


class PortTakenError(Exception):
    """Somebody else listens on our port."""


@asynccontextmanager
async def served(system: System, *, whole: bool = True) -> AsyncIterator[None]:
    """Serve a system until the end of the block; unless `whole`, its health only. Raises `PortTakenError`."""
    app = create_app(system) if whole else create_health_app(system)
    settings = system.settings
    async with AsyncExitStack() as stack:
        if settings.metrics_port is not None:
            plain = settings.model_copy(update={"tls_certificate_file": None, "tls_key_file": None})
            figures = create_metrics_app(system)
            await stack.enter_async_context(served_app(figures, settings.metrics_host, settings.metrics_port, plain))
        stack.callback(security_log.finish)
        await stack.enter_async_context(served_app(app, settings.host, settings.port, settings))
        yield


@asynccontextmanager
async def served_app(app: FastAPI, host: str, port: int, settings: EdgeSettings | None = None) -> AsyncIterator[None]:
    """Serve until the end of the block; requests under way may then be finished.

    Raises `PortTakenError`, and `ValueError` for certificates that cannot be used. Answers without an end watch
    `app.state.ending`.
    """
    app.state.ending = asyncio.Event()
    web = Server(app, settings or EdgeSettings())
    listening = _listen(host, port)
    serving = asyncio.create_task(web._serve([listening]))  # noqa: SLF001 (serve() would take over the process's signals)
    try:
        while not web.started and not serving.done():  # noqa: ASYNC110 (uvicorn offers no event)
            await asyncio.sleep(0.01)
        yield
    finally:
        app.state.ending.set()
        web.should_exit = True
        await serving
        listening.close()


class Server(uvicorn.Server):
    """uvicorn, with bounds to what it waits for, and an end that nobody can put off."""

    def __init__(self, app: FastAPI, settings: EdgeSettings) -> None:
        super().__init__(_config(app, settings))
        self._table = Connections(settings.max_connections, settings.max_connections_per_source)
        self._door: FrontDoor | None = getattr(app.state, "front_door", None)
        self._https_only = settings.is_https_only
        unlimited = networks(settings.trusted_proxies + settings.trusted_networks)
        self._bounds = Bounds(settings.head_seconds, settings.body_seconds, settings.write_seconds, unlimited)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, with a protocol of ours and a limit for TLS handshakes."""
        await self.lifespan.startup()
        loop = asyncio.get_running_loop()
        handshake_s = self._bounds.head_s if self.config.ssl else None
        self.servers = [
            await loop.create_server(
                self._protocol, sock=listening, ssl=self.config.ssl, ssl_handshake_timeout=handshake_s, backlog=2048
            )
            for listening in sockets or ()
        ]
        self.started = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let what is under way be finished, as long as the limit allows; then cut what is left."""
        await super().shutdown(sockets)
        for connection in list(self.server_state.connections):
            connection.transport.abort()
        if tasks := list(self.server_state.tasks):
            await asyncio.wait(tasks, timeout=CANCELLED_S)

    def _protocol(self) -> BoundedProtocol:
        return BoundedProtocol(
            self._bounds,
            self._table,
            self._door,
            self._https_only,
            self.config,
            self.server_state,
            self.lifespan.state,
        )


def _config(app: FastAPI, settings: EdgeSettings) -> uvicorn.Config:
    if settings.tls_key_file and not settings.tls_certificate_file:
        raise ValueError("CSBE_TLS_KEY_FILE needs CSBE_TLS_CERTIFICATE_FILE")
    config = uvicorn.Config(
        app,
        log_level="warning",
        access_log=False,
        lifespan="off",
        ws="none",
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=settings.keep_alive_seconds,
        timeout_graceful_shutdown=settings.drain_seconds,
        ssl_certfile=settings.tls_certificate_file,
        ssl_keyfile=settings.tls_key_file,
    )
    try:
        config.load()
    except OSError as error:  # also of TLS
        raise ValueError(f"CSBE_TLS_CERTIFICATE_FILE, CSBE_TLS_KEY_FILE cannot be used: {error}") from error
    return config


def _listen(host: str, port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise PortTakenError(f"cannot listen on {host}:{port} ({error.strerror}): choose another port") from error
    return listening
