"""DriveNow Europe: Germany and Austria. Prices as published for Berlin in 2018 and Vienna in 2019, VAT included.

The VAT ids are examples. How long a car is closed to the same member after a hold is our choice, not a published rule.
"""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from domain.kernel.money import Currency, Money
from domain.rulebook.elements import (
    HOUR,
    MINUTE,
    DistanceRate,
    Element,
    Package,
    ReservationRate,
    TimeRate,
    ZoneFee,
)
from domain.rulebook.model import City, Eligibility, LegalEntity, ReservationLimits, Rulebook, TripLimits
from domain.rulebook.tariff import Tariff
from domain.rulebook.tax import TaxRule
from domain.rulebook.windows import Window

_SMALL = ("BMW 1 Series", "MINI 3-Door", "MINI 5-Door", "MINI Clubman")
_SINCE = datetime(2015, 1, 1, tzinfo=UTC)
_NIGHTS = (Window(begins=time(22), ends=time(6), weekdays=(7, 1, 2, 3, 4, 5)),)
"""Sunday to Friday from 22:00 to 06:00."""
_SUMMER = (Window(season=((4, 1), (10, 31))),)


def _euros(amount: str) -> Money:
    return Money.rounded(Decimal(amount), Currency.EUR)


def _driving(rate: str) -> TimeRate:
    return TimeRate(id="driving", description="Driving", rate=Decimal(rate), phase="driving")


def _parked(rate: str, **more: tuple[Window, ...] | bool) -> TimeRate:
    return TimeRate.model_validate({"id": "parked", "description": "Parked", "rate": rate, "phase": "parked", **more})


def _reservation(free_windows: tuple[Window, ...] = ()) -> ReservationRate:
    return ReservationRate(
        id="reservation",
        description="Reservation beyond 15 minutes",
        rate=Decimal("0.10"),
        free_s=15 * MINUTE,
        free_windows=free_windows,
    )


_DISTANCE = DistanceRate(
    id="distance", description="Beyond the included km", rate=Decimal("0.29"), included=Decimal(200)
)
_PACKAGES = tuple(
    Package(
        id=f"{hours}h",
        description=f"{hours} hours with {km} km",
        amount=Decimal(amount),
        duration_s=hours * HOUR,
        included=Decimal(km),
    )
    for hours, amount, km in ((3, 29, 80), (6, 54, 120), (9, 79, 200))
)
_VIENNA_AIRPORT = (
    ZoneFee(id="airport_start", description="Start at Vienna airport", amount=Decimal(12), start="airport"),
    ZoneFee(id="airport_end", description="End at Vienna airport", amount=Decimal(12), end="airport"),
)


def _berlin(name: str, rate: str, models: tuple[str, ...]) -> Tariff:
    return Tariff(
        id=f"drivenow-berlin-{name}",
        version=1,
        name=f"DriveNow Berlin, {rate} EUR/min",
        currency=Currency.EUR,
        hold=_euros("30"),
        elements=(_driving(rate), _parked("0.15"), _DISTANCE, _reservation()),
        packages=_PACKAGES,
        timezone="Europe/Berlin",
        models=models,
        valid_from=_SINCE,
    )


def _vienna(name: str, models: tuple[str, ...], driving: tuple[Element, ...], parked: tuple[Element, ...]) -> Tariff:
    return Tariff(
        id=f"drivenow-vienna-{name}",
        version=1,
        name=f"DriveNow Vienna, {name}",
        currency=Currency.EUR,
        hold=_euros("30"),
        elements=(*driving, *parked, _DISTANCE, *_VIENNA_AIRPORT, _reservation(_NIGHTS)),
        timezone="Europe/Vienna",
        models=models,
        valid_from=_SINCE,
    )


def _seasonal(season: str, rate: str, *, outside: bool) -> TimeRate:
    return TimeRate(
        id=f"driving_{season}",
        description=f"Driving ({season})",
        rate=Decimal(rate),
        phase="driving",
        windows=_SUMMER,
        outside=outside,
    )


def _day_parking(season: tuple[tuple[int, int], tuple[int, int]], name: str, rate: str) -> TimeRate:
    """Parked outside the free nights: the days, and the night from Saturday to Sunday, of one season."""
    days = Window(begins=time(6), ends=time(22), season=season)
    saturday_night = Window(begins=time(22), ends=time(6), weekdays=(6,), season=season)
    return TimeRate(
        id=f"parked_{name}",
        description=f"Parked ({name})",
        rate=Decimal(rate),
        phase="parked",
        windows=(days, saturday_night),
    )


_VAT_DE = tuple(
    TaxRule(name="VAT", rate=Decimal(rate), valid_from=begins, valid_until=ends, inclusive=True)
    for rate, begins, ends in (
        ("0.19", date(2007, 1, 1), date(2020, 7, 1)),
        ("0.16", date(2020, 7, 1), date(2021, 1, 1)),
        ("0.19", date(2021, 1, 1), None),
    )
)
_VAT_AT = (TaxRule(name="VAT", rate=Decimal("0.20"), valid_from=date(1984, 1, 1), inclusive=True),)

_BERLIN = City(
    id="berlin",
    name="Berlin",
    country="DE",
    timezone="Europe/Berlin",
    legal_entity=LegalEntity(
        id="drivenow-de",
        name="DriveNow GmbH & Co. KG",
        address="Petuelring 130, 80788 München",
        country="DE",
        vat_id="DE999999999",
        number_prefix="DE-",
    ),
    taxes=_VAT_DE,
    tariffs=(
        _berlin("31", "0.31", (*_SMALL, "MINI Countryman", "MINI Convertible")),
        _berlin("34", "0.34", ("BMW X1", "BMW i3", "BMW Active Tourer", "BMW Convertible")),
    ),
)
_VIENNA = City(
    id="vienna",
    name="Vienna",
    country="AT",
    timezone="Europe/Vienna",
    legal_entity=LegalEntity(
        id="drivenow-at",
        name="DriveNow Austria GmbH",
        address="Siegfried-Marcus-Straße 24, 5021 Salzburg",
        country="AT",
        vat_id="ATU99999999",
        number_prefix="AT-",
    ),
    taxes=_VAT_AT,
    tariffs=(
        _vienna("35", _SMALL, (_driving("0.35"),), (_parked("0.35", windows=_NIGHTS, outside=True),)),
        _vienna(
            "38",
            ("BMW X1", "BMW X2", "BMW i3", "BMW Active Tourer", "MINI Countryman"),
            (_driving("0.38"),),
            (_parked("0.38", windows=_NIGHTS, outside=True),),
        ),
        _vienna(
            "convertible",
            ("MINI Convertible", "BMW Convertible"),
            (_seasonal("summer", "0.38", outside=False), _seasonal("winter", "0.35", outside=True)),
            (
                _day_parking(((4, 1), (10, 31)), "summer", "0.38"),
                _day_parking(((11, 1), (3, 31)), "winter", "0.35"),
            ),
        ),
    ),
)

DRIVENOW_EUROPE = Rulebook(
    key="drivenow-europe",
    name="DriveNow Europe",
    currency=Currency.EUR,
    distance_unit="km",
    eligibility=Eligibility(minimum_age=21, minimum_licence_years=1),
    reservation=ReservationLimits(
        free=timedelta(minutes=15),
        maximum=timedelta(hours=8),
        cooldown=timedelta(minutes=15),
        minimum_energy=10,
    ),
    trip=TripLimits(review_above=_euros("400")),
    cities=(_BERLIN, _VIENNA),
)
