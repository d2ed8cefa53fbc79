"""Where something holds: polygons on the map, and which of them contain a point."""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from itertools import pairwise

from domain.kernel.units import Latitude, Longitude, Position

Ring = tuple[tuple[Longitude, Latitude], ...]
Polygons = tuple[tuple[Ring, ...], ...]
"""Coordinates of a GeoJSON MultiPolygon (RFC 7946): (longitude, latitude); the outer ring first, then its holes."""


HALF_ROUND = 180
"""Degrees of longitude."""
SMALLEST_RING = 4
"""Points of a triangle whose last point is its first."""


class ZoneKind(StrEnum):
    """What a zone means."""

    HOME_AREA = "home_area"
    NO_PARKING = "no_parking"
    AIRPORT = "airport"


def contains(polygons: Polygons, position: Position) -> bool:
    """Whether a point lies inside: in an outer ring and in none of its holes (even-odd rule; planar within a city)."""
    return any(
        _in_ring(rings[0], position) and not any(_in_ring(hole, position) for hole in rings[1:])
        for rings in polygons
        if rings
    )


def named(names: Iterable[str]) -> str:
    """How reports call a place that lies in zones of these names."""
    return ", ".join(sorted(names)) or "elsewhere"


def closed(polygons: Polygons) -> bool:
    """Whether there are rings, and each ends where it began and has at least four points, as RFC 7946 wants."""
    return bool(polygons) and all(rings and all(map(_is_closed, rings)) for rings in polygons)


def crosses_the_antimeridian(polygons: Polygons) -> bool:
    """Whether an edge goes more than half round the earth: it is meant to go the other way (RFC 7946, 3.1.9)."""
    edges = (edge for rings in polygons for ring in rings for edge in pairwise(ring))
    return any(abs(east - west) > HALF_ROUND for (west, _), (east, _) in edges)


def _is_closed(ring: Ring) -> bool:
    return len(ring) >= SMALLEST_RING and ring[0] == ring[-1]


def _in_ring(ring: Sequence[tuple[float, float]], position: Position) -> bool:
    """Casts a ray to the east and counts the edges that it crosses."""
    inside = False
    for (lon1, lat1), (lon2, lat2) in pairwise(ring):
        if (lat1 > position.latitude) != (lat2 > position.latitude):
            crossing = lon1 + (position.latitude - lat1) / (lat2 - lat1) * (lon2 - lon1)
            inside ^= position.longitude < crossing
    return inside
