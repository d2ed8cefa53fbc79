"""Which documents can be electronic invoices, what the others lack, and that no cent is lost between lines."""

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.billing.document import Document, of_invoice
from domain.billing.electronic import lacks_for_en16931, lacks_for_x_rechnung
from tests.adapters.documents.papers import BUYER, DRIVING, issued, line_of, of, rule, seller_of

DRIVENOW = seller_of("drivenow-europe", "berlin")


async def a_document(**other: Any) -> Document:
    """That of a trip in Berlin, but for what is given."""
    document = of_invoice(of(await issued(), DRIVING, taxes=[rule("0.19")]), "de")
    return document.model_copy(update=other)


@pytest.mark.parametrize(
    ("other", "lacks"),
    [
        ({}, []),
        ({"buyer": None}, ["document.buyer_not_kept"]),
        ({"buyer": BUYER.model_copy(update={"address": None})}, ["document.buyer_without_address"]),
        ({"seller": seller_of("reachnow-usa", "seattle"), "taxes": ()}, ["document.not_of_the_union"]),
        ({"taxes": ()}, ["document.not_one_vat"]),
        ({"seller": DRIVENOW.model_copy(update={"vat_id": "999999999"})}, ["document.vat_id_without_country"]),
        ({"seller": DRIVENOW.model_copy(update={"country": "GR"}), "buyer": None}, [
            "document.vat_id_without_country", "document.buyer_not_kept",
        ]),
        ({"seller": DRIVENOW.model_copy(update={"country": "GR", "vat_id": "EL999999999"})}, []),
    ],
)  # fmt: skip
async def test_an_electronic_invoice_needs_one_vat_of_the_union_and_a_buyer(
    other: dict[str, Any], lacks: list[str]
) -> None:
    assert [violation.code for violation in lacks_for_en16931(await a_document(**other))] == lacks


async def test_x_rechnung_needs_whom_to_ask_and_where_both_are_reached_and_says_what_the_rulebook_lacks() -> None:
    quiet = DRIVENOW.model_copy(update={"contact": None, "email": None})
    document = await a_document(seller=quiet)

    found = lacks_for_x_rechnung(document, buyer_email=None)

    assert [one.code for one in found] == ["document.seller_without_contact", "document.buyer_without_email"]
    assert found[0].values == {"legal_entity": "drivenow-de", "missing": ["contact", "email"]}
    assert found[0].detail.startswith("say contact and email of the legal entity in the rulebook")
    assert lacks_for_x_rechnung(await a_document(), buyer_email="ada@example.org") == []


async def test_a_line_that_bears_two_rates_stands_once_for_each() -> None:
    both = line_of(("Day with breakfast", "1", "once", None, 2000), {"standard": 1190, "reduced": 810})
    taxes = [rule("0.19"), rule("0.07", name="Reduced VAT", on=("reduced",))]

    document = of_invoice(of(await issued(), both, taxes=taxes), "de")

    assert [(line.tax, line.amount.amount_minor, line.net.amount_minor) for line in document.lines] == [
        ("standard", 1190, 1000), ("reduced", 810, 757)
    ]  # fmt: skip
    assert [(tax.base.amount_minor, tax.amount.amount_minor) for tax in document.taxes] == [(1000, 190), (757, 53)]
    assert lacks_for_en16931(document) == []


async def test_a_line_with_no_tax_and_no_reason_is_told() -> None:
    airport = line_of(("Airport", "1", "once", None, 1200), {"passed on": 1200})

    document = of_invoice(of(await issued(), DRIVING, airport, taxes=[rule("0.19")]), "de")

    assert sum(line.net.amount_minor for line in document.lines) == document.net.amount_minor == 625 + 1200
    assert [one.code for one in lacks_for_en16931(document)] == ["document.not_one_vat"]


@given(
    st.lists(st.integers(-100_000, 100_000).filter(bool), min_size=1, max_size=8),
    st.lists(st.sampled_from(["0", "0.07", "0.19", "0.2", "0.255"]), max_size=2),
    st.booleans(),
)
async def test_the_nets_of_the_lines_are_the_net_of_the_invoice_to_the_cent(
    amounts: list[int], rates: list[str], inclusive: bool
) -> None:
    taxes = [rule(rate, inclusive=inclusive, name=f"tax {n}") for n, rate in enumerate(rates)]
    invoice = of(await issued(), *[("Driving", "1", "min", None, minor) for minor in amounts], taxes=taxes)

    document = of_invoice(invoice, "de")

    assert sum(line.net.amount_minor for line in document.lines) == invoice.net.amount_minor
    contained = 1 + sum(map(Decimal, rates), Decimal(0)) * inclusive
    for line in document.lines:
        assert abs(line.net.amount_minor - line.amount.amount_minor / contained) <= 1
