"""Names and codes that go into URLs, topics and onto invoices."""

import re

from domain.rulebook.faults.rules import Fault, Found, of_service, sellers
from domain.rulebook.model import Rulebook
from domain.rulebook.shapes import Path

_NAME = re.compile(r"[a-z0-9]([a-z0-9_-]{0,58}[a-z0-9])?")
_COUNTRY = re.compile(r"[A-Z]{2}")
MOST_DIGITS = 12
_NUMBER_FIELDS = ["kind", "prefix", "sequence", "year"]
_FIELD = re.compile(r"\{([a-z]+)\}")
_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{11,30}")


@of_service
def names_in_urls(rulebook: Rulebook) -> Found:
    names: list[tuple[Path, str]] = [(("key",), rulebook.key)]
    names += [(("cities", n, "id"), city.id) for n, city in enumerate(rulebook.cities)]
    for path, name in names:
        if not _NAME.fullmatch(name):
            yield Fault(path, f"{name!r} goes into URLs and topics: write small letters, digits and - only, at most 60")


@of_service
def accounts_that_do_not_exist(rulebook: Rulebook) -> Found:
    for path, entity in sellers(rulebook):
        iban = entity.iban
        if iban is not None and not _is_iban(iban.replace(" ", "")):
            reason = f"{iban!r} has not the check digits of an IBAN: copy it from the bank's papers"
            yield Fault((*path, "iban"), reason)


def _is_iban(text: str) -> bool:
    """By its check digits (ISO 13616)."""
    if not _IBAN.fullmatch(text):
        return False
    return int("".join(str(int(letter, 36)) for letter in text[4:] + text[:4])) % 97 == 1


@of_service
def numbers_that_would_repeat(rulebook: Rulebook) -> Found:
    for path, entity in sellers(rulebook):
        written = entity.number_format
        if sorted(_FIELD.findall(written)) != _NUMBER_FIELDS or set(_FIELD.sub("", written)) & set("{}"):
            reason = f"{written!r} must have {{prefix}}, {{kind}}, {{year}} and {{sequence}}, each once"
            yield Fault((*path, "number_format"), reason)
        if not 1 <= entity.number_digits <= MOST_DIGITS:
            yield Fault((*path, "number_digits"), f"it must be from 1 to {MOST_DIGITS}")


@of_service
def codes_of_countries(rulebook: Rulebook) -> Found:
    codes: list[tuple[Path, str]] = [
        (("eligibility", "licence_countries", n), code)
        for n, code in enumerate(rulebook.eligibility.licence_countries or ())
    ]
    for n, city in enumerate(rulebook.cities):
        codes += [(("cities", n, "country"), city.country)]
    codes += [((*path, "country"), entity.country) for path, entity in sellers(rulebook)]
    for path, code in codes:
        if not _COUNTRY.fullmatch(code):
            yield Fault(path, f"{code!r} is not a code of ISO 3166: write two capital letters, e.g. DE")
