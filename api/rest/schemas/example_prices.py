"""The prices of the examples: a tariff, a quote of it, and what a trip costs by it."""

from datetime import UTC, date, datetime
from decimal import Decimal

from domain.billing.estimate import estimate
from domain.billing.pricing import TripFacts
from domain.kernel.money import Currency, Money
from domain.rulebook.elements import Package
from domain.rulebook.legal_entity import LegalEntity
from domain.rulebook.model import City
from domain.rulebook.rates import DistanceRate, ReservationRate, TimeRate
from domain.rulebook.tariff import Quote, Tariff
from domain.rulebook.tax import TaxRule

_NOON = datetime(2027, 1, 5, 12, tzinfo=UTC)

TARIFF = Tariff(
    id="berlin-34",
    version=1,
    name="Berlin, 0.34 EUR/min",
    currency=Currency.EUR,
    hold=Money(amount_minor=3000, currency=Currency.EUR),
    elements=(
        TimeRate(id="driving", description="Driving", rate=Decimal("0.34"), phase="driving"),
        TimeRate(id="parked", description="Parked", rate=Decimal("0.15"), phase="parked"),
        DistanceRate(id="distance", description="Beyond the included km", rate=Decimal("0.29"), included=Decimal(200)),
        ReservationRate(
            id="reservation", description="Reservation beyond 15 minutes", rate=Decimal("0.10"), free_s=900
        ),
    ),
    packages=(
        Package(id="3h", description="3 hours with 80 km", amount=Decimal(29), duration_s=10_800, included=Decimal(80)),
    ),
    timezone="Europe/Berlin",
    models=("BMW X1", "BMW i3"),
    valid_from=datetime(2015, 1, 1, tzinfo=UTC),
)
QUOTE = Quote.of(TARIFF, city_id="berlin", model="BMW i3", at=_NOON)

_BERLIN = City(
    id="berlin",
    name="Berlin",
    country="DE",
    timezone="Europe/Berlin",
    currency=Currency.EUR,
    distance_unit="km",
    legal_entity=LegalEntity(
        id="de",
        name="Car Sharing GmbH",
        street="Hauptstraße 1",
        postcode="10115",
        city="Berlin",
        country="DE",
        vat_id="DE999999999",
        number_prefix="DE-",
    ),
    taxes=(TaxRule(name="VAT", rate=Decimal("0.19"), valid_from=date(2021, 1, 1), inclusive=True),),
    tariffs=(TARIFF,),
)
ESTIMATE = estimate(TARIFF, _BERLIN, TripFacts.of(driving_s=1260, parked_s=300, distance_m=8_000, started_at=_NOON))
