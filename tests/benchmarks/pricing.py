"""What prices cost: how many quotes a core gives in a second, and how long the longest trips take.

`quotes_per_s` is a typical trip by each of the shipped tariffs in turn: lines, taxes, net and gross, as `/v1/quotes`
shows them. `price_30_days_ms` is a month of 720 stretches in turn driven and parked, by a tariff whose windows, caps
and days all have edges of their own. Run with `python -m tests.benchmarks.pricing`: it needs no database.
"""

import gc
import json
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from statistics import median

from domain.billing.estimate import estimate
from domain.billing.pricing import Span, TripFacts, price
from domain.rulebook.adjustments import Cap
from domain.rulebook.model import City
from domain.rulebook.rates import DAY, HOUR
from domain.rulebook.tariff import Tariff
from tests.domain.billing import field_terms as field
from tests.support.services import RULEBOOKS

NOON = datetime(2019, 6, 5, 10, tzinfo=UTC)
TYPICAL = TripFacts(
    started_at=NOON,
    spans=tuple(
        Span.model_validate({"phase": phase, "seconds": seconds})
        for phase, seconds in (("driving", 840), ("parked", 300), ("driving", 420))
    ),
    distance_m=8_000,
    reserved_at=NOON - timedelta(minutes=10),
)
NASTY = field.tariff(
    field.time_rate("0.2955", "drive", phase="driving", windows=field.hours(22, 6), outside=True),
    field.time_rate("0.1995", "night", phase="driving", windows=field.hours(22, 6)),
    field.time_rate("0.0905", "park", phase="parked"),
    field.time_rate("5", "insurance", calendar_day=True),
    field.km_rate("0.2905", included=Decimal(50), counting="started"),
    field.percent("12.5", "rush", windows=(*field.hours(7, 9), *field.hours(16, 18))),
    Cap(id="hour", description="", amount=Decimal("14.90"), period_s=HOUR, covers=("drive", "night", "park", "km")),
    Cap(id="evening", description="", amount=Decimal(10), windows=field.hours(20, 1)),
    Cap(id="date", description="", amount=Decimal(95), calendar_day=True),
    Cap(id="week", description="", amount=Decimal(500), period_s=7 * DAY),
    field.minimum("8"),
)
"""By minutes and nights, hours and evenings, days and weeks: nothing ends where another begins."""
MONTH = field.trip(*[61 if turn % 2 else 59 for turn in range(720)], at="2019-03-10 08:17", km=4_000)
"""With the night in which the clock jumps."""
ROUNDS = 9


def measure(_server_dsn: str) -> dict[str, float]:
    """`quotes_per_s`, `quote_us`, `price_30_days_ms` and `price_62_days_ms`, the longest that may be asked for."""
    asked = [(tariff, city) for rulebook in RULEBOOKS.values() for city in rulebook.cities for tariff in city.tariffs]
    quote_s = _median_s(lambda: _quotes(asked), each=20 * len(asked))
    longest = TripFacts.of(driving_s=31 * DAY, parked_s=31 * DAY, distance_m=10_000_000, started_at=NOON)
    return {
        "quotes_per_s": round(1 / quote_s),
        "quote_us": round(quote_s * 1e6, 1),
        "price_30_days_ms": round(_median_s(lambda: price(NASTY, MONTH)) * 1e3, 2),
        "price_62_days_ms": round(_median_s(lambda: price(NASTY, longest)) * 1e3, 2),
    }


def _quotes(asked: list[tuple[Tariff, City]]) -> None:
    for _ in range(20):
        for tariff, city in asked:
            estimate(tariff, city, TYPICAL)


def _median_s(work: Callable[[], object], each: int = 1) -> float:
    """Processor time of one, in the median round; the first round does not count."""
    work()
    rounds = []
    gc.disable()
    for _ in range(ROUNDS):
        began = time.process_time()
        work()
        rounds.append((time.process_time() - began) / each)
        gc.collect()
    gc.enable()
    return median(rounds)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(""), indent=2) + "\n")
