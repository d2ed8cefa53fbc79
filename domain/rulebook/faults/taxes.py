"""Taxes that hold never, twice or on nothing, and what none is on."""

from collections import defaultdict
from collections.abc import Iterator
from itertools import pairwise

from domain.rulebook.faults.rules import Fault, Found, of_city
from domain.rulebook.model import City, Rulebook
from domain.rulebook.readings import decimals, too_fine
from domain.rulebook.shapes import Path


@of_city
def taxes_that_end_before_they_begin(city: City, _: Rulebook) -> Found:
    for n, tax in enumerate(city.taxes):
        if tax.valid_until is not None and tax.valid_until <= tax.valid_from:
            yield Fault(("taxes", n, "valid_until"), "it ends before or when it begins: write a day after `valid_from`")


@of_city
def taxes_that_overlap_or_leave_gaps(city: City, __: Rulebook) -> Found:
    by_name = defaultdict(list)
    for n, tax in enumerate(city.taxes):
        by_name[tax.name].append((tax.valid_from, n, tax))
    for same in by_name.values():
        in_order = sorted(same, key=lambda one: one[0])
        for (_, _, before), (_, n, tax) in pairwise(in_order):
            if before.valid_until is None or tax.valid_from < before.valid_until:
                reason = f"another {tax.name!r} holds on this day: end that with `valid_until`, or name this otherwise"
                yield Fault(("taxes", n, "valid_from"), reason)
            elif tax.valid_from > before.valid_until:
                reason = f"no {tax.name!r} holds from {before.valid_until} until this day: close the gap"
                yield Fault(("taxes", n, "valid_from"), reason)


@of_city
def compound_on_no_tax(city: City, _: Rulebook) -> Found:
    for n, tax in enumerate(city.taxes):
        if tax.compound and tax.inclusive:
            yield Fault(("taxes", n, "compound"), "only an added tax can be on other taxes: take this out")
        elif tax.compound and not any(other.inclusive for other in city.taxes) and n == 0:
            yield Fault(("taxes", n, "compound"), "no tax stands before it that it could be on: move it")


@of_city
def least_amounts(city: City, rulebook: Rulebook) -> Found:
    for n, tax in enumerate(city.taxes):
        if tax.at_least and tax.inclusive:
            yield Fault(("taxes", n, "at_least"), "only an added tax has a least amount: take this out")
        elif decimals(tax.at_least) > rulebook.currency.exponent:
            yield Fault(("taxes", n, "at_least"), too_fine(tax.at_least, rulebook.currency))


@of_city
def exempt_and_taxed(city: City, _: Rulebook) -> Found:
    for n, tax in enumerate(city.taxes):
        if tax.exempt is not None and (tax.rate or tax.at_least):
            yield Fault(("taxes", n, "exempt"), "what is exempt has no tax on it: write a rate of 0, or take this out")


@of_city
def taxes_on_nothing(city: City, _: Rulebook) -> Found:
    used = {"standard", *(kind for _, kind in _kinds(city))}
    for n, tax in enumerate(city.taxes):
        if not tax.on:
            yield Fault(("taxes", n, "on"), "it is on nothing: say on what, or take the tax out")
        for m, kind in enumerate(tax.on):
            if kind not in used:
                yield Fault(("taxes", n, "on", m), f"no element, package or fee has the tax {kind!r}: take this out")
            elif kind in tax.on[:m]:
                yield Fault(("taxes", n, "on", m), f"{kind!r} stands here twice: take one out")


@of_city
def what_no_tax_is_on(city: City, _: Rulebook) -> Found:
    known = {kind for tax in city.taxes for kind in tax.on}
    for path, kind in _kinds(city):
        if kind not in known and (known or kind != "standard"):
            reason = (
                f"no tax of the city is on {kind!r}: name it in `on` of one, of a rate of 0 with the reason "
                "in `exempt` where there is none"
            )
            yield Fault(path, reason)


def _kinds(city: City) -> Iterator[tuple[Path, str]]:
    """The taxes that something asks for."""
    for n, tariff in enumerate(city.tariffs):
        for name in ("elements", "packages"):
            parts = getattr(tariff, name)
            yield from ((("tariffs", n, name, m, "tax"), part.tax) for m, part in enumerate(parts))
    yield from ((("fees", n, "tax"), fee.tax) for n, fee in enumerate(city.fees))
