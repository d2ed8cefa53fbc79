"""How far a trip went, by what of the car's word, and what speaks against it."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.fleet.driving import MOST_KMH
from domain.kernel.units import Position
from domain.rental.car_reading import CarReading
from domain.rental.distance import SLACK_M, Distance, distance

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)


def at(km: float, after: timedelta = HOUR) -> dict[str, object]:
    """A place so far north, and when it was seen."""
    return {"position": Position(latitude=52.5 + km / 111.195, longitude=13.4), "position_at": START + after}


def went(start: dict[str, object], end: dict[str, object], time: timedelta = HOUR) -> Distance:
    return distance(CarReading.model_validate(start), CarReading.model_validate(end), START, START + time)


def told(found: Distance) -> tuple[int, str, list[str]]:
    return found.metres, found.source, [doubt.code for doubt in found.doubts]


def test_distance_comes_from_the_odometer() -> None:
    assert told(went({"odometer_m": 1_000}, {"odometer_m": 4_200})) == (3_200, "odometer", [])


def test_an_odometer_that_ran_backwards_is_not_believed() -> None:
    found = went({"odometer_m": 9_000, **at(0)}, {"odometer_m": 1_000, **at(1.1)})

    assert told(found) == (1_100, "straight_line", [])


def test_a_distance_that_nobody_knows_is_none() -> None:
    assert told(went({}, {})) == (0, "unknown", [])


@pytest.mark.parametrize("doubt", ["contradicted", "coarse"])
def test_instead_of_an_odometer_that_is_doubted_the_way_counts(doubt: str) -> None:
    start = {"odometer_m": 0, "odometer_doubt": doubt, "way_m": 500, **at(0)}

    found = went(start, {"odometer_m": 0, "odometer_doubt": doubt, "way_m": 12_500, **at(3)})

    assert told(found) == (12_000, "way", [])


def test_1400_km_in_ten_minutes_are_not_driven() -> None:
    """The odometer read nothing at the start."""
    start = {"odometer_m": 0, "way_m": 70_000, **at(0)}
    end = {"odometer_m": 1_400_000, "way_m": 74_000, **at(3)}

    found = went(start, end, timedelta(minutes=10))

    assert told(found) == (4_000, "way", ["trip.distance_impossible"])
    assert found.doubts[0].values["distance_m"] == 1_400_000


def test_what_odometer_and_way_say_differently_is_doubted_and_the_shorter_counts() -> None:
    standing = went({"odometer_m": 5_000, "way_m": 0, **at(0)}, {"odometer_m": 5_000, "way_m": 30_000, **at(20)})
    running = went({"odometer_m": 5_000, "way_m": 0, **at(0)}, {"odometer_m": 95_000, "way_m": 9_000, **at(5)})
    ferried = went({"odometer_m": 5_000, **at(0)}, {"odometer_m": 5_100, **at(20)})

    assert told(standing) == (0, "odometer", ["trip.distance_contradicted"])
    assert told(running) == (9_000, "way", ["trip.distance_contradicted"])
    assert told(ferried) == (100, "odometer", ["trip.distance_contradicted"])


def test_a_receiver_that_stands_says_nothing_against_an_odometer_that_goes_on() -> None:
    start = {"odometer_m": 5_000, "way_m": 7_000, **at(0, -HOUR)}

    found = went(start, {"odometer_m": 235_000, "way_m": 7_000, **at(0)})

    assert told(found) == (230_000, "odometer", [])


def test_a_way_that_was_not_seen_in_the_trip_says_nothing() -> None:
    """It stood in an underground car park before, and drove without reception since."""
    before = at(0, -HOUR)

    found = went({"odometer_m": 5_000, "way_m": 7_000, **before}, {"odometer_m": 45_000, "way_m": 7_000, **before})

    assert told(found) == (40_000, "odometer", [])


def test_a_car_that_is_far_away_without_having_had_the_time_is_doubted() -> None:
    found = went({"way_m": 0, **at(0)}, {"way_m": 900_000, **at(900)}, timedelta(minutes=30))

    assert told(found) == (0, "unknown", ["trip.distance_impossible"])


readings = st.fixed_dictionaries(
    {},
    optional={
        "odometer_m": st.integers(0, 10_000_000_000),
        "way_m": st.integers(0, 10_000_000_000),
        "odometer_doubt": st.sampled_from([None, "contradicted", "coarse"]),
    },
)


@given(readings, readings, st.integers(0, 10_000), st.floats(0, 50), st.booleans())
def test_nobody_pays_for_more_than_a_car_can_drive_and_what_is_doubted_says_why(
    start: dict[str, object], end: dict[str, object], minutes: int, km: float, seen: bool
) -> None:
    time = timedelta(minutes=minutes)
    places = (at(0), at(km, time)) if seen else ({}, {})

    found = went({**start, **places[0]}, {**end, **places[1]}, time)

    assert 0 <= found.metres <= MOST_KMH / 60 * 1000 * minutes + SLACK_M
    assert all(doubt.values for doubt in found.doubts)
    if found.source == "odometer":
        assert "odometer_doubt" not in start or start["odometer_doubt"] is None
