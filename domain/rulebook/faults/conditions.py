"""Conditions that hold always or never, and choices that nobody offers."""

from domain.rulebook.adjustments import Cap, Credit, LadderCap, MinimumFare, Percentage, PercentageFee, Rounding
from domain.rulebook.bookings import BookingRate, LateFee
from domain.rulebook.conditions import Condition
from domain.rulebook.elements import Package
from domain.rulebook.faults.rules import Fault, Found, of, of_service, parts
from domain.rulebook.model import Rulebook
from domain.rulebook.rates import AgreedAmount, DistanceRate, FlatFee, ReservationRate, TimeRate, ZoneFee
from domain.rulebook.tariff import Tariff

_CONDITIONAL = (
    TimeRate,
    DistanceRate,
    FlatFee,
    ZoneFee,
    AgreedAmount,
    ReservationRate,
    BookingRate,
    LateFee,
    Cap,
    LadderCap,
    MinimumFare,
    Percentage,
    PercentageFee,
    Credit,
    Rounding,
    Package,
)


@of(Condition)
def condition_on_nothing(condition: Condition, _: Tariff) -> Found:
    if condition == Condition():
        yield Fault((), "it holds for every trip: say for which, or take it out")


@of(Condition)
def length_that_no_trip_has(condition: Condition, _: Tariff) -> Found:
    if condition.until_s is not None and condition.until_s <= condition.from_s:
        yield Fault(("until_s",), "no trip is shorter than this and as long as `from`: write a larger one")


@of(Condition)
def in_a_package_that_nobody_offers(condition: Condition, tariff: Tariff) -> Found:
    if condition.in_package and not tariff.packages:
        yield Fault(("in_package",), "the tariff has no packages: add one or take this out")


@of(*_CONDITIONAL)
def when_and_unless_the_same(part: Package | FlatFee, _: Tariff) -> Found:
    if part.when is not None and part.when == part.unless:
        yield Fault(("unless",), "`when` asks for the same, so it never applies: take one of both out")


@of(Package)
def package_within_a_package(package: Package, _: Tariff) -> Found:
    for name in ("when", "unless"):
        condition = getattr(package, name)
        if condition and condition.in_package:
            yield Fault((name, "in_package"), "a package is always in a package: take this out")


@of_service
def options_that_nobody_offers(rulebook: Rulebook) -> Found:
    for path, part in parts(rulebook):
        option = part.option if isinstance(part, Condition | FlatFee) else None
        if option is not None and option not in rulebook.options:
            known = f"one of {', '.join(rulebook.options)}" if rulebook.options else 'options = ["…"] of the service'
            yield Fault((*path, "option"), f"nobody offers the option {option!r}: write {known}, or add it there")


@of_service
def options_that_nothing_asks_for(rulebook: Rulebook) -> Found:
    asked = {option for city in rulebook.cities for tariff in city.tariffs for option in tariff.options}
    for n, option in enumerate(rulebook.options):
        if option not in asked:
            yield Fault(("options", n), f"no tariff asks for {option!r}: use it or take it out")
        elif option in rulebook.options[:n]:
            yield Fault(("options", n), f"{option!r} stands here twice: take one out")
