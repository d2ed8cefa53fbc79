"""The checker itself: it passes invoices that KoSIT says are right, and finds what is planted in them."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.support.einvoice_rules import CII, UBL, broken

SUITE = sorted((Path(__file__).parents[2] / "data" / "einvoices").glob("*.xml"))
PLANTED = {
    "another total": (b"GrandTotalAmount>336.9<", b"GrandTotalAmount>336.91<", "BR-CO-15"),
    "no buyer": (b"<ram:Name>[Buyer name]</ram:Name>", b"", "BR-07"),
    "no country": (b"<ram:CountryID>DE</ram:CountryID>", b"", "BR-09"),
    "a price below nothing": (b"<ram:ChargeAmount>288.79", b"<ram:ChargeAmount>-288.79", "BR-27"),
    "an unknown profile": (b"xrechnung_3.0", b"xrechnung_0.1", "BR-DE-21"),
    "no reference of the buyer": (b"BuyerReference>", b"IgnoredReference>", "BR-DE-15"),
}
"""What is put in place of what, and the rule that it breaks."""

WARNED = {"04.02a-INVOICE_ubl.xml": ["UBL-CR-646"]}
"""The profile of this one has lines in lines, which CEN's rules advise against."""


def sheets(file: Path) -> Sequence[str]:
    return UBL if "ubl" in file.name else CII


@pytest.mark.parametrize("file", SUITE, ids=lambda file: file.stem)
def test_the_rules_pass_what_is_right(file: Path) -> None:
    assert broken(file.read_bytes(), sheets(file)) == WARNED.get(file.name, [])


@pytest.mark.parametrize("file", SUITE, ids=lambda file: file.stem)
def test_the_rules_find_another_total_in_each(file: Path) -> None:
    name = b"TaxInclusiveAmount" if "ubl" in file.name else b"GrandTotalAmount"
    wrong = file.read_bytes().replace(name + b">", name + b">1", 1)
    wrong = wrong.replace(name + b' currencyID="EUR">', name + b' currencyID="EUR">1', 1)

    assert "BR-CO-15" in broken(wrong, sheets(file))


@pytest.mark.parametrize("planted", PLANTED)
def test_the_rules_find_what_is_planted(planted: str) -> None:
    [right] = [file.read_bytes() for file in SUITE if file.name == "01.01a-INVOICE_uncefact.xml"]
    old, new, rule = PLANTED[planted]
    assert old in right

    assert rule in broken(right.replace(old, new), CII)
