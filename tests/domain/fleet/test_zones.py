"""Points in polygons: holes are outside, and an independent library (shapely) agrees."""

from hypothesis import assume, given
from hypothesis import strategies as st
from shapely import MultiPolygon, Point, Polygon  # type: ignore[import-untyped]

from domain.fleet.zones import Polygons, Ring, closed, contains
from domain.kernel.units import Position


def box(west: float, south: float, east: float, north: float) -> Ring:
    return ((west, south), (east, south), (east, north), (west, north), (west, south))


def at(longitude: float, latitude: float) -> Position:
    return Position(longitude=longitude, latitude=latitude)


WITH_HOLE: Polygons = ((box(0, 0, 10, 10), box(4, 4, 6, 6)), (box(20, 0, 30, 10),))

_coordinate = st.floats(-20, 40, allow_nan=False)
_corners = st.lists(st.tuples(_coordinate, _coordinate), min_size=3, max_size=9, unique=True)


def test_a_hole_is_outside_and_each_polygon_counts() -> None:
    assert contains(WITH_HOLE, at(1, 1))
    assert contains(WITH_HOLE, at(25, 5))
    assert not contains(WITH_HOLE, at(5, 5))
    assert not contains(WITH_HOLE, at(15, 5))


def test_a_ring_must_end_where_it_began() -> None:
    assert closed(WITH_HOLE)
    assert not closed(((((0, 0), (1, 0), (1, 1), (0, 1)),),))
    assert not closed(())
    assert not closed(((),))


@given(longitude=_coordinate, latitude=_coordinate)
def test_holes_agree_with_shapely(longitude: float, latitude: float) -> None:
    shape = MultiPolygon([(rings[0], list(rings[1:])) for rings in WITH_HOLE])
    point = Point(longitude, latitude)
    assume(shape.boundary.distance(point) > 1e-9)
    assert contains(WITH_HOLE, at(longitude, latitude)) == shape.contains(point)


@given(corners=_corners, longitude=_coordinate, latitude=_coordinate)
def test_any_simple_ring_agrees_with_shapely(
    corners: list[tuple[float, float]], longitude: float, latitude: float
) -> None:
    shape = Polygon(corners)
    point = Point(longitude, latitude)
    assume(shape.is_valid and shape.boundary.distance(point) > 1e-6)
    assert contains((((*corners, corners[0]),),), at(longitude, latitude)) == shape.contains(point)
