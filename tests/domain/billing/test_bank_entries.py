"""Which invoice a payer has named, however they wrote it."""

import pytest

from domain.billing.bank_entry import named_numbers
from domain.rulebook.legal_entity import LegalEntity

SELLER = LegalEntity(
    id="de", name="GmbH", street="Weg 1", postcode="10115", city="Berlin", country="DE", vat_id="DE9",
    number_prefix="DE-",
)  # fmt: skip


@pytest.mark.parametrize(
    "text",
    [
        "DE-2027-000012", "Rechnung DE-2027-000012 vom 4.1.", "de 2027000012", "RNr.DE2027000012,danke",
        "DE - 2027 - 000012", "RF95DE2027000012", "rf95 de20 2700 0012", "INVOICE/DE_2027_000012/2027",
    ],
)  # fmt: skip
def test_a_number_is_found_however_it_was_written(text: str) -> None:
    assert named_numbers([text], SELLER) == ["DE-2027-000012"]


@pytest.mark.parametrize(
    "text",
    [
        "", "Miete Januar", "2027000012", "DE-12", "DE-2027-0000123", "DE02100100109307118603", "DE02 1001 0010 9307",
        "MADE-2027-000012", "DE-C2027-000012", "AT-2027-000012", "RF15DE2027000012", "RF14DE202700001",
        "DE-2027-000012A",
    ],
)  # fmt: skip
def test_what_is_no_number_of_the_seller_is_none(text: str) -> None:
    assert named_numbers([text], SELLER) == []


def test_several_numbers_are_all_found_and_each_once() -> None:
    texts = ["DE-2027-000012 und DE-2027-000013", "DE2027000012"]

    assert named_numbers(texts, SELLER) == ["DE-2027-000012", "DE-2027-000013"]


def test_numbers_are_found_as_their_seller_writes_them() -> None:
    seller = SELLER.model_copy(update={"number_format": "{year}/{prefix}{kind}.{sequence}", "number_digits": 4})

    assert seller.number("", 2027, 12) == "2027/DE-.0012"
    assert named_numbers(["2027/DE 12345", "2027 DE 0012"], seller) == ["2027/DE-.0012", "2027/DE-.12345"]
