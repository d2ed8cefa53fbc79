"""What a service's rulebook holds. Two services differ by such a value and by nothing else."""

from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from domain.kernel.errors import Violation
from domain.kernel.money import Currency
from domain.rulebook.base import Digested, Rules
from domain.rulebook.billing_limits import BillingLimits
from domain.rulebook.eligibility import Eligibility
from domain.rulebook.fee import Fee
from domain.rulebook.legal_entity import LegalEntity
from domain.rulebook.product import Product, PromoCode
from domain.rulebook.reservations import ReservationLimits
from domain.rulebook.tariff import Tariff
from domain.rulebook.tax import TaxRule
from domain.rulebook.trip_limits import TripLimits
from domain.rulebook.uniqueness import Uniqueness

Language = Literal["de", "en"]
"""ISO 639 codes of the languages that documents are written in."""


class City(Rules):
    """A place where the service runs."""

    id: str
    """Names it in events and URLs; in text, the name of its file."""
    name: str
    """What members read."""
    country: str
    """ISO 3166 code."""
    timezone: str
    """IANA name, e.g. Europe/Berlin; the clock of days and windows."""
    currency: Currency
    """ISO 4217 code, of all prices here; that of the service where the text names none."""
    distance_unit: Literal["km", "mi"]
    """Of all rates by distance here; that of the service where the text names none."""
    language: Language = "en"
    """Of the invoices of trips that begin here."""
    legal_entity: LegalEntity
    """Who issues the invoices of trips that begin here."""
    taxes: tuple[TaxRule, ...]
    """The taxes on a rental that begins here."""
    tariffs: tuple[Tariff, ...]
    """What trips that begin here cost."""
    fees: tuple[Fee, ...] = ()
    """What may be charged after a trip that began here, for what came of it."""
    products: tuple[Product, ...] = ()
    """What members may buy here in advance, or be given."""
    codes: tuple[PromoCode, ...] = ()
    """For which members who live here are given some of it."""

    @property
    def sellers(self) -> tuple[LegalEntity, ...]:
        """All who sell here, the legal entity of the city first."""
        return (self.legal_entity, *(fee.seller for fee in self.fees if fee.seller is not None))

    def fee(self, fee_id: str) -> Fee | None:
        """An entry of the catalogue; none where there is no such fee."""
        return next((fee for fee in self.fees if fee.id == fee_id), None)

    def local_day(self, at: datetime) -> date:
        """The day that it is here."""
        return at.astimezone(ZoneInfo(self.timezone)).date()


SHORTEST_SILENCE = timedelta(minutes=1)
"""No car counts as lost sooner."""


class FleetLimits(Rules):
    """When a car needs to be seen to, and when it is lost. Percent of fuel or charge."""

    low_energy: float = 15
    """At or below this a car needs fuel or charge."""
    restored_energy: float = 25
    """At or above this it was filled; the gap keeps a level that wavers from raising task after task."""
    silent_after: timedelta = timedelta(minutes=10)
    """A car from which nothing has come for so long counts as lost; it is heard of more often than that when well."""


class Rulebook(Digested):
    """A mobility service."""

    key: str
    """Names it in metadata, topics and URLs."""
    name: str
    """What members read."""
    currency: Currency
    """ISO 4217 code; of the prices of each city that has no other."""
    distance_unit: Literal["km", "mi"]
    """Of the rates by distance of each city that has no other."""
    options: tuple[str, ...] = ()
    """What a member may choose or have that a price depends on, e.g. a lower excess."""
    eligibility: Eligibility
    """Who may drive."""
    uniqueness: Uniqueness = Uniqueness()
    """Whether one person may have several accounts."""
    reservation: ReservationLimits
    """How long a car may be held."""
    trip: TripLimits = TripLimits()
    """Time-outs, and what is reviewed."""
    fleet: FleetLimits = FleetLimits()
    """When a car needs to be seen to."""
    billing: BillingLimits = BillingLimits()
    """What takes two persons, and what becomes of money that does not move."""
    cities: tuple[City, ...]
    """Where it runs."""

    def city(self, city_id: str) -> City:
        """Raises `KeyError` for a city that the service does not run in."""
        for city in self.cities:
            if city.id == city_id:
                return city
        raise KeyError(city_id)

    def unknown_city(self, city_id: str) -> Violation | None:
        """Says no to a city that the service does not run in."""
        known = sorted(city.id for city in self.cities)
        if city_id in known:
            return None
        values = {"city_id": city_id, "cities": known}
        return Violation(code="service.unknown_city", detail="the service does not run in this city", values=values)

    def no_tariff(self, city_id: str, model: str, at: datetime) -> Violation | None:
        """Says no to a model that has no price in a city at a time."""
        tariffs = (tariff for city in self.cities if city.id == city_id for tariff in city.tariffs)
        if any(tariff.applies_to(model, at) for tariff in tariffs):
            return None
        values = {"city_id": city_id, "model": model}
        return Violation(code="service.no_tariff", detail="this model has no price in this city", values=values)

    def tariff(self, city_id: str, model: str, at: datetime) -> Tariff:
        """The tariff version valid for a model in a city at a time. Raises `LookupError` when none is."""
        found = [t for t in self.city(city_id).tariffs if t.applies_to(model, at)]
        if not found:
            msg = f"{self.key} has no tariff for {model} in {city_id} at {at:%Y-%m-%d}"
            raise LookupError(msg)
        return max(found, key=lambda t: t.valid_from)
