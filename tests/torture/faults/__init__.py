"""Faults: each is a small class that strikes under load and puts things right again."""

from tests.torture.faults.fault import Fault, Scene
from tests.torture.faults.freezing import FrozenBackend, FrozenClient, FrozenHolder
from tests.torture.faults.killing import Calm, KilledBackend, KilledClient, KilledPostgres
from tests.torture.faults.surroundings import ClockSetBack, FullDisk, LostAnswer
from tests.torture.faults.versions import RollingUpgrade

__all__ = ["FAULTS", "Fault", "Scene"]

FAULTS: dict[str, type[Fault]] = {
    fault.NAME: fault
    for fault in (
        Calm,
        KilledClient,
        KilledPostgres,
        KilledBackend,
        FrozenClient,
        FrozenHolder,
        FrozenBackend,
        LostAnswer,
        ClockSetBack,
        FullDisk,
        RollingUpgrade,
    )
}
"""Every fault by its name, in the order in which the rounds take turns."""
