"""A port: where to look for a car that may be free."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from domain.kernel.calendar import Period
from domain.kernel.ids import VehicleId, ZoneId
from domain.kernel.units import Position


class CarWish(NamedTuple):
    """Which cars would do for a period."""

    service: str
    city_id: str
    models: tuple[str, ...]
    """In order of preference."""
    period: Period
    zone_id: ZoneId | None = None
    near: Position | None = None
    free_now: bool = False
    """Only those that nobody has, and that can be reached."""


class CarSearch(Protocol):
    """Knows roughly which cars are free when."""

    async def find(self, wish: CarWish, /) -> Sequence[VehicleId]:
        """Some cars that may do, the best first: a hint, for each car itself decides."""
        ...


class NoCars:
    """Knows of no car."""

    async def find(self, wish: CarWish, /) -> Sequence[VehicleId]:
        del wish
        return ()
