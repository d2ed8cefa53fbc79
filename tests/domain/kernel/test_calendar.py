"""The law of a calendar: whatever is asked for in whatever order, no period meets another or the buffer after it."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from domain.kernel.calendar import Calendar, Entry, Period
from domain.kernel.values import LAST

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def entry(id: int, begins: int, length: int, buffer: int) -> Entry:
    start = NOON + begins * MINUTE
    return Entry(id=UUID(int=id), period=Period(begins=start, ends=start + length * MINUTE), buffer_s=buffer * 60)


wishes = st.builds(entry, st.integers(1, 8), st.integers(0, 300), st.integers(1, 90), st.integers(0, 45))
"""With few ids, so that some are changes of what was promised before."""


def taken(wanted: list[Entry]) -> Calendar:
    calendar = Calendar()
    for wish in wanted:
        if not calendar.in_the_way(wish):
            calendar = calendar.with_entry(wish)
    return calendar


@given(st.lists(wishes, max_size=30))
def test_no_two_closed_times_overlap(wanted: list[Entry]) -> None:
    entries = taken(wanted).entries

    for earlier, later in pairwise(entries):
        assert earlier.closed.ends <= later.period.begins


@given(st.lists(wishes, max_size=30), wishes)
def test_who_is_refused_really_meets_somebody_minute_by_minute(wanted: list[Entry], wish: Entry) -> None:
    calendar = taken(wanted)

    def minutes(it: Entry) -> set[int]:
        first = int((it.closed.begins - NOON) / MINUTE)
        return set(range(first, int((it.closed.ends - NOON) / MINUTE)))

    meets = {other.id for other in calendar.entries if other.id != wish.id and minutes(other) & minutes(wish)}

    assert {other.id for other in calendar.in_the_way(wish)} == meets


@given(st.lists(wishes, max_size=30), wishes)
def test_what_is_said_to_be_free_instead_is_free(wanted: list[Entry], wish: Entry) -> None:
    calendar = taken(wanted).without(wish.id)
    buffer = timedelta(seconds=wish.buffer_s)

    instead = calendar.nearest(wish.period, NOON, buffer)

    assert instead
    for period in instead:
        offered = wish.model_copy(update={"period": period})
        assert period.length == wish.period.length
        assert period.begins >= NOON
        assert not calendar.in_the_way(offered)


@given(st.lists(wishes, max_size=30), st.integers(0, 45))
def test_the_gaps_and_what_is_promised_cover_all_time(wanted: list[Entry], buffer: int) -> None:
    calendar = taken(wanted)

    gaps = calendar.gaps(NOON, buffer * MINUTE)

    assert gaps[-1].ends is None
    for gap in gaps[:-1]:
        assert gap.ends is not None
        offered = Entry(id=UUID(int=99), period=Period(begins=gap.begins, ends=gap.ends), buffer_s=buffer * 60)
        assert not calendar.in_the_way(offered)


def test_no_buffer_is_longer_than_time_itself() -> None:
    latest = Entry(id=UUID(int=1), period=Period(begins=NOON, ends=LAST), buffer_s=60)

    assert latest.closed == latest.period
