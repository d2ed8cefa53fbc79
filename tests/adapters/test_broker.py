"""The embedded broker ends with its process, however that ends, and comes again when it ends by itself."""

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import PIPE, create_subprocess_exec
from pathlib import Path

import aiomqtt
import pytest

from adapters.embedded.broker import embedded_broker, free_port
from adapters.mqtt.client import client_options, session_options
from tests.support.waiting import until

_RUN = """
import asyncio, adapters.embedded.broker

async def run():
    async with adapters.embedded.broker.embedded_broker() as url:
        print(url, flush=True)
        await asyncio.Event().wait()

asyncio.run(run())
"""


async def test_a_broker_that_ends_by_itself_is_started_again_at_the_same_address() -> None:
    async with embedded_broker() as url:
        for broker in children():
            os.kill(broker, signal.SIGKILL)

        await until(lambda: publishes(url))


async def test_a_broker_ends_with_the_process_that_was_killed() -> None:
    process = await create_subprocess_exec(sys.executable, "-c", _RUN, stdout=PIPE)
    assert process.stdout
    url = (await process.stdout.readline()).decode().strip()
    assert await publishes(url)

    process.kill()
    await process.wait()

    async def refused() -> bool:
        return not await publishes(url)

    await until(refused)


async def test_a_session_gets_what_came_while_its_client_was_away() -> None:
    async with embedded_broker() as url:
        async with aiomqtt.Client(identifier="away", **session_options(url)) as client:
            await client.subscribe("cars/+/commands", qos=1)
        assert await publishes(url, "cars/1/commands")

        async with aiomqtt.Client(identifier="away", **session_options(url)) as client, asyncio.timeout(10):
            message = await anext(client.messages)

    assert message.topic.value == "cars/1/commands"


async def test_a_port_that_is_taken_is_an_error() -> None:
    with socket.socket() as other:
        port = free_port()
        other.bind(("127.0.0.1", port))
        other.listen()

        with pytest.raises(OSError, match="in use"):
            async with embedded_broker(port):
                pass


def children() -> list[int]:
    """Brokers that this process has started."""
    found = Path(f"/proc/{os.getpid()}/task").glob("*/children")
    started = [int(pid) for file in found for pid in file.read_text().split()]
    return [pid for pid in started if b"iotcore" in Path(f"/proc/{pid}/cmdline").read_bytes()]


async def publishes(url: str, topic: str = "anything") -> bool:
    try:
        async with aiomqtt.Client(timeout=2, **client_options(url)) as client:
            await client.publish(topic, b"", qos=1)
    except aiomqtt.MqttError:
        return False
    return True
