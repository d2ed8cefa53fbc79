"""Other values for a field of the model, a small service around a part of a tariff, and what trips cost by it."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import cycle, product
from random import Random
from typing import Any

from pydantic import BaseModel

from domain.billing.estimate import estimate
from domain.billing.pricing import Span, TripFacts
from domain.kernel.money import Currency, Money
from domain.rulebook.adjustments import PercentageFee
from domain.rulebook.bookings import BookingRate, LateFee
from domain.rulebook.model import Rulebook
from domain.rulebook.rates import ReservationRate
from domain.rulebook.shapes import shape
from domain.rulebook.windows import Window

Raw = dict[str, Any]  # a model as plain values

HOUR, DAY = 3600, 86_400
NIGHT: Raw = {"begins": "22:00", "ends": "06:00"}
MONDAYS: Raw = {"weekdays": [1]}
TIME: Raw = {"kind": "time", "id": "time", "description": "Time", "rate": "1.55", "interval_s": 300}
KM: Raw = {"kind": "distance", "id": "km", "description": "Distance", "rate": "0.29"}
DAY_PACKAGE: Raw = {"id": "day", "description": "Day", "amount": "9", "duration_s": DAY, "included": "20"}

OF_FIELDS: dict[str, list[Any]] = {
    "allowances": [[{"until_s": HOUR, "every_s": 600, "more": "2"}, {"until_s": DAY, "every_s": HOUR, "more": "1"}]],
    "amount": ["3.5", "40"],
    "at_least": ["3"],
    "at_most": ["0.5"],
    "begins": [[NIGHT]],
    "beyond": ["started", "bracket"],
    "cancelled_within_s": [HOUR],
    "covers": [["time"], ["km"]],
    "currency": ["USD"],
    "dates": [["2019-06-03"]],
    "duration_s": [HOUR],
    "end": ["5", "airport", "other"],
    "end_energy_below": ["20"],
    "end_energy_from": ["80"],
    "end_s": [2 * HOUR],
    "every_s": [900],
    "free_each_s": [600],
    "free_windows": [[NIGHT]],
    "free_s": [600, HOUR],
    "from_s": [600, 5 * HOUR],
    "hold": [{"amount_minor": 1, "currency": "EUR"}],
    "included": ["3"],
    "included_every_s": [HOUR, DAY],
    "included_once": ["2"],
    "interval": ["0", "5"],
    "interval_s": [0, 900],
    "more": ["3"],
    "models": [["Zoe"]],
    "not_below": ["2"],
    "notice_from_s": [0, HOUR],
    "notice_until_s": [DAY],
    "option": ["gold", "other"],
    "packages": [[DAY_PACKAGE]],
    "percent": ["-20", "30"],
    "period_s": [HOUR, DAY],
    "rate": ["0.5"],
    "start_energy_below": ["20"],
    "rungs": [
        [{"from_s": 480, "amount": "5"}],
        [{"from_s": HOUR, "amount": "5"}],
        [{"until_s": HOUR, "amount": "5"}],
        [{"until_s": HOUR, "amount": "5"}, {"until_s": DAY, "amount": "9"}],
    ],
    "season": [[[1, 1], [5, 31]]],
    "start": ["2", "airport", "other"],
    "start_s": [600, HOUR],
    "step_s": [60, 120],
    "tail": [{"until_s": HOUR, "amount": "2"}],
    "timezone": ["America/New_York"],
    "to": ["0.5", "5"],
    "unless": [{"option": "gold"}, {"from_s": HOUR}],
    "until_s": [2 * HOUR],
    "valid_from": ["2019-06-04T00:00:00Z"],
    "valid_until": ["2019-06-05T00:00:00Z"],
    "version": [2],
    "weekdays": [[1, 2], [6]],
    "when": [{"option": "gold"}, {"from_s": HOUR}, {"in_package": True}],
    "windows": [[NIGHT], [MONDAYS]],
}
"""Values worth trying, by the name of the field, where the type does not say them."""


def others(model: type[BaseModel], field: str) -> list[Any]:
    """Values for a field; a field of a kind that nobody thought of has none, and fails its test."""
    holds = shape(model, field)
    if model is Window and field in {"begins", "ends"}:
        return ["07:30", "23:00"]
    if holds.choices:
        return list(holds.choices)
    if bool in holds.plain:
        return [True, False]
    if field in OF_FIELDS:
        return [value for value in OF_FIELDS[field] if _fits(model, field, value)]
    return ["other", "airport", "toll"] if str in holds.plain else []


def _fits(model: type[BaseModel], field: str, value: Any) -> bool:
    if field in {"start", "end"}:
        return (str in shape(model, field).plain) is not value.isdigit()
    if field == "rungs":
        return (model is LateFee) is ("from_s" in value[0])
    if field == "percent" and model is PercentageFee:
        return not value.startswith("-")
    return not (model in {ReservationRate, BookingRate} and field == "interval_s" and value == 0)


def service(*, elements: list[Raw], tariff: Raw | None = None, taxes: list[Raw] | None = None) -> Rulebook:
    """A service in one city with one tariff."""
    made: Raw = {"id": "t", "version": 1, "name": "T", "currency": "EUR", "timezone": "Europe/Berlin"}
    made |= {"hold": {"amount_minor": 3000, "currency": "EUR"}, "valid_from": "2019-01-01T00:00:00Z"}
    vat = {"name": "VAT", "rate": "0.19", "valid_from": "2019-01-01", "inclusive": True}
    entity = {"id": "de", "name": "GmbH", "country": "DE", "vat_id": "DE9", "number_prefix": "DE-"}
    entity |= {"street": "Weg 1", "postcode": "10115", "city": "Berlin"}
    city: Raw = {"id": "berlin", "name": "Berlin", "country": "DE", "timezone": "Europe/Berlin", "legal_entity": entity}
    city |= {"taxes": [vat] if taxes is None else taxes, "tariffs": [made | {"elements": elements} | (tariff or {})]}
    city |= {"currency": "EUR", "distance_unit": "km"}
    limits = {"free": "PT15M", "maximum": "PT24H", "cooldown": "PT15M", "minimum_energy": 10}
    raw = {"key": "s", "name": "S", "currency": "EUR", "distance_unit": "km", "reservation": limits, "cities": [city]}
    rulebook = Rulebook.model_validate({**raw, "eligibility": {"minimum_age": 21, "minimum_licence_years": 1}})
    return rulebook.model_copy(update={"options": tuple(sorted(rulebook.cities[0].tariffs[0].options))})


def trips() -> Iterator[TripFacts]:
    """Short and long, at all hours, from and to anywhere, with and without choices; many end on a round minute."""
    random = Random(4)
    lengths = [0, 60, 600, 625, 660, 900, HOUR, HOUR + 5, 3 * HOUR + 30]
    held = [0, 300, 600, 625, 960, HOUR, HOUR + 630, 4 * HOUR, 15 * HOUR]
    names = ["airport", "other", "toll"]
    for number in range(350):
        at = datetime(2019, 6, 3, tzinfo=UTC) + timedelta(
            minutes=random.choice([0, 15, 345, 400, 700, 1310, 1900, 7300])
        )
        at -= timedelta(days=random.choice([0, 0, 5, 7]))
        spans = [(phase, random.choice(lengths)) for phase in random.choice(["d", "dp", "pd", "dpd", "p"])]
        spans = [("d", HOUR), ("p", DAY), ("d", HOUR)] if number % 25 == 0 else spans
        where, whither = random.choice(names), random.choice(names)
        whither = random.choice([where, whither])
        yield TripFacts(
            started_at=at,
            spans=tuple(Span(phase="driving" if p == "d" else "parked", seconds=s) for p, s in spans if s),
            distance_m=random.choice([0, 2_000, 3_000, 4_300, 5_000, 15_000, 26_000, 100_000]),
            reserved_at=at - timedelta(seconds=random.choice(held)),
            start_zones=random.choice([(), (where,)]),
            end_zones=random.choice([(), (whither,)]),
            options=random.choice([(), ("gold",), ("gold",), ("gold",), (random.choice(names),)]),
            package=random.choice([None, "day"]) if number % 2 else None,
            agreed={
                name: Money(amount_minor=amount, currency=Currency.EUR)
                for name, amount in (("toll", 200), ("other", -150), ("airport", 310))
                if random.random() < 0.7
            },
        )


def hours_of_days() -> Iterator[TripFacts]:
    """An hour's drive at each time of day, on working days and weekends of two months."""
    for day in (datetime(2019, 5, 25, tzinfo=UTC), datetime(2019, 6, 3, tzinfo=UTC)):
        for days, minutes in product((0, 1, 2, 5, 7), (0, 5 * 60 + 45, 12 * 60, 17 * 60 + 45, 21 * 60 + 10)):
            at = day + timedelta(days=days, minutes=minutes)
            yield TripFacts(started_at=at, spans=(Span(phase="driving", seconds=HOUR),), distance_m=5_000)


def over_months() -> Iterator[TripFacts]:
    """Ten days with a driven hour in each, from one month, and one week, into the next."""
    for day, options, package in product((24, 29), ((), ("gold",)), (None, "day")):
        at = datetime(2019, 5, day, 20, tzinfo=UTC)
        hour, rest = Span(phase="driving", seconds=HOUR), Span(phase="parked", seconds=22 * HOUR)
        spans = (hour, rest) * 10
        yield TripFacts(started_at=at, spans=spans, distance_m=200_000, options=options, package=package)


def filled() -> Iterator[TripFacts]:
    """With a car that was low or full, or never told, for five minutes and for longer, by night and by day."""
    for seconds, hour, start, end in product((300, 3000), (20, 10), (5.0, 60.0, None), (10.0, 85.0, None)):
        at, spans = datetime(2019, 6, 3, hour, tzinfo=UTC), (Span(phase="driving", seconds=seconds),)
        yield TripFacts(started_at=at, spans=spans, options=("gold",), energy_start=start, energy_end=end)


def booked() -> Iterator[TripFacts]:
    """Booked for a while: kept with a car that was low or full, cancelled early and late, or never come for."""
    hour, agreed = timedelta(hours=1), {"toll": Money(amount_minor=200, currency=Currency.EUR)}
    levels = cycle(product((5.0, 60.0, None), (10.0, 85.0, None)))
    choices = cycle(product(((), ("airport",)), ((), ("gold",)), (None, "day")))
    begins = cycle((20, 20, 10))
    round_ones = ((20, 4200), (20, 3630), (20, 5430), (170, 9930), (170, 9030))
    lengths = [*round_ones, *product((20, 28, 45, 58, 75, 170, 195, 300, 2000), (1800, 2520, HOUR, 12_060))]
    for minutes, length_s in lengths:
        at = datetime(2019, 6, 3, next(begins), tzinfo=UTC)
        spans = (Span(phase="driving", seconds=minutes * 60), Span(phase="parked", seconds=630))
        known: Raw = {"booked_from": at, "booked_until": at + length_s * hour / HOUR, "booked_at": at - 49 * hour}
        for _ in range(2):
            (start, end), (zones, options, package) = next(levels), next(choices)
            known |= {"options": options, "package": package, "start_zones": zones, "end_zones": zones}
            yield TripFacts(
                started_at=at,
                spans=spans,
                distance_m=26_000,
                energy_start=start,
                energy_end=end,
                agreed=agreed,
                **known,
            )
    for at in (datetime(2019, 6, 3, 20, tzinfo=UTC), datetime(2019, 6, 3, 10, tzinfo=UTC)):
        period: Raw = {
            "booked_from": at,
            "booked_until": at + 3.35 * hour,
            "booked_at": at - 49 * hour,
            "agreed": agreed,
        }
        yield TripFacts(started_at=at, spans=(Span(phase="driving", seconds=300),), options=("gold",), **period)
        for cancelled in (None, *(at - hours * hour for hours in (-1, 0, 0.5, 1, 5, 24, 48, 48.5))):
            for options in ((), ("gold",), ("other",), ("airport",)):
                no_show = cancelled is None
                yield TripFacts(
                    started_at=at,
                    reservation_only=True,
                    cancelled_at=cancelled,
                    no_show=no_show,
                    options=options,
                    **period,
                )


TRIPS = [*hours_of_days(), *trips(), *over_months(), *filled(), *booked()]


def outcome(rulebook: Rulebook, facts: TripFacts) -> object:
    """What a member is shown and charged for a trip: the tariff, each line, its taxes; or why there is no price."""
    [city] = rulebook.cities
    try:
        tariff = rulebook.tariff(city.id, "X1", facts.started_at)
        found = estimate(tariff, city, facts)
    except LookupError as error:
        return str(error)
    lines = [(line.rule_id, line.description, line.amount) for line in found.lines]
    version = (tariff.id, tariff.version, tariff.name, tariff.hold)
    return version, lines, found.taxes, found.net, found.gross


def differs(one: Rulebook, other: Rulebook) -> bool:
    """Whether any trip is shown or charged otherwise."""
    return any(outcome(one, facts) != outcome(other, facts) for facts in TRIPS)
