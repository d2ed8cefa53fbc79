"""Names and codes that go into URLs, topics and onto invoices."""

import re

from domain.kernel.iban import compact, is_creditor_id, is_iban
from domain.kernel.money import Money
from domain.rulebook.faults.rules import Fault, Found, of_service, sellers
from domain.rulebook.model import City, Rulebook
from domain.rulebook.shapes import Path

_NAME = re.compile(r"[a-z0-9]([a-z0-9_-]{0,58}[a-z0-9])?")
_COUNTRY = re.compile(r"[A-Z]{2}")
_NUMBER_FIELDS = ["kind", "prefix", "sequence", "year"]
_FIELD = re.compile(r"\{([a-z]+)\}")


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
        if iban is not None and not is_iban(compact(iban)):
            reason = f"{iban!r} has not the check digits of an IBAN: copy it from the bank's papers"
            yield Fault((*path, "iban"), reason)


@of_service
def debits_that_cannot_be_collected(rulebook: Rulebook) -> Found:
    for n, city in enumerate(rulebook.cities):
        entity = city.legal_entity
        if entity.creditor_id is not None and not is_creditor_id(compact(entity.creditor_id)):
            reason = f"{entity.creditor_id!r} has not the check digits of a creditor id: copy it from the bank's papers"
            yield Fault(("cities", n, "legal_entity", "creditor_id"), reason)
        if entity.creditor_id is not None and entity.iban is None:
            yield Fault(("cities", n, "legal_entity", "creditor_id"), "debits need an iban to be paid to: write it too")


@of_service
def fees_that_no_city_has(rulebook: Rulebook) -> Found:
    billing = rulebook.billing
    named: list[tuple[Path, str | None]] = [(("billing", "debit", "return_fee"), billing.debit.return_fee)]
    for path, fee_id in named:
        lacking = [city.id for city in rulebook.cities if fee_id is not None and not _amount(city, fee_id)]
        if lacking:
            where = ", ".join(lacking)
            yield Fault(path, f"{fee_id!r} is no fee with an amount in {where}: write it into the city's fees")


def _amount(city: City, fee_id: str) -> Money | None:
    fee = city.fee(fee_id)
    return fee.amount if fee is not None else None


@of_service
def numbers_that_would_repeat(rulebook: Rulebook) -> Found:
    for path, entity in sellers(rulebook):
        written = entity.number_format
        if sorted(_FIELD.findall(written)) != _NUMBER_FIELDS or set(_FIELD.sub("", written)) & set("{}"):
            reason = f"{written!r} must have {{prefix}}, {{kind}}, {{year}} and {{sequence}}, each once"
            yield Fault((*path, "number_format"), reason)


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
