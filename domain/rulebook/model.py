"""What a service's rulebook holds. Two services differ by such a value and by nothing else."""

from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict

from domain.kernel.errors import Violation
from domain.kernel.money import Currency, Money
from domain.rulebook.tariff import Tariff
from domain.rulebook.tax import TaxRule


class Rules(BaseModel):
    """Base of everything in a rulebook."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class LegalEntity(Rules):
    """Who issues the invoices of a country (EN 16931: seller). `number_prefix` begins each invoice number."""

    id: str
    name: str
    address: str
    country: str
    vat_id: str
    number_prefix: str


class City(Rules):
    """A place where the service runs. `tax` is the list of dated taxes on a rental that begins here."""

    id: str
    name: str
    country: str
    timezone: str
    legal_entity: LegalEntity
    taxes: tuple[TaxRule, ...]
    tariffs: tuple[Tariff, ...]

    def local_day(self, at: datetime) -> date:
        """The day that it is here."""
        return at.astimezone(ZoneInfo(self.timezone)).date()


class Eligibility(Rules):
    """Who may drive."""

    minimum_age: int
    minimum_licence_years: int
    licence_countries: tuple[str, ...] | None = None
    """ISO 3166 codes that are accepted; any when none."""
    licence_recheck: timedelta | None = None
    prepaid_cards: bool = True


class ReservationLimits(Rules):
    """How long a car may be held, and what a repeat costs."""

    free: timedelta
    maximum: timedelta
    """Free and paid time together."""
    cooldown: timedelta
    """How long the same member may not hold the same car again after a hold ended without a trip."""
    minimum_energy: float
    """Percent below which a car cannot be reserved."""


class FleetLimits(Rules):
    """When a car needs to be seen to. Percent of fuel or charge."""

    low_energy: float = 15
    """At or below this a car needs fuel or charge."""
    restored_energy: float = 25
    """At or above this it was filled; the gap keeps a level that wavers from raising task after task."""


class TripLimits(Rules):
    """Time-outs of payment and car, and what the end of a trip and its corrections need."""

    payment_timeout: timedelta = timedelta(minutes=2)
    """How long a start waits for the payment provider."""
    unlock_timeout: timedelta = timedelta(seconds=30)
    lock_timeout: timedelta = timedelta(seconds=30)
    position_maximum_age: timedelta = timedelta(minutes=5)
    maximum_backdating: timedelta = timedelta(hours=24)
    """How far back an agent may date a forced end."""
    review_after: timedelta = timedelta(days=2)
    """A trip longer than this is priced but held for review instead of captured."""
    review_above: Money | None = None
    """A gross price above this is held for review too."""


class Rulebook(Rules):
    """A mobility service. `key` names it in metadata, topics and URLs."""

    key: str
    name: str
    currency: Currency
    distance_unit: Literal["km", "mi"]
    eligibility: Eligibility
    reservation: ReservationLimits
    trip: TripLimits
    fleet: FleetLimits = FleetLimits()
    cities: tuple[City, ...]

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


def on(day: date, rules: tuple[TaxRule, ...]) -> tuple[TaxRule, ...]:
    """The taxes in force on a day."""
    return tuple(
        rule for rule in rules if rule.valid_from <= day and (rule.valid_until is None or day < rule.valid_until)
    )
