"""Processes that stand still, above all while they hold the lock that orders appends."""

import asyncio
import contextlib
import os
import signal
import time
from dataclasses import replace

import asyncpg

from tests.torture import lock_holder
from tests.torture.faults.fault import Fault, Scene

_LOCK = "from pg_locks where relation = 'csbe.append_order'::regclass and mode = 'ExclusiveLock'"
_HOLDER = f"select pid {_LOCK} and granted"
_WAITING = f"select count(*) {_LOCK} and not granted"
PATIENCE_S = 5.0
ANSWER_S = 1.0
"""A server that has not answered for so long waits for whoever was frozen."""


class FrozenClient(Fault):
    """SIGSTOP of a client: it hears nothing, its connections stay open, and then it goes on as if nothing had been."""

    NAME = "frozen-client"
    LASTS_S = (0.2, 0.8)

    async def inject(self, scene: Scene) -> None:
        self._who = scene.random.choice(scene.troupe.clients)
        scene.troupe.freeze(self._who)

    async def heal(self, scene: Scene) -> None:
        scene.troupe.thaw(self._who)


class FrozenHolder(Fault):
    """SIGSTOP of a client that has appended in a transaction of its own and not committed: it holds the lock."""

    NAME = "frozen-holder"
    LASTS_S = (0.1, 0.5)

    async def inject(self, scene: Scene) -> None:
        self._name = f"holder-{len(scene.told)}"
        scene.troupe.start(lock_holder.main, replace(scene.part, name=self._name))
        while not lock_holder.holds(scene.part.folder, self._name):
            await asyncio.sleep(0.005)
        scene.troupe.freeze(self._name)
        async with scene.cluster.connection(scene.database) as connection:
            scene.told.append(f"{await _others_wait(connection)} waited")

    async def heal(self, scene: Scene) -> None:
        scene.troupe.thaw(self._name)


class FrozenBackend(Fault):
    """SIGSTOP of the server process that holds the lock in mid-append."""

    NAME = "frozen-backend"
    LASTS_S = (0.1, 0.5)

    async def inject(self, scene: Scene) -> None:
        async with scene.cluster.connection(scene.database) as connection:
            self._frozen = await _freeze_holder(connection)
            waiting = await _others_wait(connection) if self._frozen else 0
            scene.told.append(f"{waiting} waited")

    async def heal(self, scene: Scene) -> None:
        if self._frozen:
            _signal(self._frozen, signal.SIGCONT)


async def _freeze_holder(connection: asyncpg.Connection) -> int | None:
    """The process that holds the lock while it stands still; none if none could be caught at it."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        holder = await connection.fetchval(_HOLDER)
        if holder is not None:
            _signal(holder, signal.SIGSTOP)
            asking = asyncio.create_task(connection.fetchval(_HOLDER))
            await asyncio.wait({asking}, timeout=ANSWER_S)
            if asking.done() and await asking == holder:
                return int(holder)
            _signal(holder, signal.SIGCONT)  # it has let go of the lock, or holds another one that we need
            await asking
        await asyncio.sleep(0)
    return None


async def _others_wait(connection: asyncpg.Connection) -> int:
    """How many wait for the lock, as soon as there is one."""
    deadline = time.monotonic() + PATIENCE_S
    while not (waiting := await connection.fetchval(_WAITING)) and time.monotonic() < deadline:
        await asyncio.sleep(0.005)
    return int(waiting)


def _signal(process: int, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(process, number)
