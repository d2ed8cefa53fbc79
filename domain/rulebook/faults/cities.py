"""Cities that cannot be: clocks, prices, who issues invoices."""

from zoneinfo import ZoneInfo

from domain.rulebook.faults.rules import Fault, Found, of_city, of_service, sellers
from domain.rulebook.legal_entity import LegalEntity
from domain.rulebook.model import City, Rulebook


@of_city
def unknown_time_zone(city: City, _: Rulebook) -> Found:
    try:
        ZoneInfo(city.timezone)
    except (KeyError, ValueError, OSError):
        yield Fault(("timezone",), f"there is no time zone {city.timezone!r}: write an IANA name, e.g. Europe/Berlin")


@of_city
def city_without_prices(city: City, _: Rulebook) -> Found:
    if not city.tariffs:
        yield Fault(("tariffs",), "nothing has a price in this city: add a tariff")


@of_service
def service_without_a_city(rulebook: Rulebook) -> Found:
    if not rulebook.cities:
        yield Fault((), "the service has no city: add a file for one beside this, e.g. berlin.toml")


@of_service
def cities_named_twice(rulebook: Rulebook) -> Found:
    ids = [city.id for city in rulebook.cities]
    for n, id in enumerate(ids):
        if id in ids[:n]:
            yield Fault(("cities", n, "id"), f"another city is {id!r} already: rename one")


@of_service
def legal_entities_that_differ(rulebook: Rulebook) -> Found:
    """Invoice numbers go by the id, so what else is said of it must be the same; nor may two share a prefix."""
    seen: list[LegalEntity] = []
    for path, entity in sellers(rulebook):
        for other in seen:
            if (other.id == entity.id) != (other.number_prefix == entity.number_prefix):
                reason = f"{other.id} has the prefix {other.number_prefix!r}: each legal entity needs one of its own"
                yield Fault((*path, "number_prefix"), reason)
            elif other.id == entity.id and other != entity:
                reason = f"{entity.id} is another one in another city: say it once, in `shared`, or rename one"
                yield Fault(path, reason)
        seen += [entity] if entity not in seen else []
