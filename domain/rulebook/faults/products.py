"""Products that nobody could get or use."""

from datetime import timedelta

from domain.rulebook.faults.rules import Fault, Found, of_city
from domain.rulebook.model import City, Rulebook
from domain.rulebook.product import Product
from domain.rulebook.rates import TimeRate

_OF = {"minutes": "minutes", "discount": "percent", "option": "option"}
"""The field that says how much it holds."""
_SHORTEST_PERIOD = timedelta(days=1)


@of_city
def products_named_twice(city: City, _: Rulebook) -> Found:
    others = {element.id for tariff in city.tariffs for element in (*tariff.elements, *tariff.packages)}
    for n, product in enumerate(city.products):
        if product.id in {before.id for before in city.products[:n]}:
            yield Fault(("products", n, "id"), f"another product is {product.id!r} already: rename one")
        elif product.id in others:
            yield Fault(("products", n, "id"), f"{product.id!r} is an element or package of a tariff: rename one")


@of_city
def products_that_hold_nothing(city: City, _: Rulebook) -> Found:
    for n, product in enumerate(city.products):
        for holds, field in _OF.items():
            said = getattr(product, field) is not None
            if said is not (product.holds == holds):
                reason = f"leave it out: it holds {product.holds}" if said else f"say it: it holds {holds}"
                yield Fault(("products", n, field), reason)
        if product.holds != "credit" and (product.amount or product.maximum):
            field = "amount" if product.amount else "maximum"
            yield Fault(("products", n, field), f"leave it out: it holds {product.holds}")
        if product.amount and product.maximum:
            yield Fault(("products", n, "maximum"), "leave it out: the amount is said already")


@of_city
def products_of_no_price(city: City, _: Rulebook) -> Found:
    for n, product in enumerate(city.products):
        for field in ("price", "amount", "maximum"):
            money = getattr(product, field)
            if money is not None and money.currency is not city.currency:
                yield Fault(("products", n, field), f"the city is in {city.currency}")
            elif money is not None and money.amount_minor <= 0:
                yield Fault(("products", n, field), "write more than nothing, or take it out")
        if product.price is not None and product.holds == "credit":
            reason = "money that is sold is taxed only when it is used: sell minutes, or give the credit"
            yield Fault(("products", n, "price"), reason)


@of_city
def products_that_are_used_for_nothing(city: City, _: Rulebook) -> Found:
    adds = {element.id: element for tariff in city.tariffs for element in (*tariff.elements, *tariff.packages)}
    for n, product in enumerate(city.products):
        if product.holds == "option":
            if product.covers is not None:
                yield Fault(("products", n, "covers"), "leave it out: an option is asked for by elements themselves")
            continue
        if product.covers == ():
            yield Fault(("products", n, "covers"), "it would be used for nothing: name elements, or take it out")
        for place, id in enumerate(product.covers or ()):
            if id not in adds:
                reason = f"no tariff of this city has an element or package {id!r}: write one of {', '.join(adds)}"
                yield Fault(("products", n, "covers", place), reason)
            elif product.holds == "minutes" and not _is_metered(adds[id]):
                reason = f"{id!r} is not charged by the time: minutes cannot be used for it"
                yield Fault(("products", n, "covers", place), reason)


def _is_metered(element: object) -> bool:
    return isinstance(element, TimeRate) and element.interval_s > 0 and not element.calendar_day


@of_city
def options_that_nothing_asks_for(city: City, rulebook: Rulebook) -> Found:
    asked = {option for tariff in city.tariffs for option in tariff.options}
    for n, product in enumerate(city.products):
        if product.option is not None and product.option not in rulebook.options:
            reason = f"nobody offers the option {product.option!r}: write it under `options` of the service"
            yield Fault(("products", n, "option"), reason)
        elif product.option is not None and product.option not in asked:
            yield Fault(("products", n, "option"), f"no price of this city asks for {product.option!r}")


@of_city
def products_that_end_wrongly(city: City, _: Rulebook) -> Found:
    for n, product in enumerate(city.products):
        at = ("products", n)
        if product.valid is not None and product.months is not None:
            yield Fault((*at, "months"), "say `valid` or `months`, not both")
        if product.valid is not None and product.valid < _SHORTEST_PERIOD:
            yield Fault((*at, "valid"), "write at least P1D")
        yield from (Fault((*at, *fault.path), fault.reason) for fault in _of_periods(product))


def _of_periods(product: Product) -> Found:
    length = product.valid or (None if product.months is None else timedelta(days=28 * product.months))
    if product.renews and (length is None or product.price is None):
        yield Fault(("renews",), "what renews has a price, and `valid` or `months`")
    if product.notice and not product.renews:
        yield Fault(("notice",), "leave it out: it does not renew")
    elif length is not None and not timedelta(0) <= product.notice < length:
        yield Fault(("notice",), "nobody could cancel in time: write less than a period")
    if product.reminder is not None and (length is None or not timedelta(0) < product.reminder < length):
        yield Fault(("reminder",), "write less than it lasts, or take it out")


@of_city
def codes_for_nothing(city: City, _: Rulebook) -> Found:
    products = {product.id: product for product in city.products}
    for n, code in enumerate(city.codes):
        product, at = products.get(code.product), ("codes", n)
        others = city.codes[:n]
        if code.id in {other.id for other in others}:
            yield Fault((*at, "id"), f"another code is {code.id!r} already: rename one")
        if code.sha256 in {other.sha256 for other in others}:
            yield Fault((*at, "sha256"), "another code is the same: take another one")
        if product is None:
            yield Fault(
                (*at, "product"), f"the city has no product {code.product!r}: write one of {', '.join(products)}"
            )
        elif product.price is not None or (product.holds == "credit" and product.amount is None):
            yield Fault((*at, "product"), "it is bought, or its amount is open: name one that is simply given")
        if code.valid_until is not None and code.valid_until <= code.valid_from:
            yield Fault((*at, "valid_until"), "it ends before or when it begins: write a later time")
