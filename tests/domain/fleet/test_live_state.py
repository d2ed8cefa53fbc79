"""Live state: each value has its own age, and nothing older ever replaces it."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.fleet.state import Observation, VehicleReadings
from tests.domain.fleet.observed import KINDS, NOW, observations, said


@given(seen=st.lists(observations, unique_by=lambda observation: observation.observed_at))
def test_the_newest_reading_of_each_kind_wins_in_whatever_order_they_arrive(seen: list[Observation]) -> None:
    state = VehicleReadings()

    for observation in seen:
        values = {kind: getattr(observation, kind) for kind in KINDS}
        state = state.with_values(observation.observed_at, **values)

    for kind in KINDS:
        newest = max(said(kind, seen), default=None)
        reading = getattr(state, kind)
        assert (reading and (reading.at, reading.value)) == newest


def test_a_late_or_equal_value_is_no_change() -> None:
    state = VehicleReadings().with_values(NOW, locked=True)

    late = Observation(observed_at=NOW - timedelta(seconds=1), locked=False)
    same = Observation(observed_at=NOW + timedelta(seconds=1), locked=True)

    assert not state.is_changed_by("locked", late)
    assert not state.is_changed_by("locked", same)
