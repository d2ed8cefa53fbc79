"""Laws of the meter."""

from datetime import UTC, datetime, timedelta
from itertools import accumulate

from hypothesis import given
from hypothesis import strategies as st

from domain.rental.meter import PhaseStart, seconds_in, spans

START = datetime(2026, 3, 2, 9, tzinfo=UTC)

lengths = st.lists(st.floats(0, 5_000), min_size=1, max_size=8)


def phases(seconds: list[float]) -> list[PhaseStart]:
    starts = [0.0, *accumulate(seconds[:-1])]
    return [
        PhaseStart(phase="parked" if i % 2 else "driving", since=START + timedelta(seconds=s))
        for i, s in enumerate(starts)
    ]


@given(lengths)
def test_driving_and_parked_seconds_add_up_to_the_trip(seconds: list[float]) -> None:
    ended_at = START + timedelta(seconds=sum(seconds))

    metered = spans(phases(seconds), ended_at)

    whole = int((ended_at - START).total_seconds())
    assert seconds_in("driving", metered) + seconds_in("parked", metered) == whole


@given(lengths, st.floats(0, 1))
def test_an_earlier_end_never_takes_more_time(seconds: list[float], share: float) -> None:
    early = spans(phases(seconds), START + timedelta(seconds=sum(seconds) * share))
    full = spans(phases(seconds), START + timedelta(seconds=sum(seconds)))

    assert sum(s.seconds for s in early) <= sum(s.seconds for s in full)


def test_an_end_at_the_start_takes_no_time() -> None:
    assert spans(phases([60]), START) == ()
