"""Live state: each value has its own age, and nothing older ever replaces it."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.fleet.state import LiveState, Observation

NOW = datetime(2020, 6, 1, 12, tzinfo=UTC)
_readings = st.lists(st.tuples(st.integers(0, 1000), st.integers(0, 100)), min_size=1, unique_by=lambda r: r[0])


@given(readings=_readings)
def test_the_newest_reading_wins_in_whatever_order_they_arrive(readings: list[tuple[int, int]]) -> None:
    state = LiveState()
    for second, level in readings:
        state = state.with_values(NOW + timedelta(seconds=second), energy_percent=float(level))
    second, level = max(readings)
    assert state.energy_percent is not None
    assert (state.energy_percent.at, state.energy_percent.value) == (NOW + timedelta(seconds=second), level)


def test_a_late_or_equal_value_is_no_change() -> None:
    state = LiveState().with_values(NOW, locked=True)
    late = Observation(observed_at=NOW - timedelta(seconds=1), locked=False)
    same = Observation(observed_at=NOW + timedelta(seconds=1), locked=True)
    assert not state.is_changed_by("locked", late)
    assert not state.is_changed_by("locked", same)
