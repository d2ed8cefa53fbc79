"""The text of a small service with something put in, and what loading says of it."""

import re

from domain.rulebook.loading import Complaint, RulebookError, text

SERVICE = """\
key = "small"
name = "Small"
currency = "EUR"
distance_unit = "km"
[eligibility]
minimum_age = 21
minimum_licence_years = 1
[reservation]
free = "PT15M"
maximum = "PT8H"
cooldown = "PT15M"
minimum_energy = 10
"""
CITY = """\
name = "Berlin"
country = "DE"
timezone = "Europe/Berlin"
taxes = [
  { name = "VAT", rate = 0.19, inclusive = true, valid_from = 2021-01-01 },
]
[legal_entity]
id = "de"
name = "Small GmbH"
street = "Weg 1"
postcode = "10115"
city = "Berlin"
country = "DE"
vat_id = "DE999999999"
number_prefix = "DE-"
[[tariffs]]
id = "t"
version = 1
name = "T"
valid_from = 2021-01-01
hold = 30
elements = [
  { kind = "time", id = "time", description = "Time", rate = 0.31 },
  { kind = "distance", id = "km", description = "Distance", rate = 0.29 },
]
"""
DAY_PACKAGE = 'packages = [{ id = "day", description = "Day", amount = 50, duration = "PT24H" }]\n'


def element(kind: str, said: str, id: str = "x") -> str:
    """A line of an element after the two that there are."""
    return f'  {{ kind = "{kind}", id = "{id}", description = "X"{", " if said else ""}{said} }},\n'


def files(
    *elements: str, service: tuple[str, str] | str = "", city: tuple[str, str] | str = "", tariff: str = ""
) -> dict[str, str]:
    """The small service; `service` and `city` are a text to add, or one and what comes in its place."""
    last = CITY.rindex("]")
    berlin = f"{CITY[:last]}{''.join(elements)}]\n{tariff}"
    return {"service.toml": _changed(SERVICE, service), "berlin.toml": _changed(berlin, city)}


def complaints(texts: dict[str, str]) -> tuple[Complaint, ...]:
    """What loading says; nothing when it takes them."""
    try:
        text(texts)
    except RulebookError as error:
        return error.complaints
    return ()


def told(texts: dict[str, str]) -> list[str]:
    """What loading says, without the lines."""
    return [re.sub(r":\d+:", ":", str(complaint), count=1) for complaint in complaints(texts)]


def _changed(written: str, change: tuple[str, str] | str) -> str:
    if isinstance(change, str):
        return written + change
    assert change[0] in written, change
    return written.replace(*change, 1)
