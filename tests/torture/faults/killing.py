"""Processes that are killed."""

import os
import signal

from tests.torture.faults.fault import Fault, Scene

_BACKENDS = """
select pid from pg_stat_activity where datname = $1 and application_name = 'csbe' and pid <> pg_backend_pid()
"""


class Calm(Fault):
    """Nothing goes wrong but what the clients do to each other."""

    NAME = "none"


class KilledClient(Fault):
    """`kill -9` of one of our processes, which starts again and asks what became of its commands."""

    NAME = "killed-client"
    LASTS_S = (0.0, 0.2)

    async def inject(self, scene: Scene) -> None:
        self._who = [scene.random.choice(scene.troupe.clients), scene.random.choice(scene.troupe.watchers)]
        for name in self._who:
            scene.troupe.kill(name)

    async def heal(self, scene: Scene) -> None:
        for name in self._who:
            scene.troupe.restart(name)


class KilledPostgres(Fault):
    """`kill -9` of the whole server; it recovers from its write-ahead log."""

    NAME = "killed-postgres"
    LASTS_S = (0.0, 0.5)

    async def inject(self, scene: Scene) -> None:
        scene.cluster.kill()

    async def heal(self, scene: Scene) -> None:
        scene.cluster.start()


class KilledBackend(Fault):
    """`kill -9` of the server process behind one connection: PostgreSQL throws all out and recovers."""

    NAME = "killed-backend"

    async def inject(self, scene: Scene) -> None:
        async with scene.cluster.connection() as connection:
            backends = [row[0] for row in await connection.fetch(_BACKENDS, scene.database)]
            os.kill(scene.random.choice(sorted(backends)), signal.SIGKILL)
