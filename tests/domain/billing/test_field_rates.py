"""How the field charges for time and distance: each case is worked out by hand in the comment above it."""

import pytest

from domain.billing.pricing import TripFacts
from domain.kernel.money import Currency
from domain.rulebook.rates import DAY, HOUR
from domain.rulebook.tariff import Tariff
from domain.rulebook.windows import Window
from tests.domain.billing.field_terms import (
    fee,
    hold_rate,
    hours,
    km_rate,
    package,
    percent,
    tariff,
    time_rate,
    told,
    trip,
    when,
)

DRIVE, PARK = time_rate("0.30", "drive", phase="driving"), time_rate("0.10", "park", phase="parked")
LATE_DRIVE = time_rate("0.30", "drive", phase="driving", clock="trip", start_s=1800)
LATE_PARK = time_rate("0.10", "park", phase="parked", clock="trip", start_s=1800)
NIGHT = hours(22, 6)
DAY_AND_NIGHT = tariff(time_rate("0.10", "night", windows=NIGHT), time_rate("0.30", "day", windows=NIGHT, outside=True))
WEEKEND = (Window(weekdays=(6, 7)),)
SUMMER = (Window(season=((4, 1), (10, 31))),)
EASTER = (Window.model_validate({"dates": ["2019-04-22", "2020-04-13"]}),)
TIERS = (
    km_rate("0.29", "first", included=50, end=200),
    km_rate("0.19", "far", start=200),
)

MINUTE_030 = time_rate("0.30")
NIGHT_PACKAGE = package("night", "9", 8).model_copy(update={"when": when(begins=hours(20, 6))})


@pytest.mark.parametrize(
    ("tariff", "trip", "expected"),
    [
        # 22 min 10 s are 23 started minutes: 23 x 0.30 = 6.90; 5 x 0.10 = 0.50
        pytest.param(tariff(fee("1", "unlock"), DRIVE, PARK), trip(22 + 1 / 6, 5),
                     "unlock 1.00 + drive 6.90 + park 0.50 = 8.40", id="started minutes and an unlock fee"),
        # 10.5 x 0.30 = 3.15
        pytest.param(tariff(time_rate("0.30", counting="exact")), trip(10.5), "time 3.15 = 3.15", id="by the second"),
        # 46 min are 4 started quarters: 4 x 2.50
        pytest.param(tariff(time_rate("2.50", interval_s=900)), trip(46), "time 10.00 = 10.00", id="started quarters"),
        # 61 min are 3 started half hours: 3 x 4.50
        pytest.param(tariff(time_rate("4.50", interval_s=1800)), trip(61), "time 13.50 = 13.50", id="half hours"),
        # of 20 driven, 20 parked, 20 driven, the last 10 parked and 20 driven count: 20 x 0.30 + 10 x 0.10
        pytest.param(tariff(LATE_DRIVE, LATE_PARK), trip(20, 20, 20),
                     "drive 6.00 + park 1.00 = 7.00", id="the first 30 minutes of a trip are free in any phase"),
        # 60 x 0.20 = 12.00; 30 x 0.35 = 10.50
        pytest.param(tariff(time_rate("0.20", "first", end_s=HOUR), time_rate("0.35", "then", start_s=HOUR)), trip(90),
                     "first 12.00 + then 10.50 = 22.50", id="a cheaper first hour"),
        # 3 days 1 h are 4 started days: 50 + 40 + 2 x 30
        pytest.param(
            tariff(time_rate("50", "one", interval_s=DAY, end_s=DAY),
                   time_rate("40", "two", interval_s=DAY, start_s=DAY, end_s=2 * DAY),
                   time_rate("30", "more", interval_s=DAY, start_s=2 * DAY)),
            trip(73 * 60), "one 50.00 + two 40.00 + more 60.00 = 150.00", id="days that get cheaper"),
        # Friday 23:30 to Saturday 00:30: 30 x 0.25 = 7.50; 30 x 0.35 = 10.50
        pytest.param(
            tariff(time_rate("0.25", "week", windows=WEEKEND, outside=True), time_rate("0.35", "end", windows=WEEKEND)),
            trip(60, at="2019-06-07 23:30"), "week 7.50 + end 10.50 = 18.00", id="into the week-end"),
        # 00:30 to 06:30 on the wall are 5 h: 270 x 0.10 = 27.00; 30 x 0.30 = 9.00
        pytest.param(DAY_AND_NIGHT, trip(300, at="2019-03-31 00:30"),
                     "night 27.00 + day 9.00 = 36.00", id="the short night in spring"),
        # 00:30 to 06:30 on the wall are 7 h: 390 x 0.10 = 39.00; 30 x 0.30 = 9.00
        pytest.param(DAY_AND_NIGHT, trip(420, at="2019-10-27 00:30"),
                     "night 39.00 + day 9.00 = 48.00", id="the long night in autumn"),
        # 10 x 0.38 on 31 October, 10 x 0.35 on 1 November
        pytest.param(
            tariff(time_rate("0.38", "hot", windows=SUMMER), time_rate("0.35", "cold", windows=SUMMER, outside=True)),
            trip(20, at="2019-10-31 23:50"), "hot 3.80 + cold 3.50 = 7.30", id="out of the season"),
        # 10 x 0.40 on Easter Monday
        pytest.param(tariff(time_rate("0.40", windows=EASTER)), trip(10, at="2019-04-22 12:00"),
                     "time 4.00 = 4.00", id="a holiday that moves"),
        # held 21:30 to 22:10, paid from 21:45 until the free night: 15 x 0.10; 10 x 0.30
        pytest.param(tariff(DRIVE, hold_rate("0.10", free_s=900, free_windows=NIGHT)),
                     trip(10, held=40, at="2019-06-05 22:10"),
                     "drive 3.00 + hold 1.50 = 4.50", id="a hold beyond its free time, until the free night"),
        # 26 h are 2 started days, also in a package: 2 x 7.50; 120 minutes beyond the 24 h: 120 x 0.30
        pytest.param(
            tariff(DRIVE, time_rate("7.50", "young", interval_s=DAY, in_package=True, when=when(option="young driver")),
                   packages=(package("day", "79", 24),)),
            trip(26 * 60, package="day", options=("young driver",)),
            "day 79.00 + drive 36.00 + young 15.00 = 130.00", id="a young driver pays by the day"),
        # Friday 22:00 to Sunday 01:00 touches 3 days: 3 x 5.00
        pytest.param(tariff(time_rate("5", "insurance", calendar_day=True)), trip(27 * 60, at="2019-06-07 22:00"),
                     "insurance 15.00 = 15.00", id="by the calendar day"),
        # 25 x 0.30 = 7.50; the first 10 minutes given back: 10 x 0.30 = 3.00
        pytest.param(tariff(DRIVE, time_rate("-0.30", "bonus", end_s=600, when=when(option="refuelled"))),
                     trip(25, options=("refuelled",)), "drive 7.50 + bonus -3.00 = 4.50", id="free minutes for fuel"),
        # 100 min are 7 quarters: 7 x 220 = 1540; 33.3 x 16 = 532.8; 10 % of 2073 = 207.3
        pytest.param(tariff(time_rate("220", interval_s=900), km_rate("16"), percent("10"), currency=Currency.JPY),
                     trip(100, km=33.3), "time 1540 + km 533 + percent 207 = 2280", id="yen have no minor unit"),
        # 150 km x 0.29 = 43.50; 50 km x 0.19 = 9.50
        pytest.param(tariff(*TIERS), trip(60, km=250), "first 43.50 + far 9.50 = 53.00", id="a far way is cheaper"),
        # a package for the night is not for a trip at noon: 120 x 0.30
        pytest.param(tariff(MINUTE_030, packages=(NIGHT_PACKAGE,)), trip(120, package="night"),
                     "time 36.00 = 36.00", id="a package chosen at another time covers and costs nothing"),
        pytest.param(tariff(MINUTE_030, packages=(NIGHT_PACKAGE,)), trip(120, at="2019-06-05 21:00", package="night"),
                     "night 9.00 = 9.00", id="a package chosen in its time"),
        # 80 km are in the package: 120 km x 0.29 = 34.80; 50 km x 0.19 = 9.50
        pytest.param(tariff(*TIERS, packages=(package("3h", "29", 3, 80),)), trip(60, km=250, package="3h"),
                     "3h 29.00 + first 34.80 + far 9.50 = 73.30", id="a package moves no tier but the first"),
        # 12.1 km are 13 started km: 13 x 0.35
        pytest.param(tariff(km_rate("0.35", counting="started")), trip(20, km=12.1), "km 4.55 = 4.55", id="started km"),
        # 26 h are 2 started days with 180 mi each; 400 mi (643.738 km) - 360 mi = 40 mi x 0.45
        pytest.param(tariff(km_rate("0.45", included=180, included_every_s=DAY), distance_unit="mi"),
                     trip(26 * 60, km=643.738), "km 18.00 = 18.00", id="miles for each day"),
        # 3 x 8.00; 20 km and 20 km for each of 3 h are included, 100 - 80 = 20 km x 0.30
        pytest.param(
            tariff(time_rate("8", interval_s=HOUR),
                   km_rate("0.30", included=20, included_once=20, included_every_s=HOUR)),
            trip(180, km=100), "time 24.00 + km 6.00 = 30.00", id="km for the trip and for each hour"),
        # the package's own 300 km, not 300 km a day: 100 km x 0.29
        pytest.param(
            tariff(km_rate("0.29", included=100, included_every_s=DAY), packages=(package("3d", "150", 72, 300),)),
            trip(72 * 60, km=400, package="3d"), "3d 150.00 + km 29.00 = 179.00", id="a package grants its km once"),
    ],
)  # fmt: skip
def test_a_rate_of_the_field_is_charged_as_by_hand(tariff: Tariff, trip: TripFacts, expected: str) -> None:
    assert told(tariff, trip) == expected
