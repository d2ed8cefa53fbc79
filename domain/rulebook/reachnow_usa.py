"""ReachNow USA: Seattle and Portland. Prices of 2016 to 2018, in miles and dollars, every tax added on top.

The tax ids are examples. Washington's car rental tax changes by year. Oregon has no sales tax, but Multnomah County
taxes car rentals.
"""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from domain.kernel.money import Currency, Money
from domain.rulebook.elements import HOUR, FlatFee, LadderCap, Rung, TimeRate
from domain.rulebook.model import City, Eligibility, LegalEntity, ReservationLimits, Rulebook, TripLimits
from domain.rulebook.tariff import Tariff
from domain.rulebook.tax import TaxRule


def _dollars(amount: str) -> Money:
    return Money.rounded(Decimal(amount), Currency.USD)


def _tariff(city: str) -> Tariff:
    return Tariff(
        id=f"reachnow-{city}",
        version=1,
        name=f"ReachNow {city.title()}",
        currency=Currency.USD,
        hold=_dollars("50"),
        distance_unit="mi",
        timezone="America/Los_Angeles",
        valid_from=datetime(2016, 4, 8, tzinfo=UTC),
        elements=(
            TimeRate(id="driving", description="Driving", rate=Decimal("0.49"), phase="driving"),
            TimeRate(id="parked", description="Parked", rate=Decimal("0.30"), phase="parked"),
            LadderCap(
                id="cap",
                description="At most 50 for 3 h, 80 for 12 h, 110 for 24 h",
                covers=("driving", "parked"),
                rungs=(
                    Rung(until_s=3 * HOUR, amount=Decimal(50)),
                    Rung(until_s=12 * HOUR, amount=Decimal(80)),
                    Rung(until_s=24 * HOUR, amount=Decimal(110)),
                ),
            ),
            FlatFee(id="shared_asset_fee", description="Shared asset fee", amount=Decimal(1)),
        ),
    )


def _tax(name: str, rate: str, begins: date = date(2016, 1, 1), ends: date | None = None) -> TaxRule:
    return TaxRule(name=name, rate=Decimal(rate), valid_from=begins, valid_until=ends, inclusive=False)


_WASHINGTON = (
    _tax("Sales tax", "0.101"),
    _tax("WA rental car tax", "0.059", ends=date(2026, 1, 1)),
    _tax("WA rental car tax", "0.119", date(2026, 1, 1), date(2027, 1, 1)),
    _tax("WA rental car tax", "0.099", date(2027, 1, 1)),
    _tax("County rental car tax", "0.01"),
    _tax("RTA rental car tax", "0.008"),
)
_SELLER = LegalEntity(
    id="reachnow-us",
    name="ReachNow LLC",
    address="Seattle, WA",
    country="US",
    vat_id="99-9999999",
    number_prefix="US-",
)

REACHNOW_USA = Rulebook(
    key="reachnow-usa",
    name="ReachNow USA",
    currency=Currency.USD,
    distance_unit="mi",
    eligibility=Eligibility(minimum_age=21, minimum_licence_years=2, licence_countries=("US",), prepaid_cards=False),
    reservation=ReservationLimits(
        free=timedelta(minutes=30),
        maximum=timedelta(minutes=30),
        cooldown=timedelta(hours=2),
        minimum_energy=10,
    ),
    trip=TripLimits(review_above=_dollars("400")),
    cities=(
        City(
            id="seattle",
            name="Seattle",
            country="US",
            timezone="America/Los_Angeles",
            legal_entity=_SELLER,
            taxes=_WASHINGTON,
            tariffs=(_tariff("seattle"),),
        ),
        City(
            id="portland",
            name="Portland",
            country="US",
            timezone="America/Los_Angeles",
            legal_entity=_SELLER,
            taxes=(_tax("Multnomah County vehicle rental tax", "0.17"),),
            tariffs=(_tariff("portland"),),
        ),
    ),
)
