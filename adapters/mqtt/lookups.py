"""What ingest asks about each message, answered from memory: whose VIN is it, and which zones is it in."""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from time import monotonic
from typing import NamedTuple, Protocol

from domain.fleet.zones import Polygons, contains
from domain.kernel.ids import VehicleId, ZoneId
from domain.kernel.units import Position


class KnownVehicle(NamedTuple):
    """A vehicle of ours."""

    vehicle_id: VehicleId
    service: str


class VehicleDirectory(Protocol):
    """Finds vehicles by VIN."""

    async def find(self, vins: set[str], /) -> Mapping[str, KnownVehicle]:
        """Those that are known, by VIN."""
        ...

    async def find_anew(self, vins: set[str], /) -> Mapping[str, KnownVehicle]:
        """The same, whatever was remembered of them."""
        ...


ZoneLookup = Callable[[str, Position], frozenset[ZoneId]]
"""The zones of a service that contain a position."""


KEPT_S = 60.0
"""So long the answers are kept."""

VehicleQuery = Callable[[set[str]], Awaitable[Mapping[str, KnownVehicle]]]
"""Finds vehicles by VIN in a read model."""


class CachedDirectory:
    """A `VehicleDirectory` over a query. Only found cars are kept, and only for a while.

    An unknown one may be commissioned any moment, and a VIN may go from one car of the fleet to another.
    """

    def __init__(self, query: VehicleQuery, now_s: Callable[[], float] = monotonic) -> None:
        self._query = query
        self._now_s = now_s
        self._asked_at_s = now_s()
        self._known: dict[str, KnownVehicle] = {}

    async def find(self, vins: set[str], /) -> Mapping[str, KnownVehicle]:
        """The cars with these VINs, and maybe others; one query at most."""
        if self._now_s() - self._asked_at_s > KEPT_S:
            self._known, self._asked_at_s = {}, self._now_s()
        if unknown := vins - self._known.keys():
            await self.find_anew(unknown)
        return self._known

    async def find_anew(self, vins: set[str], /) -> Mapping[str, KnownVehicle]:
        """One query; what it finds is remembered."""
        self._known.update(await self._query(vins))
        return self._known


class ZoneShape(NamedTuple):
    """A zone as far as its place is concerned."""

    service: str
    zone_id: ZoneId
    name: str
    polygons: Polygons


class ZoneMap:
    """Answers which zones of a service contain a position. Give it the zones again with `replace` when they change."""

    def __init__(self, shapes: Iterable[ZoneShape] = ()) -> None:
        self._by_service: dict[str, list[_Boxed]] = {}
        self.replace(shapes)

    def replace(self, shapes: Iterable[ZoneShape]) -> None:
        """Forget all zones and take these."""
        by_service: dict[str, list[_Boxed]] = defaultdict(list)
        for shape in shapes:
            by_service[shape.service].append(_boxed(shape))
        self._by_service = dict(by_service)

    def __call__(self, service: str, position: Position) -> frozenset[ZoneId]:
        return frozenset(shape.zone_id for shape in self._around(service, position))

    def names(self, service: str, position: Position) -> frozenset[str]:
        """What the zones are called."""
        return frozenset(shape.name for shape in self._around(service, position))

    def _around(self, service: str, position: Position) -> Iterator[ZoneShape]:
        for zone in self._by_service.get(service, ()):
            if zone.may_contain(position) and contains(zone.shape.polygons, position):
                yield zone.shape


class _Boxed(NamedTuple):
    """A zone with the box around it, which most positions are not in."""

    shape: ZoneShape
    west: float
    south: float
    east: float
    north: float

    def may_contain(self, position: Position) -> bool:
        return self.west <= position.longitude <= self.east and self.south <= position.latitude <= self.north


def _boxed(shape: ZoneShape) -> _Boxed:
    points = [point for rings in shape.polygons for ring in rings for point in ring]
    longitudes, latitudes = [p[0] for p in points], [p[1] for p in points]
    return _Boxed(shape, min(longitudes), min(latitudes), max(longitudes), max(latitudes))
