"""The web server around the application, inside our own event loop."""

import asyncio
import signal
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from fastapi import FastAPI

from api.rest.application import create_app, create_health_app
from api.system import System


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
    async with served_app(app, system.settings.host, system.settings.port):
        yield


@asynccontextmanager
async def served_app(app: FastAPI, host: str, port: int) -> AsyncIterator[None]:
    """Serve until the end of the block; requests under way then have ten seconds. Raises `PortTakenError`.

    Answers without an end watch `app.state.ending`.
    """
    app.state.ending = asyncio.Event()
    config = uvicorn.Config(app, log_level="warning", access_log=False, timeout_graceful_shutdown=10, lifespan="off")
    web = uvicorn.Server(config)
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


def _listen(host: str, port: int) -> socket.socket:
    listening = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
    except OSError as error:
        listening.close()
        raise PortTakenError(f"cannot listen on {host}:{port} ({error.strerror}): choose another port") from error
    return listening
