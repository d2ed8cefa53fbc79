"""A tariff: a version of price elements for some models, valid for a time. A quote: a tariff frozen for one member."""

from datetime import date, datetime
from typing import Annotated, ClassVar, Literal
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from domain.kernel.money import Currency, Money
from domain.rulebook.base import Digested
from domain.rulebook.elements import Element, FlatFee, Package


class Tariff(Digested):
    """What a trip with one of `models` costs. A change is a new version."""

    REPEATED: ClassVar[bool] = True
    """The same tariff stands in many events: who reads them may keep one copy."""

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

    @property
    def untaxed(self) -> tuple[str, ...]:
        """Ids of what no tax is on."""
        return tuple(e.id for e in (*self.elements, *self.packages) if not e.taxed)

    def package(self, package_id: str) -> Package:
        """Raises `KeyError` for a package that the tariff does not offer."""
        for package in self.packages:
            if package.id == package_id:
                return package
        raise KeyError(package_id)


class Quote(BaseModel):
    """The price rules as shown to a member: what was shown is what is charged."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tariff: Tariff
    city_id: str
    model: str
    quoted_at: AwareDatetime


def hold_amount(tariff: Tariff) -> Money:
    """The estimate to hold on a payment method before a trip starts."""
    return tariff.hold
