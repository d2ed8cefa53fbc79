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
        "DE-00000012", "Rechnung DE-00000012 vom 4.1.", "de 00000012", "RNr.DE00000012,danke", "DE - 00000012",
        "RF72DE00000012", "rf72 de00 0000 12", "INVOICE/DE_00000012/2027",
    ],
)  # fmt: skip
def test_a_number_is_found_however_it_was_written(text: str) -> None:
    assert named_numbers([text], SELLER) == ["DE-00000012"]


@pytest.mark.parametrize(
    "text",
    [
        "", "Miete Januar", "00000012", "DE-12", "DE-000000123", "DE02100100109307118603", "DE02 1001 0010 9307",
        "MADE-00000012", "DE-C-00000012", "AT-00000012", "RF15DE00000012", "RF14DE0000001", "DE-00000012A",
    ],
)  # fmt: skip
def test_what_is_no_number_of_the_seller_is_none(text: str) -> None:
    assert named_numbers([text], SELLER) == []


def test_several_numbers_are_all_found_and_each_once() -> None:
    texts = ["DE-00000012 und DE-00000013", "DE00000012"]

    assert named_numbers(texts, SELLER) == ["DE-00000012", "DE-00000013"]
