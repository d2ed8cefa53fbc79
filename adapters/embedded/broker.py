"""An embedded MQTT broker, so that a system with nothing configured has one.

It is rumqttd, which comes in the wheel of `iotcore`, in a process of its own, and speaks MQTT 3.1.1. Sessions, what is
in flight and what is retained outlive connections, but not that process. Of the retained messages that match a
subscription it sends 100 (200 at QoS 0). A real broker, given by its URL, replaces it.
"""

import asyncio
import secrets
import socket
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

import structlog

from adapters.waiting import is_listening

log = structlog.get_logger(__name__)

START_S = 20
"""How long a broker may take until it listens."""

_PROGRAM = """
import logging, os, resource, sys, tempfile, threading
from iotcore import Broker

def end_with_parent():
    sys.stdin.buffer.read()
    os._exit(0)

logging.disable(logging.CRITICAL)
most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
threading.Thread(target=end_with_parent, daemon=True).start()
with tempfile.NamedTemporaryFile("w", suffix=".toml") as configuration:
    configuration.write(sys.argv[1])
    configuration.flush()
    broker = Broker(config_path=configuration.name)
broker.run_forever()
"""

_CONFIGURATION = """
id = 0
[router]
id = 0
max_connections = 10010
max_outgoing_packet_count = 200
# What is sent to a subscription is kept, whether read or not, in so many segments: here 40 MB of backlog for each.
max_segment_size = 4194304
max_segment_count = 10
[v4.1]
name = "csbe"
listen = "{host}:{port}"
next_connection_delay_ms = 1
[v4.1.connections]
connection_timeout_ms = 60000
max_payload_size = 1048576
max_inflight_count = 200
dynamic_filters = true
"""


@asynccontextmanager
async def embedded_broker(port: int | None = None, *, host: str = "127.0.0.1") -> AsyncIterator[str]:
    """Run a broker on `port` (a free one when not given) and yield its URL, e.g. `mqtt://127.0.0.1:43211`.

    It is started again should it end by itself. Raises `OSError` when it cannot listen there.
    """
    bound = port or free_port(host)
    _assert_free(host, bound)
    running = asyncio.create_task(_kept_running(await _started(host, bound), host, bound))
    try:
        yield f"mqtt://{host}:{bound}"
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def free_port(host: str = "127.0.0.1") -> int:
    """A TCP port that nobody listens on now; below those that systems give to outgoing connections.

    Raises `OSError` where none of a hundred is free.
    """
    for _ in range(100):
        port = 10_000 + secrets.randbelow(22_768)
        with suppress(OSError):
            _assert_free(host, port)
            return port
    raise OSError(f"none of a hundred ports is free at {host}")


def _assert_free(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))


async def _kept_running(process: Process, host: str, port: int) -> None:
    """Until cancelled. Whoever was connected connects again; what the broker held is lost."""
    try:
        while True:
            log.warning("embedded_broker_ended", code=await process.wait())
            process = await _started(host, port)
    finally:
        await _ended(process)


async def _started(host: str, port: int) -> Process:
    """A process that listens. It ends with this one, however that ends, and not by the terminal's Ctrl-C."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", "-c", _PROGRAM, _CONFIGURATION.format(host=host, port=port)),
        stdin=PIPE,
        stdout=DEVNULL,
        stderr=DEVNULL,
        start_new_session=True,
    )
    try:
        await asyncio.wait_for(_until_listening(process, host, port), START_S)
    except BaseException:
        await _ended(process)
        raise
    return process


async def _until_listening(process: Process, host: str, port: int) -> None:
    while not await is_listening(host, port):
        if process.returncode is not None:
            raise OSError(f"the embedded broker cannot listen on {host}:{port}")
        await asyncio.sleep(0.01)


async def _ended(process: Process) -> None:
    if process.returncode is None:
        process.kill()
    await process.wait()
