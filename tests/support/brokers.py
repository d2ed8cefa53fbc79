"""Brokers that a test can stop and start again, always at the same address."""

import asyncio
import os
import pwd
import shutil
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Literal, Protocol

from adapters.embedded.broker import embedded_broker, free_port
from adapters.waiting import is_listening
from tests.support.waiting import until

MOSQUITTO = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")

BrokerKind = Literal["embedded", "mosquitto"]


class Broker(Protocol):
    """Where cars and backend meet."""

    url: str

    async def start(self) -> None: ...

    async def stop(self) -> None: ...


class EmbeddedBroker:
    """The one that a system with nothing configured has. It forgets everything when it stops."""

    def __init__(self) -> None:
        self._port = free_port()
        self._running = AsyncExitStack()
        self.url = f"mqtt://127.0.0.1:{self._port}"

    async def start(self) -> None:
        await self._running.enter_async_context(embedded_broker(self._port))

    async def stop(self) -> None:
        await self._running.aclose()


class MosquittoBroker:
    """A real broker as a process of its own. It keeps sessions and what they wait for over a restart.

    It is killed: told to end, it would say of each car that it is gone, and no command could be asked for meanwhile.
    """

    def __init__(self, folder: Path) -> None:
        self._port = free_port()
        self._configuration = folder / "mosquitto.conf"
        self._process: asyncio.subprocess.Process | None = None
        self.url = f"mqtt://127.0.0.1:{self._port}"
        self._configuration.write_text(
            f"listener {self._port} 127.0.0.1\nallow_anonymous true\nuser {pwd.getpwuid(os.getuid()).pw_name}\n"
            f"persistence true\npersistence_location {folder}/\nlog_type error\n"
            "autosave_on_changes true\nautosave_interval 1\n"
        )

    async def start(self) -> None:
        assert MOSQUITTO, "there is no mosquitto on this machine"
        self._process = await asyncio.create_subprocess_exec(
            MOSQUITTO, "-c", str(self._configuration), stderr=asyncio.subprocess.DEVNULL
        )
        await until(self._listens)

    async def stop(self) -> None:
        if self._process is not None:
            self._process.kill()
            await self._process.wait()
            self._process = None

    async def _listens(self) -> bool:
        return await is_listening("127.0.0.1", self._port)
