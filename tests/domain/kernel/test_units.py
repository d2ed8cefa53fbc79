"""Positions and the way between them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from domain.kernel.units import Position

positions = st.builds(Position, latitude=st.floats(-90, 90), longitude=st.floats(-180, 180))
ALEXANDERPLATZ = Position(latitude=52.5219, longitude=13.4132)
HALF_WAY_ROUND_M = 20_015_115


@given(positions, positions)
def test_the_way_back_is_as_long_and_nowhere_longer_than_half_round_the_earth(a: Position, b: Position) -> None:
    assert a.distance_m(b) == pytest.approx(b.distance_m(a), abs=1e-3)
    assert 0 <= a.distance_m(b) <= HALF_WAY_ROUND_M


@given(positions)
def test_a_place_is_at_no_distance_from_itself(place: Position) -> None:
    assert place.distance_m(place) == 0


@pytest.mark.parametrize(
    ("place", "metres"),
    [
        (Position(latitude=53.5219, longitude=13.4132), 111_195),  # one degree of a great circle
        (Position(latitude=48.1374, longitude=11.5755), 504_640),  # Munich's Marienplatz
        (Position(latitude=-52.5219, longitude=-166.5868), 20_015_114),  # the antipode
    ],
)
def test_known_distances_from_alexanderplatz(place: Position, metres: int) -> None:
    assert ALEXANDERPLATZ.distance_m(place) == pytest.approx(metres, abs=1)


def test_the_way_over_the_date_line_is_the_short_one() -> None:
    west, east = Position(latitude=0, longitude=179.5), Position(latitude=0, longitude=-179.5)

    assert west.distance_m(east) == pytest.approx(111_195, abs=1)


@pytest.mark.parametrize(("latitude", "longitude"), [(90.1, 0), (-90.1, 0), (0, 180.1), (0, -180.1), (float("nan"), 0)])
def test_no_position_lies_off_the_earth(latitude: float, longitude: float) -> None:
    with pytest.raises(ValidationError):
        Position(latitude=latitude, longitude=longitude)
