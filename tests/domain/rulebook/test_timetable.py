"""What a timetable says of a day is what its windows say of each moment of it."""

from datetime import UTC, date, datetime, time, timedelta

from hypothesis import given
from hypothesis import strategies as st

from domain.rulebook import timetable
from domain.rulebook.timetable import Occurrence, Timetable
from domain.rulebook.windows import DAY_US, Window
from tests.domain.billing.any_tariff import windows

NIGHT = Window(begins=time(22), ends=time(6))
EVENING = Window(begins=time(20), ends=time(23))
MONDAY = date(2019, 6, 3)

days = st.dates(date(2019, 1, 1), date(2020, 12, 31)) | st.sampled_from([date(2019, 3, 31), date(2019, 11, 1)])
clocks = st.times() | st.sampled_from([time(0), time(6), time(22), time(23, 59, 59, 999_999)])
moments = st.builds(datetime.combine, days, clocks, st.just(UTC))


def at(table: Timetable, element: str, moment: datetime) -> Occurrence | None:
    microsecond = (moment - datetime.combine(moment, time(), UTC)) // timedelta(microseconds=1)
    [found] = [hours for hours in table.on(moment.toordinal()) if hours.opens <= microsecond < hours.closes]
    return found.occurrences[table.places[element]]


@given(some=st.lists(windows, min_size=1, max_size=3).map(tuple), others=st.lists(windows).map(tuple), moment=moments)
def test_it_says_which_window_holds_first_and_when_it_began(
    some: tuple[Window, ...], others: tuple[Window, ...], moment: datetime
) -> None:
    table = Timetable({"others": others, "some": some})

    began = [(n, window.began_on(moment)) for n, window in enumerate(some)]
    expected = next(((n, day.toordinal()) for n, day in began if day is not None), None)
    assert at(table, "some", moment) == expected


@given(some=st.lists(windows, min_size=1, max_size=3).map(tuple), day=days)
def test_its_hours_fill_the_day(some: tuple[Window, ...], day: date) -> None:
    hours = Timetable({"some": some}).on(day.toordinal())

    assert [0, *(found.closes for found in hours)] == [*(found.opens for found in hours), DAY_US]


def test_where_windows_overlap_the_first_holds() -> None:
    table = Timetable({"cap": (EVENING, NIGHT)})

    assert at(table, "cap", datetime(2019, 6, 3, 22, 30, tzinfo=UTC)) == (0, MONDAY.toordinal())
    assert at(table, "cap", datetime(2019, 6, 4, 5, tzinfo=UTC)) == (1, MONDAY.toordinal())


def test_it_remembers_so_many_days_and_still_knows_the_others() -> None:
    table, first = Timetable({"night": (NIGHT,)}), MONDAY.toordinal()
    asked = [table.on(day) for day in range(first, first + timetable.MOST_DAYS + 1)]

    assert table.on(first) == asked[0]
    assert table.on(first) is not asked[0]
