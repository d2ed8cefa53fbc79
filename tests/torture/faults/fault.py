"""What a fault is, and what it may lay hands on."""

from dataclasses import dataclass, field
from random import Random
from typing import ClassVar

from tests.torture.cluster import Cluster
from tests.torture.processes import Troupe
from tests.torture.proxy import Proxy
from tests.torture.roles import Part


@dataclass
class Scene:
    """One round, as a fault sees it."""

    cluster: Cluster
    database: str
    proxy: Proxy
    troupe: Troupe
    random: Random
    part: Part
    """A part from which another one can be made: the same seed, database and folder."""
    told: list[str] = field(default_factory=list)
    """What the fault says of itself."""


class Fault:
    """Something bad that happens under load, and its end. Without `inject` nothing happens."""

    NAME: ClassVar[str]
    LASTS_S: ClassVar[tuple[float, float]] = (0.0, 0.0)
    """How long it is left in force, at least and at most."""

    def missing(self, cluster: Cluster) -> str | None:
        """Why it cannot be done on this machine, if so."""

    async def prepare(self, scene: Scene) -> None:
        """Before anybody plays."""

    async def inject(self, scene: Scene) -> None:
        """Strike."""

    async def heal(self, scene: Scene) -> None:
        """Put right what does not come right by itself."""

    async def clear_away(self, scene: Scene) -> None:
        """After the round, whatever became of it."""
