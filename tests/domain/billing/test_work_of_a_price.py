"""A price costs work by its boundaries: days, windows, caps and spans, and not by what lies between them.

Work is counted in lines of the domain that run, so that no clock is asked.
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from types import FrameType
from typing import Any

from domain.billing.pricing import TripFacts, price
from domain.rulebook.adjustments import Cap
from domain.rulebook.rates import HOUR, MINUTE
from domain.rulebook.windows import Window
from tests.domain.billing import field_terms as field

DAY_MIN = 24 * 60
BY_THE_HOUR = field.tariff(
    field.time_rate("0.2955", "drive", phase="driving", windows=field.hours(22, 6), outside=True),
    field.time_rate("0.0905", "park", phase="parked"),
    field.km_rate("0.2905", counting="started"),
    Cap(id="hour", description="", amount=Decimal("14.90"), period_s=HOUR),
    Cap(id="date", description="", amount=Decimal(95), calendar_day=True),
)
"""Nearly each hour that is driven is capped in its middle, and each day."""


@dataclass
class Work:
    lines: int = 0

    def of(self, work: Callable[[], object]) -> int:
        """How many lines of the domain run for it, each round of a loop again."""
        before = sys.gettrace()
        sys.settrace(self._trace)
        try:
            work()
        finally:
            sys.settrace(before)
        return self.lines

    def _trace(self, frame: FrameType, event: str, _: Any) -> Any:
        if not frame.f_globals["__name__"].startswith("domain."):
            return None
        self.lines += event == "line"
        return self._trace


def work_of(trip: TripFacts, tariff: Any = BY_THE_HOUR) -> int:
    price(tariff, trip)  # what is found out once about a tariff and its days, is no part of it
    return Work().of(lambda: price(tariff, trip))


def test_the_longest_way_costs_hardly_more_work_than_a_short_one() -> None:
    near, far = field.trip(3 * DAY_MIN, km=300), field.trip(3 * DAY_MIN, km=10_000_000)

    assert work_of(far) < 3 * work_of(near)


def test_twice_the_days_cost_twice_the_work() -> None:
    month, two = field.trip(31 * DAY_MIN, km=3_000), field.trip(62 * DAY_MIN, km=6_000)

    assert work_of(two) < 2.2 * work_of(month)


def test_the_second_half_of_the_longest_quote_costs_no_more_than_the_first() -> None:
    driven, and_parked = field.trip(31 * DAY_MIN, km=10_000), field.trip(31 * DAY_MIN, 31 * DAY_MIN, km=10_000)

    assert work_of(and_parked) < 2.2 * work_of(driven)


def test_a_trip_of_twice_the_spans_costs_less_than_twice_the_work() -> None:
    few, many = field.trip(*[20] * 360, km=2_000), field.trip(*[10] * 720, km=2_000)

    assert work_of(many) < 2 * work_of(few)


def overlapping(count: int) -> tuple[Window, ...]:
    """Each for nearly the whole day, with edges of its own."""
    return tuple(Window.model_validate({"begins": f"00:{n:02}:30", "ends": f"23:{n:02}:30"}) for n in range(count))


def test_twice_the_windows_that_overlap_cost_twice_the_work() -> None:
    def capped(windows: tuple[Window, ...]) -> Any:
        night = Cap(id="window", description="", amount=Decimal(20), windows=windows)
        return field.tariff(field.time_rate("0.30", windows=windows), field.km_rate("0.20"), night)

    trip = field.trip(10 * DAY_MIN, km=2_000)

    assert work_of(trip, capped(overlapping(56))) < 2.2 * work_of(trip, capped(overlapping(28)))


def test_charges_by_the_second_cost_hardly_more_work_than_charges_by_the_minute() -> None:
    def by(interval_s: int, rate: str) -> Any:
        drive = field.time_rate(rate, interval_s=interval_s)
        return field.tariff(drive, field.km_rate("0.20"), field.cap("12", period_s=HOUR))

    trip = field.trip(7 * DAY_MIN, km=2_000)

    assert work_of(trip, by(1, "0.005")) < 3 * work_of(trip, by(MINUTE, "0.30"))
