"""Windows of local time: over midnight, by weekday, by season."""

from datetime import UTC, datetime, time

import pytest

from domain.rulebook.windows import Window

NIGHT = Window(begins=time(22), ends=time(6), weekdays=(5,))
"""The night that begins on a Friday."""
WINTER = Window(season=((11, 1), (3, 31)))


@pytest.mark.parametrize(
    ("local", "inside"),
    [
        (datetime(2019, 6, 7, 21, 59, tzinfo=UTC), False),
        (datetime(2019, 6, 7, 22, 0, tzinfo=UTC), True),
        (datetime(2019, 6, 8, 5, 59, tzinfo=UTC), True),
        (datetime(2019, 6, 8, 6, 0, tzinfo=UTC), False),
        (datetime(2019, 6, 8, 23, 0, tzinfo=UTC), False),
        (datetime(2019, 6, 7, 3, 0, tzinfo=UTC), False),
    ],
)
def test_a_night_belongs_to_the_day_on_which_it_begins(local: datetime, inside: bool) -> None:
    assert NIGHT.contains(local) is inside


@pytest.mark.parametrize(
    ("month", "day", "inside"), [(10, 31, False), (11, 1, True), (1, 15, True), (3, 31, True), (4, 1, False)]
)
def test_a_season_may_go_over_the_new_year(month: int, day: int, inside: bool) -> None:
    assert WINTER.contains(datetime(2019, month, day, 12, tzinfo=UTC)) is inside


def test_a_window_without_hours_is_the_whole_day() -> None:
    assert all(Window().contains(datetime(2019, 6, 7, hour, tzinfo=UTC)) for hour in range(24))
