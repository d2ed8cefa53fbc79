"""A tariff: a version of price elements for some models, valid for a time. A quote: one that a member was shown."""

from datetime import date, datetime
from functools import cached_property
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, Field

from domain.kernel.money import Currency, Money
from domain.kernel.values import Count, Instant, Value
from domain.rulebook.adjustments import Cap, LadderCap, Percentage
from domain.rulebook.base import Digested
from domain.rulebook.elements import Element, Package
from domain.rulebook.rates import FlatFee, ReservationRate, TimeRate
from domain.rulebook.tax import STANDARD
from domain.rulebook.timetable import Timetable
from domain.rulebook.windows import Window


class Tariff(Digested):
    """What a trip with one of `models` costs. A change is a new version."""

    id: str
    """Stands with the version on every price line."""
    version: Annotated[int, Field(ge=1)]
    """One more for each change."""
    name: str
    """What the member reads."""
    currency: Currency
    """That of the service."""
    hold: Money
    """The estimate that is held on the member's payment method before a trip."""
    elements: tuple[Element, ...]
    """What it is made of, applied in this order."""
    packages: tuple[Package, ...] = ()
    """What may be bought in advance."""
    best_package: bool = False
    """Without a choice, the cheapest of all packages and none is found after the trip."""
    distance_unit: Literal["km", "mi"] = "km"
    """That of the service."""
    timezone: str = "UTC"
    """The clock of the windows: that of the city (IANA name)."""
    models: tuple[str, ...] | None = None
    """The models that it is for; all when none."""
    valid_from: AwareDatetime
    """Its first moment."""
    valid_until: AwareDatetime | None = None
    """The moment from which on it no longer holds."""

    def applies_to(self, model: str, at: datetime) -> bool:
        """Whether this version prices a model at a time."""
        in_time = self.valid_from <= at and (self.valid_until is None or at < self.valid_until)
        return in_time and (self.models is None or model in self.models)

    @property
    def options(self) -> frozenset[str]:
        """What the prices of this tariff depend on that a member may choose or have."""
        every = (*self.elements, *self.packages)
        conditions = [c for e in every for c in (e.when, e.unless) if c]
        asked = [c.option for c in conditions] + [e.option for e in self.elements if isinstance(e, FlatFee)]
        return frozenset(option for option in asked if option is not None)

    def local_day(self, at: datetime) -> date:
        """The day that it is where the tariff holds."""
        return at.astimezone(ZoneInfo(self.timezone)).date()

    @cached_property
    def timed(self) -> tuple[Element, ...]:
        """The elements that look at when something falls: into a window, a period or a day."""
        return tuple(element for element in self.elements if _is_timed(element))

    @cached_property
    def looks_back(self) -> bool:
        """Whether any of those looks at the time before the trip, in which the car was held."""
        return any(isinstance(element, ReservationRate | Percentage) for element in self.timed)

    @cached_property
    def timetable(self) -> Timetable:
        """Of those that look at windows or days."""
        return Timetable({element.id: windows for element in self.timed if (windows := _windows(element))})

    @cached_property
    def taxes(self) -> dict[str, str]:
        """Which taxes are on which element or package, by ids; empty where those that are usual are on all."""
        found = {part.id: part.tax for part in (*self.elements, *self.packages)}
        return {} if set(found.values()) <= {STANDARD} else found

    def package(self, package_id: str) -> Package:
        """Raises `KeyError` for a package that the tariff does not offer."""
        for package in self.packages:
            if package.id == package_id:
                return package
        raise KeyError(package_id)


def _is_timed(element: Element) -> bool:
    is_by_period = isinstance(element, Cap) and element.period_s is not None and element.beyond == "metered"
    return is_by_period or isinstance(element, LadderCap) or bool(_windows(element))


def _windows(element: Element) -> tuple[Window, ...]:
    """When it holds; for a hold, when that is free; for each day by itself, the whole of it."""
    match element:
        case Cap(windows=()) if element.calendar is not None:
            return (Window(),)
        case TimeRate() | Percentage() | Cap():
            return element.windows
        case ReservationRate():
            return element.free_windows
        case _:
            return ()


class Quote(Value):
    """The prices that a member was shown, by name: what was shown is what is charged, whatever is published later."""

    tariff_id: str
    tariff_version: Count
    tariff_digest: str
    """SHA-256 of what the tariff says: finds it among all versions of the rulebook."""
    hold: Money
    """What is held on the payment method before a trip."""
    city_id: str
    model: str
    quoted_at: Instant

    @classmethod
    def of(cls, tariff: Tariff, *, city_id: str, model: str, at: datetime) -> Self:
        """A tariff, shown at a time for a car of a model in a city."""
        return cls(
            tariff_id=tariff.id,
            tariff_version=tariff.version,
            tariff_digest=tariff.digest,
            hold=tariff.hold,
            city_id=city_id,
            model=model,
            quoted_at=at,
        )
