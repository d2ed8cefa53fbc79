"""The price that a member is shown, frozen."""

from datetime import datetime

from domain.billing.pricing.conditions import begins_in
from domain.fleet.vehicle import Vehicle
from domain.kernel.errors import Violation, refuse_if
from domain.rulebook.conditions import Condition
from domain.rulebook.model import Rulebook
from domain.rulebook.tariff import Quote, Tariff


def quote_for(vehicle: Vehicle, rulebook: Rulebook, at: datetime, begins: datetime | None = None) -> Quote:
    """The tariff for a car now, or by what is known now for when a trip begins. Refused when the rulebook has none."""
    then = begins or at
    refuse_if([rulebook.no_tariff(vehicle.city_id, vehicle.description.model, then)])
    tariff = rulebook.tariff(vehicle.city_id, vehicle.description.model, then)
    return Quote.of(tariff, city_id=vehicle.city_id, model=vehicle.description.model, at=at)


def unknown_choices(tariff: Tariff, package: str | None, options: tuple[str, ...], at: datetime) -> list[Violation]:
    """The package and options that the quoted tariff does not offer for a trip that begins at a time."""
    packages = [p.id for p in tariff.packages if p.when is None or _may_hold(p.when, tariff, options, at)]
    offered = tariff.options
    found = []
    if package is not None and package not in packages:
        values = {"package": package, "offered": packages}
        found.append(Violation(code="trip.unknown_package", detail="choose one of the packages offered", values=values))
    if unknown := sorted(set(options) - offered):
        values = {"options": unknown, "offered": sorted(offered)}
        found.append(Violation(code="trip.unknown_option", detail="choose among the options offered", values=values))
    return found


def _may_hold(condition: Condition, tariff: Tariff, options: tuple[str, ...], at: datetime) -> bool:
    """By what is known as a trip begins: nobody knows yet where and when it will end."""
    has_option = condition.option is None or condition.option in options
    return has_option and (not condition.begins or begins_in(condition.begins, tariff, at))
