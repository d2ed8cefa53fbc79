"""The elements that add: rates for time, distance and reservation, fees, agreed amounts, packages."""

from collections.abc import Iterator
from decimal import Decimal
from functools import singledispatch
from zoneinfo import ZoneInfo

from domain.billing.pricing.charges import Charge, Entry, accumulate, intervals, to_minor
from domain.billing.pricing.facts import METRES_PER, TripFacts
from domain.billing.pricing.timeline import Timeline, in_windows
from domain.rulebook.elements import Package
from domain.rulebook.rates import (
    DAY,
    HOUR,
    MINUTE,
    AgreedAmount,
    DistanceRate,
    FlatFee,
    ReservationRate,
    TimeRate,
    ZoneFee,
)
from domain.rulebook.tariff import Tariff

UNITS = {0: "once", MINUTE: "min", HOUR: "h", DAY: "d"}


@singledispatch
def charge(element: object, _tariff: Tariff, _facts: TripFacts, _package: Package | None) -> Entry | None:
    """What a trip costs by this element alone; nothing when it does not apply."""
    msg = f"{type(element).__name__} is not an element that adds"
    raise TypeError(msg)


@charge.register
def _time(element: TimeRate, tariff: Tariff, facts: TripFacts, package: Package | None) -> Entry | None:
    covered = package.duration_s if package and not element.in_package else 0
    timeline, zone = _clock_of(element, facts, covered), ZoneInfo(tariff.timezone)
    total = timeline.seconds(element.phase)
    if element.calendar_day:
        points = [(offset, Decimal(1)) for offset in timeline.days(element.phase, facts.started_at, zone)]
    else:
        points = [(timeline.offset_s(element.phase, int(begin)), share) for begin, share in _ticks(element, total)]
    if element.windows:
        points = [p for p in points if in_windows(element.windows, facts.started_at, p[0], zone) is not element.outside]
    unit = UNITS[DAY] if element.calendar_day else _unit_of_time(element.interval_s)
    return _metered(element, tariff, points, unit, {f"{element.phase}_s": str(total)})


def _clock_of(element: TimeRate, facts: TripFacts, covered: int) -> Timeline:
    if element.clock == "phase":
        return Timeline.of(facts, from_s=covered)
    return Timeline.of(facts, from_s=max(covered, element.start_s), until_s=element.end_s)


def _ticks(element: TimeRate, total: int) -> Iterator[tuple[Decimal, Decimal]]:
    is_cut = element.clock == "trip"
    start = Decimal(0 if is_cut else element.start_s)
    end = None if is_cut or element.end_s is None else Decimal(element.end_s)
    return intervals(Decimal(total), Decimal(element.interval_s), start=start, end=end, counting=element.counting)


@charge.register
def _distance(element: DistanceRate, tariff: Tariff, facts: TripFacts, package: Package | None) -> Entry | None:
    distance = Decimal(facts.distance_m) / METRES_PER[tariff.distance_unit]
    periods = max(1, -(-facts.duration_s // element.included_every_s)) if element.included_every_s else 1
    included = package.included if package else element.included_once + element.included * periods
    timeline = Timeline.of(facts)
    driving_s = timeline.seconds("driving")
    found = intervals(
        distance, element.interval, start=max(element.start, included), end=element.end, counting=element.counting
    )
    points = [
        (timeline.offset_s("driving", int(min(begin, distance) / distance * driving_s)) if distance else 0, share)
        for begin, share in found
    ]
    unit = tariff.distance_unit if element.interval == 1 else f"{element.interval} {tariff.distance_unit}"
    facts_used = {"distance_m": str(facts.distance_m), f"included_{tariff.distance_unit}": str(included)}
    return _metered(element, tariff, points, unit, facts_used)


@charge.register
def _reservation(element: ReservationRate, tariff: Tariff, facts: TripFacts, _: Package | None) -> Entry | None:
    if facts.reserved_at is None:
        return None
    held_s = max(0, int((facts.started_at - facts.reserved_at).total_seconds()))
    zone, interval = ZoneInfo(tariff.timezone), Decimal(element.interval_s)
    found = intervals(Decimal(held_s), interval, start=Decimal(element.free_s), end=None, counting=element.counting)
    points = [(int(begin) - held_s, share) for begin, share in found]
    points = [p for p in points if not in_windows(element.free_windows, facts.started_at, p[0], zone)]
    used = {"reserved_s": str(held_s), "free_s": str(element.free_s)}
    return _metered(element, tariff, points, _unit_of_time(element.interval_s), used)


@charge.register
def _flat(element: FlatFee, tariff: Tariff, facts: TripFacts, _: Package | None) -> Entry | None:
    if element.option is not None and element.option not in facts.options:
        return None
    return _fee(element, element.amount, tariff, {} if element.option is None else {"option": element.option})


@charge.register
def _zone(element: ZoneFee, tariff: Tariff, facts: TripFacts, _: Package | None) -> Entry | None:
    ends = ((element.start, facts.start_zones), (element.end, facts.end_zones))
    if all(zone is None for zone, _ in ends) or any(zone is not None and zone not in seen for zone, seen in ends):
        return None
    used = {"start_zone": element.start, "end_zone": element.end}
    return _fee(element, element.amount, tariff, {name: zone for name, zone in used.items() if zone is not None})


@charge.register
def _agreed(element: AgreedAmount, tariff: Tariff, facts: TripFacts, _: Package | None) -> Entry | None:
    if element.optional and element.name not in facts.agreed:
        return None
    if element.name not in facts.agreed:
        msg = f"tariff {tariff.id} needs the agreed amount {element.name!r} among the facts of the trip"
        raise LookupError(msg)
    agreed = facts.agreed[element.name]
    if agreed.currency is not tariff.currency:
        msg = f"the agreed {element.name} is {agreed}, but tariff {tariff.id} is in {tariff.currency}"
        raise LookupError(msg)
    return _fee(element, agreed.major, tariff, {element.name: str(agreed)})


@charge.register
def _package(element: Package, tariff: Tariff, facts: TripFacts, _: Package | None) -> Entry | None:
    used = {"duration_s": str(element.duration_s), f"included_{tariff.distance_unit}": str(element.included)}
    return _fee(element, element.amount, tariff, used | {"trip_s": str(facts.duration_s)})


def _metered(
    element: TimeRate | DistanceRate | ReservationRate,
    tariff: Tariff,
    points: list[tuple[int, Decimal]],
    unit: str,
    facts: dict[str, str],
) -> Entry | None:
    if not points:
        return None
    charges = accumulate(element.id, ((offset, share * element.rate) for offset, share in points), tariff.currency)
    quantity = round(sum((share for _, share in points), Decimal(0)), 6)
    return Entry(element.id, element.description, charges, quantity, unit, element.rate, facts)


def _fee(
    element: FlatFee | ZoneFee | AgreedAmount | Package, amount: Decimal, tariff: Tariff, facts: dict[str, str]
) -> Entry:
    charges = (Charge(element.id, 0, to_minor(amount, tariff.currency)),)
    return Entry(element.id, element.description, charges, unit_amount=amount, facts=facts)


def _unit_of_time(interval_s: int) -> str:
    return UNITS.get(interval_s, f"{interval_s} s")
