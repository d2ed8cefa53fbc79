"""Places that are coarse enough to count by: cells of the H3 grid."""

import h3  # type: ignore[import-untyped]  # of a package without types

from domain.kernel.units import Position

RESOLUTION = 7
"""About 5 square kilometres, 2.4 km across: a quarter of a town, not somebody's street."""


def cell_of(place: Position) -> str:
    """The H3 cell that a place lies in."""
    cell: str = h3.latlng_to_cell(place.latitude, place.longitude, RESOLUTION)
    return cell
