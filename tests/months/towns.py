"""Where the made-up months happen: districts of two cities, each a square that is a home area."""

import math
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from adapters.simulator.car import offset
from domain.fleet.commands import DefineZone
from domain.fleet.zones import ZoneKind
from domain.kernel.ids import ZoneId, derived_id
from domain.kernel.units import Position

HALF_M = 1_250
"""Half the side of a district."""


class District(NamedTuple):
    """A home area with a name."""

    city_id: str
    name: str
    middle: Position

    @property
    def zone_id(self) -> ZoneId:
        return ZoneId(derived_id("zone", self.city_id, self.name))

    def zone(self) -> DefineZone:
        """What draws it on the map."""
        across = HALF_M * math.sqrt(2)
        south_west, north_east = (offset(self.middle, across, math.radians(way)) for way in (225, 45))
        west, south, east, north = south_west.longitude, south_west.latitude, north_east.longitude, north_east.latitude
        ring = ((west, south), (east, south), (east, north), (west, north), (west, south))
        return DefineZone(
            zone_id=self.zone_id,
            city_id=self.city_id,
            kind=ZoneKind.HOME_AREA,
            name=self.name,
            polygons=((ring,),),
        )

    def somewhere(self, random: Random) -> Position:
        """A place in it."""
        return offset(self.middle, 0.9 * HALF_M * random.random(), 2 * math.pi * random.random())


@dataclass(frozen=True)
class Town:
    """A city with its fleet and those who drive there. More come to its first districts than to its last."""

    districts: tuple[District, ...]
    cars: int
    members: int

    @property
    def city_id(self) -> str:
        return self.districts[0].city_id

    def any_district(self, random: Random) -> District:
        """One of them, the first most often."""
        weights = [1 / (number + 2) for number in range(len(self.districts))]
        return random.choices(self.districts, weights)[0]


def _town(city_id: str, cars: int, members: int, **districts: tuple[float, float]) -> Town:
    found = (
        District(city_id, name.replace("_", " "), Position(latitude=latitude, longitude=longitude))
        for name, (latitude, longitude) in districts.items()
    )
    return Town(tuple(found), cars, members)


BERLIN = _town(
    "berlin",
    20,
    90,
    Mitte=(52.5219, 13.4050),
    Kreuzberg=(52.4930, 13.3900),
    Friedrichshain=(52.5140, 13.4540),
    Charlottenburg=(52.5090, 13.3010),
    Prenzlauer_Berg=(52.5480, 13.4240),
    Neukölln=(52.4770, 13.4390),
)
VIENNA = _town(
    "vienna",
    10,
    40,
    Innere_Stadt=(48.2082, 16.3738),
    Leopoldstadt=(48.2250, 16.4050),
    Meidling=(48.1750, 16.3300),
    Döbling=(48.2430, 16.3500),
)
