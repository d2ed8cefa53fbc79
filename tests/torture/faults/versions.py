"""Two versions of the code at once."""

from tests.torture.faults.fault import Fault, Scene
from tests.torture.final import retry
from tests.torture.watcher import FOLLOWER


class RollingUpgrade(Fault):
    """One process after another gets a code whose events the older one cannot read: it stops, and waits.

    Where the follower had stopped, on record, an operator lets it try again once only the newer code runs.
    """

    NAME = "rolling-upgrade"
    LASTS_S = (0.2, 0.6)

    async def inject(self, scene: Scene) -> None:
        self._first = scene.random.choice(scene.troupe.clients)
        self._upgrade(scene, self._first)

    async def heal(self, scene: Scene) -> None:
        for name in scene.troupe.watchers:
            self._upgrade(scene, name)
        async with scene.cluster.connection(scene.database) as connection:
            if await retry(connection, FOLLOWER):
                scene.told.append("the follower had stopped")
        for name in scene.troupe.clients:
            if name != self._first:
                self._upgrade(scene, name)

    def _upgrade(self, scene: Scene, name: str) -> None:
        scene.troupe.kill(name)
        scene.troupe.restart(name, "next")
