"""The network, the clock and the disk."""

import asyncio
import os
from pathlib import Path

from tests.torture.cluster import DISK_BYTES, Cluster
from tests.torture.faults.fault import Fault, Scene

ANSWERS = 3
SET_BACK_S = 3600
PAGE_BYTES = 4096
FAKETIME = "*/faketime/libfaketime.so.1"


class LostAnswer(Fault):
    """The connection is cut after the commit and before the answer."""

    NAME = "lost-answer"

    async def inject(self, scene: Scene) -> None:
        await asyncio.wait_for(scene.proxy.swallow(ANSWERS), 10)
        scene.told.append(f"{ANSWERS} answers lost")


class ClockSetBack(Fault):
    """The server's clock is set back an hour, and later forward again."""

    NAME = "clock-set-back"
    LASTS_S = (0.2, 0.6)

    def missing(self, cluster: Cluster) -> str | None:
        return None if _faketime() else "Debian's package libfaketime is not installed"

    async def prepare(self, scene: Scene) -> None:
        self._file = scene.cluster.folder / "clock"
        self._set(0)
        scene.cluster.stop()
        scene.cluster.start(
            LD_PRELOAD=str(_faketime()),
            FAKETIME_TIMESTAMP_FILE=str(self._file),
            FAKETIME_NO_CACHE="1",
            FAKETIME_DONT_FAKE_MONOTONIC="1",
        )
        await scene.cluster.ready()

    async def inject(self, scene: Scene) -> None:
        self._set(-SET_BACK_S)

    async def heal(self, scene: Scene) -> None:
        self._set(0)

    async def clear_away(self, scene: Scene) -> None:
        scene.cluster.stop()
        scene.cluster.start()
        await scene.cluster.ready()

    def _set(self, seconds: int) -> None:
        fresh = self._file.with_suffix(".new")
        fresh.write_text(f"{seconds:+d}\n")
        fresh.replace(self._file)


class FullDisk(Fault):
    """No byte is free where the data and the write-ahead log are. PostgreSQL may give up until there is room again."""

    NAME = "full-disk"
    LASTS_S = (0.2, 0.6)

    def missing(self, cluster: Cluster) -> str | None:
        return None if cluster.is_root else "only root can mount a small disk to fill"

    async def inject(self, scene: Scene) -> None:
        self._ballast = scene.cluster.disk / "ballast"
        with self._ballast.open("wb") as file:
            taken, piece = 0, DISK_BYTES
            while piece >= PAGE_BYTES:  # others take room meanwhile: what is asked for at once may just be gone
                try:
                    os.posix_fallocate(file.fileno(), taken, piece)
                    taken += piece
                except OSError:
                    piece //= 2

    async def heal(self, scene: Scene) -> None:
        self._ballast.unlink()
        scene.told.append("PostgreSQL gave up" if scene.cluster.gave_up else "PostgreSQL went on")


def _faketime() -> Path | None:
    return next(iter(sorted(Path("/usr/lib").glob(FAKETIME))), None)
