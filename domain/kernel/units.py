"""Physical quantities with their units and bounds, and positions on the earth."""

from math import asin, cos, radians, sin, sqrt
from typing import Annotated

from pydantic import Field

from domain.kernel.values import Value

FURTHEST_M = 10_000_000_000
Metres = Annotated[int, Field(ge=0, le=FURTHEST_M)]
"""Up to ten million kilometres: more than any car has driven."""
Percent = Annotated[float, Field(ge=0, le=100, allow_inf_nan=False)]
Latitude = Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
Longitude = Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]

VIN = "[A-HJ-NPR-Z0-9]{17}"
"""Pattern of a vehicle identification number (ISO 3779)."""

EARTH_RADIUS_M = 6_371_008.8
"""Mean radius R1 of the WGS 84 ellipsoid (IUGG)."""


class Position(Value):
    """A point in WGS 84 degrees."""

    latitude: Latitude
    longitude: Longitude

    def distance_m(self, other: "Position") -> float:
        """Great-circle distance in metres."""
        return distance_m(self.latitude, self.longitude, other.latitude, other.longitude)


def distance_m(latitude: float, longitude: float, to_latitude: float, to_longitude: float) -> float:
    """Great-circle distance in metres between points in WGS 84 degrees (haversine formula)."""
    lat1, lat2 = radians(latitude), radians(to_latitude)
    half_dlat, half_dlon = (lat2 - lat1) / 2, radians(to_longitude - longitude) / 2
    h = sin(half_dlat) ** 2 + cos(lat1) * cos(lat2) * sin(half_dlon) ** 2
    return 2 * EARTH_RADIUS_M * asin(min(1.0, sqrt(h)))
