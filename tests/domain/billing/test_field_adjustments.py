"""How the field caps, discounts and adds fees: each case is worked out by hand in the comment above it."""

from datetime import date, datetime
from decimal import Decimal

import pytest

from domain.billing.pricing import TripFacts, price
from domain.billing.taxes import of_each, tax
from domain.kernel.money import Currency, Money
from domain.rulebook.adjustments import Rounding
from domain.rulebook.rates import DAY, HOUR, AgreedAmount
from domain.rulebook.tariff import Tariff
from domain.rulebook.tax import TaxRule
from tests.domain.billing.field_terms import (
    BERLIN,
    cap,
    credit,
    fee,
    hold_rate,
    hours,
    km_rate,
    minimum,
    package,
    percent,
    tariff,
    time_rate,
    told,
    trip,
    when,
    zone_fee,
)

MINUTE = time_rate("0.30")
PACKAGES = (package("3h", "29", 3, 80), package("6h", "54", 6, 120), package("9h", "79", 9, 200))
AIRPORT = (zone_fee("from", "12", start="airport"), zone_fee("to", "12", end="airport"))
LONG = (
    time_rate("40", interval_s=DAY),
    percent("-10", "days", when=when(from_s=3 * DAY, until_s=7 * DAY)),
    percent("-20", "week", when=when(from_s=7 * DAY)),
)
EXTRAS = tuple(AgreedAmount(id=name, description="", name=name, optional=True) for name in ("toll", "fuel"))


def euros(amount: str) -> Money:
    return Money.rounded(Decimal(amount), Currency.EUR)


@pytest.mark.parametrize(
    ("tariff", "trip", "expected"),
    [
        # 21:00 to 03:00: each local day 180 x 0.30 = 54.00, at most 40.00
        pytest.param(tariff(MINUTE, cap("40", calendar_day=True)), trip(360, at="2019-06-07 21:00"),
                     "time 108.00 + cap -28.00 = 80.00", id="a cap by the calendar day"),
        # 108.00 within 24 h of the start, at most 40.00
        pytest.param(tariff(MINUTE, cap("40", period_s=DAY)), trip(360, at="2019-06-07 21:00"),
                     "time 108.00 + cap -68.00 = 40.00", id="a cap that runs from the start"),
        # 21:00 to 07:00: 600 x 0.30 = 180.00, of which 480 x 0.30 = 144.00 at night, at most 10.00
        pytest.param(tariff(MINUTE, cap("10", windows=hours(22, 6))), trip(600, at="2019-06-07 21:00"),
                     "time 180.00 + cap -134.00 = 46.00", id="a cap for the night"),
        # 100 x 0.30 = 30.00; 40 x 0.25 = 10.00; together at most 35.00; 1.00 and 12.00 beside it
        pytest.param(
            tariff(fee("1"), MINUTE, km_rate("0.25"), *AIRPORT, cap("35", covers=("time", "km"))),
            trip(100, km=40, end_zones=("airport",)),
            "fee 1.00 + time 30.00 + km 10.00 + to 12.00 + cap -5.00 = 48.00", id="a cap beside the fees"),
        # 20 x 0.30 = 6.00; 12.00 once for start and end
        pytest.param(
            tariff(MINUTE, *AIRPORT, cap("12", covers=("from", "to"))),
            trip(20, start_zones=("airport",), end_zones=("airport",)),
            "time 6.00 + from 12.00 + to 12.00 + cap -12.00 = 18.00", id="the airport once for both ways"),
        # 10 x 0.30 = 3.00; the end is in no home area
        pytest.param(tariff(MINUTE, fee("25", unless=when(end_zone="home"))), trip(10, end_zones=("airport",)),
                     "time 3.00 + fee 25.00 = 28.00", id="an end outside the home area"),
        # 100 x 0.30 = 30.00; 11.11 % of it = 3.33
        pytest.param(tariff(MINUTE, percent("11.11", when=when(start_zone="airport"))),
                     trip(100, start_zones=("airport",)), "time 30.00 + percent 3.33 = 33.33", id="airport concession"),
        # 10 x 0.30 = 3.00; a pass waives the fee
        pytest.param(tariff(MINUTE, fee("1", unless=when(option="pass"))), trip(10, options=("pass",)),
                     "time 3.00 = 3.00", id="no unlock fee with a pass"),
        # 200 min are 20 beyond the package: 20 x 0.40; the fee is part of the package
        pytest.param(
            tariff(time_rate("0.30", unless=when(in_package=True)), fee("1", unless=when(in_package=True)),
                   time_rate("0.40", "over", when=when(in_package=True)), packages=PACKAGES),
            trip(200, package="3h"), "3h 29.00 + over 8.00 = 37.00", id="overtime has its own rate"),
        # none 390 x 0.30 = 117.00; 3h 29 + 210 x 0.30 = 92.00 and 50 km; 6h 54 + 9.00 + 10 km x 0.29; 9h 79.00
        pytest.param(tariff(MINUTE, km_rate("0.29", included=200), packages=PACKAGES, best_package=True),
                     trip(390, km=130), "6h 54.00 + time 9.00 + km 2.90 = 65.90", id="the best of all packages"),
        # 50 x 0.30 = 15.00; a toll as it was; fuel that the member paid for
        pytest.param(tariff(MINUTE, *EXTRAS), trip(50, agreed={"fuel": euros("-6.20")}),
                     "time 15.00 + fuel -6.20 = 8.80", id="fuel is given back, and there was no toll"),
        # 08:50 to 09:10: 20 x 0.30 = 6.00; 20 % of the 10 minutes until 9:00 = 0.60
        pytest.param(tariff(MINUTE, percent("20", windows=hours(7, 9))), trip(20, at="2019-06-05 08:50"),
                     "time 6.00 + percent 0.60 = 6.60", id="a surcharge on the minutes of the rush hour"),
        # the same trip, but it begins in the rush hour: 20 % of 6.00
        pytest.param(tariff(MINUTE, percent("20", when=when(begins=hours(7, 9)))), trip(20, at="2019-06-05 08:50"),
                     "time 6.00 + percent 1.20 = 7.20", id="a surcharge on trips that begin in the rush hour"),
        # 50 x 0.30 = 15.00; 10 % = 1.50; 5.00 off the 13.50 that are left
        pytest.param(tariff(MINUTE, percent("-10", when=when(option="gold")), credit("5")),
                     trip(50, options=("gold",)), "time 15.00 + percent -1.50 + credit -5.00 = 8.50", id="a voucher"),
        # 10 x 0.30 = 3.00, which is all that a voucher of 5.00 gives
        pytest.param(tariff(MINUTE, credit("5")), trip(10), "time 3.00 + credit -3.00 = 0.00", id="a large voucher"),
        # 5 x 0.30 = 1.50 - 20 % = 1.20, at least 2.00
        pytest.param(tariff(MINUTE, percent("-20"), minimum("2")), trip(5),
                     "time 1.50 + percent -0.30 + minimum 0.80 = 2.00", id="discount, then minimum"),
        # 5 x 0.30 = 1.50, at least 2.00, - 20 % = 1.60
        pytest.param(tariff(MINUTE, minimum("2"), percent("-20")), trip(5),
                     "time 1.50 + minimum 0.50 + percent -0.40 = 1.60", id="minimum, then discount"),
        # 20 min are billed as 30: 20 x 0.30 = 6.00, at least 30 x 0.30 = 9.00
        pytest.param(tariff(MINUTE, minimum("9", covers=("time",)), fee("1")), trip(20),
                     "time 6.00 + minimum 3.00 + fee 1.00 = 10.00", id="a minimum time"),
        # 10 x 40 = 400.00; from a week on 20 %, not 10 % as well
        pytest.param(tariff(*LONG), trip(10 * 1440), "time 400.00 + week -80.00 = 320.00", id="a long trip"),
        # 37 x 0.23 = 8.51, to the nearest 0.05
        pytest.param(
            tariff(time_rate("0.23"), Rounding(id="round", description="", to=Decimal("0.05")), currency=Currency.CHF),
            trip(37), "time 8.51 + round -0.01 = 8.50", id="Swiss francs end on 5"),
        # nothing was driven; 120 x 0.10 = 12.00, at most 5.00
        pytest.param(tariff(MINUTE, hold_rate("0.10"), cap("5", covers=("hold",)), minimum("8")),
                     trip(held=120, reservation_only=True), "hold 12.00 + cap -7.00 = 5.00", id="the cap of a hold"),
        # 90 s are within the 2 min in which one may give up
        pytest.param(tariff(time_rate("0.30", when=when(from_s=121))), trip(1.5), " = 0.00", id="given up at once"),
        # 150 x 0.30 = 45.00; each hour at most 14.90: 2 x (18.00 - 14.90) = 6.20; 30 x 0.30 = 9.00 stands
        pytest.param(tariff(MINUTE, cap("14.90", period_s=HOUR)), trip(150),
                     "time 45.00 + cap -6.20 = 38.80", id="a cap by the hour"),
    ],
)  # fmt: skip
def test_an_adjustment_of_the_field_is_made_as_by_hand(tariff: Tariff, trip: TripFacts, expected: str) -> None:
    assert told(tariff, trip) == expected


def test_a_tax_is_on_what_it_names_alone() -> None:
    state = tariff(time_rate("1.00"), fee("3", tax="passed on"))
    found = price(state, trip(100))
    rule = TaxRule(name="sales", rate=Decimal("0.10"), valid_from=date(2000, 1, 1), inclusive=False)

    taxed = tax(found.total, (rule,), date(2019, 6, 5), of=of_each(found.lines))

    # 100.00 x 10 % = 10.00 on a price of 103.00
    assert (taxed.net, taxed.tax, taxed.gross) == (euros("103"), euros("10"), euros("113"))


def test_a_hold_over_the_jump_of_the_clock_is_as_long_as_it_was() -> None:
    rate = tariff(hold_rate("0.10", free_s=900))
    reserved, started = (datetime(2019, 3, 31, hour, 30, tzinfo=BERLIN) for hour in (1, 3))

    found = told(rate, TripFacts(started_at=started, reserved_at=reserved))

    # 01:30 to 03:30 on the wall are 60 minutes, 15 of them free: 45 x 0.10
    assert found == "hold 4.50 = 4.50"
