"""A tariff: a version of price elements for some models, valid for a time. A quote: a tariff frozen for one member."""

from collections import Counter
from datetime import datetime
from typing import Annotated, ClassVar, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from domain.kernel.money import Currency, Money
from domain.rulebook.elements import Element, FlatFee, Package


class Tariff(BaseModel):
    """What a trip with one of `models` costs. `id` and `version` stand on every price line; a change is a new version.

    `hold` is the estimate that is held on the member's payment method before a trip. With `best_package`, the cheapest
    of all packages and none is found after the trip; otherwise the one chosen before the trip counts.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    REPEATED: ClassVar[bool] = True
    """The same tariff stands in many events: who reads them may keep one copy."""

    id: str
    version: Annotated[int, Field(ge=1)]
    name: str
    currency: Currency
    hold: Money
    elements: tuple[Element, ...]
    packages: tuple[Package, ...] = ()
    best_package: bool = False
    distance_unit: Literal["km", "mi"] = "km"
    timezone: str = "UTC"
    """IANA name; the clock of the windows."""
    models: tuple[str, ...] | None = None
    """All models when none."""
    valid_from: AwareDatetime
    valid_until: AwareDatetime | None = None

    def model_post_init(self, _context: object, /) -> None:
        """Refuse what does not fit together: once, where a validator would be asked again by each event that has it."""
        names = Counter([e.id for e in self.elements] + [p.id for p in self.packages])
        if twice := [name for name, count in names.items() if count > 1]:
            msg = f"tariff {self.id}: elements share the ids {twice}: give each its own"
            raise ValueError(msg)
        if self.hold.currency is not self.currency:
            msg = f"tariff {self.id} is in {self.currency} but its hold in {self.hold.currency}"
            raise ValueError(msg)
        known = {p.id for p in self.packages}
        for element in self.elements:
            covered = element.__dict__.get("covers") or ()  # pydantic is slow to say that there is none
            if unknown := set(covered) - known:
                msg = f"tariff {self.id}: {element.id} covers {sorted(unknown)}, which do not stand before it"
                raise ValueError(msg)
            known.add(element.id)

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
