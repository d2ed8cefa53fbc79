"""Packages that cannot be had, or that cover nothing."""

from domain.rulebook.elements import Package
from domain.rulebook.faults.rules import Fault, Found, of, of_tariff
from domain.rulebook.model import City, Rulebook
from domain.rulebook.rates import DistanceRate
from domain.rulebook.tariff import Tariff


@of_tariff
def best_of_no_packages(tariff: Tariff, _: City, __: Rulebook) -> Found:
    if tariff.best_package and not tariff.packages:
        yield Fault(("best_package",), "the tariff has no packages: add one or take this out")


@of(Package)
def distance_that_costs_nothing_anyway(package: Package, tariff: Tariff) -> Found:
    if package.included and not any(isinstance(e, DistanceRate) for e in tariff.elements):
        yield Fault(("included",), "the tariff has no rate for distance that this could save: add one or take this out")
