"""The worked prices' rules as tariff data, and their trips as facts. No code here knows an expected total."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from domain.billing.pricing import TripFacts
from domain.kernel.money import Currency, Money
from domain.rulebook.adjustments import Cap, MinimumFare, Percentage
from domain.rulebook.elements import Element
from domain.rulebook.rates import DAY, HOUR, WEEK, AgreedAmount, DistanceRate, FlatFee, TimeRate
from domain.rulebook.tariff import Tariff


def tariff(id_: str, currency: Currency, *elements: Element, **more: Any) -> Tariff:
    """A tariff that is valid from 2010 on for every model."""
    return Tariff(
        id=id_,
        version=1,
        name=id_,
        currency=currency,
        hold=Money.zero(currency),
        valid_from=datetime(2010, 1, 1, tzinfo=UTC),
        elements=elements,
        **more,
    )


def driving(rate: str) -> TimeRate:
    return TimeRate(id="drive", description="Driving", rate=Decimal(rate), phase="driving")


def parked(rate: str) -> TimeRate:
    return TimeRate(id="park", description="Parked", rate=Decimal(rate), phase="parked")


def per_km(rate: str, included: int = 0) -> DistanceRate:
    return DistanceRate(id="km", description="Distance", rate=Decimal(rate), included=Decimal(included))


STUTTGART = tariff("c2g-stuttgart", Currency.EUR, driving("0.29"), parked("0.09"))
TRENTINO = tariff(
    "trentino-piccola",
    Currency.EUR,
    TimeRate(id="time", description="Hours", rate=Decimal("2.00"), interval_s=HOUR),
    per_km("0.40"),
)
COPENHAGEN = tariff("sharenow-dk", Currency.DKK, per_km("2.50", included=100))
DRIVEMATE = tariff(
    "drivemate",
    Currency.AUD,
    AgreedAmount(id="trip_price", description="Trip price", name="trip_price"),
    AgreedAmount(id="trip_fee", description="Trip fee", name="trip_fee"),
    Percentage(id="processing", description="Processing fee", percent=Decimal("2.5")),
)
PARIS = tariff(
    "1cares",
    Currency.EUR,
    per_km("0.70"),
    FlatFee(id="service", description="Service", amount=Decimal("10.00")),
)
PROTECTION = tariff(
    "communauto-dpf",
    Currency.CAD,
    FlatFee(id="base", description="Base fee", amount=Decimal("1.25")),
    TimeRate(id="time", description="Hours", rate=Decimal("1.00"), interval_s=HOUR, counting="exact"),
    Cap(id="day", description="At most 10 per 24 h", amount=Decimal("10.00"), period_s=DAY),
    Cap(id="week", description="At most 25 per week", amount=Decimal("25.00"), period_s=WEEK),
)
RIGA = tariff(
    "bolt-riga",
    Currency.EUR,
    TimeRate(id="time", description="Driving and parked", rate=Decimal("0.13")),
    Cap(id="day", description="Time at most 20.90 per 24 h", amount=Decimal("20.90"), period_s=DAY, covers=("time",)),
    per_km("0.29"),
    MinimumFare(id="minimum", description="Minimum fare", amount=Decimal("2.55")),
)
DISCOUNTED = tariff(
    "riga-discount",
    Currency.EUR,
    driving("1.00"),
    MinimumFare(id="minimum", description="Minimum fare", amount=Decimal("10.00")),
    Percentage(
        id="discount", description="60 % off, never below the minimum", percent=Decimal(-60), not_below=Decimal("10.00")
    ),
)
BERLIN = tariff(
    "c2g-berlin",
    Currency.EUR,
    driving("0.29"),
    parked("0.19"),
    Cap(
        id="hour",
        description="At most 14.90 per hour",
        amount=Decimal("14.90"),
        period_s=HOUR,
        covers=("drive", "park"),
    ),
    Cap(
        id="day", description="At most 59.00 per 24 h", amount=Decimal("59.00"), period_s=DAY, covers=("drive", "park")
    ),
    per_km("0.29", included=50),
)
GBFS_1 = tariff(
    "gbfs-1",
    Currency.USD,
    FlatFee(id="base", description="Base price", amount=Decimal("2.00")),
    TimeRate(id="once", description="After 30 minutes", rate=Decimal("3.00"), interval_s=0, start_s=30 * 60),
    TimeRate(id="minutes", description="From 60 minutes", rate=Decimal("0.10"), start_s=60 * 60),
)
GBFS_2 = tariff(
    "gbfs-2",
    Currency.CAD,
    FlatFee(id="unlock", description="Unlock", amount=Decimal("3.00")),
    TimeRate(id="time", description="Minutes", rate=Decimal("0.50")),
    per_km("0.25"),
    Cap(id="cap", description="At most 15.00 per 720 min", amount=Decimal("15.00"), period_s=720 * 60),
)

TARIFFS: dict[str, Tariff] = {
    "c2g-stuttgart": STUTTGART,
    "trentino": TRENTINO,
    "sharenow-dk": COPENHAGEN,
    "drivemate": DRIVEMATE,
    "1cares": PARIS,
    "dpf": PROTECTION,
    "riga-bolt": RIGA,
    "riga-min-fare": DISCOUNTED,
    "c2g-berlin": BERLIN,
    "gbfs-ex1": GBFS_1,
    "gbfs-ex2": GBFS_2,
}
"""By the first part of a case's id."""

ELEMENTS_OF = {"drive": ("drive",), "park": ("park",), "time": ("time",), "km": ("km",), "service": ("service",)}
"""Which elements a part of a stated breakdown is about; its other parts name a line."""


def tariff_of(case_id: str) -> Tariff:
    """The tariff of a case."""
    return next(t for prefix, t in TARIFFS.items() if case_id.startswith(prefix))


def facts_of(trip: dict[str, Any], currency: Currency) -> TripFacts:
    """The facts of a case's trip."""
    value = {name: Decimal(str(number)) for name, number in trip.items()}
    minutes = value.get(
        "drive_min", value.get("duration_min", value.get("minutes", value.get("duration_h", Decimal(0)) * 60))
    )
    facts = TripFacts.of(
        driving_s=int(minutes * 60),
        parked_s=int(value.get("park_min", Decimal(0)) * 60),
        distance_m=int(value.get("km", Decimal(0)) * 1000),
    )
    agreed = {name: Money.rounded(value[name], currency) for name in ("trip_price", "trip_fee") if name in value}
    return facts.model_copy(update={"agreed": agreed})
