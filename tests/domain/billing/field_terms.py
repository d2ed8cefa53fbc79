"""Short words for the elements of field prices, and trips at local times of Berlin, so that a case fits a few lines."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from domain.billing.pricing import Span, TripFacts, price
from domain.kernel.money import Currency
from domain.rulebook.adjustments import Cap, Credit, MinimumFare, Percentage
from domain.rulebook.conditions import Condition
from domain.rulebook.elements import Element, Package
from domain.rulebook.rates import DistanceRate, FlatFee, ReservationRate, TimeRate, ZoneFee
from domain.rulebook.tariff import Tariff
from domain.rulebook.windows import Window
from tests.domain.billing.worked_tariffs import tariff as make_tariff

BERLIN = ZoneInfo("Europe/Berlin")


def tariff(*elements: Element, currency: Currency = Currency.EUR, **more: Any) -> Tariff:
    return make_tariff("field", currency, *elements, **{"timezone": "Europe/Berlin", **more})


def time_rate(rate: str, id: str = "time", **more: Any) -> TimeRate:
    return TimeRate(id=id, description="", rate=Decimal(rate), **more)


def km_rate(rate: str, id: str = "km", **more: Any) -> DistanceRate:
    return DistanceRate(id=id, description="", rate=Decimal(rate), **more)


def hold_rate(rate: str, **more: Any) -> ReservationRate:
    return ReservationRate(id="hold", description="", rate=Decimal(rate), **more)


def fee(amount: str, id: str = "fee", **more: Any) -> FlatFee:
    return FlatFee(id=id, description="", amount=Decimal(amount), **more)


def zone_fee(id: str, amount: str, **ends: Any) -> ZoneFee:
    return ZoneFee(id=id, description="", amount=Decimal(amount), **ends)


def cap(amount: str, **more: Any) -> Cap:
    return Cap(id="cap", description="", amount=Decimal(amount), **more)


def minimum(amount: str, **more: Any) -> MinimumFare:
    return MinimumFare(id="minimum", description="", amount=Decimal(amount), **more)


def percent(percent: str, id: str = "percent", **more: Any) -> Percentage:
    return Percentage(id=id, description="", percent=Decimal(percent), **more)


def credit(amount: str, **more: Any) -> Credit:
    return Credit(id="credit", description="", amount=Decimal(amount), **more)


def package(id: str, amount: str, hours: int, km: int = 0) -> Package:
    return Package(id=id, description="", amount=Decimal(amount), duration_s=hours * 3600, included=Decimal(km))


def when(**facts: Any) -> Condition:
    return Condition(**facts)


def hours(begins: int, ends: int, **more: Any) -> tuple[Window, ...]:
    return (Window.model_validate({"begins": f"{begins:02}:00", "ends": f"{ends:02}:00", **more}),)


def trip(*minutes: float, at: str = "2019-06-05 12:00", km: float = 0, held: float = 0, **more: Any) -> TripFacts:
    """Minutes in turn driven, parked, driven and so on; `at` is local time; `held` are minutes before it."""
    started_at = datetime.fromisoformat(at).replace(tzinfo=BERLIN).astimezone(UTC)
    spans = [
        Span(phase="parked" if turn % 2 else "driving", seconds=int(length * 60)) for turn, length in enumerate(minutes)
    ]
    reserved_at = started_at - timedelta(minutes=held)
    return TripFacts(
        started_at=started_at, spans=tuple(spans), distance_m=int(km * 1000), reserved_at=reserved_at, **more
    )


def told(tariff: Tariff, facts: TripFacts) -> str:
    """A price as one line: each rule with its amount, and the total."""
    found = price(tariff, facts)
    lines = [f"{line.rule_id} {line.amount.major}" for line in found.lines]
    return f"{' + '.join(lines)} = {found.total.major}"
