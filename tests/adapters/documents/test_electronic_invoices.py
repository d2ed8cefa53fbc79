"""Electronic invoices pass the rules by which a receiver takes them, and say what was invoiced to the cent."""

import asyncio
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.documents import cii
from adapters.documents.words import words
from domain.billing.document import Document, of_credit_note, of_invoice
from domain.billing.invoice import Invoice
from domain.kernel.money import Money
from tests.adapters.documents.papers import DRIVING, credited, issued, of, rule, said
from tests.support.einvoice_rules import CII, broken

MAIL = "anne@example.org"
DISCOUNT = ("Voucher", "1", "credit", None, -100)
TINY = ("Minute", "1", "min", "0.0045", 1)

amounts = st.integers(-500, 500) | st.integers(-50_000, 5_000_000) | st.sampled_from([1, 2, 3, 5, 50, 119, 10_000_000])
lines = st.tuples(
    st.sampled_from(["Driving", "<Fee & more>", "Überführung"]),
    st.sampled_from(["0", "1", "24", "0.5", "1E+2", "0.333333333"]),
    st.sampled_from(["min", "km", "h", "d", "trip", "900 s", "cap", "once"]),
    st.none(),
    amounts.filter(bool),
)
rates = st.sampled_from(["0", "0.021", "0.05", "0.07", "0.085", "0.16", "0.19", "0.2", "0.255"])


@pytest.fixture(scope="module")
def invoice() -> Invoice:
    return asyncio.run(issued())


def assert_sums(xml: bytes, document: Document) -> None:
    """What stands in it is what was invoiced, and adds up."""
    [net], [tax, *_] = said(xml, "TaxBasisTotalAmount"), said(xml, "TaxTotalAmount")
    *lines, total = said(xml, "LineTotalAmount")
    assert [total, net, tax] == [document.net.major, document.net.major, document.tax.major]
    assert sum(lines) == net
    assert said(xml, "GrandTotalAmount") == said(xml, "DuePayableAmount") == [net + tax] == [document.gross.major]


def assert_valid(document: Document) -> None:
    """By CEN's and KoSIT's rules."""
    factur_x, x_rechnung = cii.factur_x(document), cii.x_rechnung(document, MAIL)
    assert (broken(factur_x, CII[:1]), broken(x_rechnung, CII)) == ([], [])
    for xml in (factur_x, x_rechnung):
        assert_sums(xml, document)
        assert words(document.language).say(f"payment_{document.kind}") in xml.decode()


@pytest.mark.parametrize("inclusive", [True, False], ids=["in the price", "on the price"])
@pytest.mark.parametrize("rate", ["0.19", "0"])
def test_the_invoice_of_a_trip_with_a_discount_is_valid(invoice: Invoice, rate: str, inclusive: bool) -> None:
    document = of_invoice(of(invoice, DRIVING, DISCOUNT, taxes=[rule(rate, inclusive=inclusive)]), "de")

    assert_valid(document)


def test_quantities_and_prices_give_the_amounts_of_the_lines(invoice: Invoice) -> None:
    document = of_invoice(of(invoice, DRIVING, DISCOUNT, taxes=[rule("0.19")]), "de")

    xml = cii.factur_x(document)

    quantities, prices, of_each = said(xml, "BilledQuantity"), said(xml, "ChargeAmount"), said(xml, "BasisQuantity")
    reckoned = [q * p / each for q, p, each in zip(quantities, prices, of_each, strict=True)]
    assert quantities == [24, -1]
    assert reckoned == said(xml, "LineTotalAmount")[:2] == [Decimal("6.25"), Decimal("-0.84")]


def test_a_credit_note_names_its_invoice_and_is_valid(invoice: Invoice) -> None:
    invoice.credited = None
    of(invoice, DRIVING, taxes=[rule("0.19")])

    parts = [of_credit_note(credited(invoice, minor), invoice, "en") for minor in (250, 494)]

    assert sum(part.gross.amount_minor for part in parts) == 744
    for part in parts:
        assert_valid(part)
        xml = cii.factur_x(part).decode()
        assert "<ram:TypeCode>381</ram:TypeCode>" in xml
        assert f"<ram:IssuerAssignedID>{invoice.number}</ram:IssuerAssignedID>" in xml


@given(st.lists(lines, min_size=1, max_size=6), rates, st.booleans(), st.floats(0, 1, exclude_min=True))
@example([("Driving", "1", "min", None, 3)], "0.19", True, 1.0)
@example([TINY, TINY, TINY], "0.19", True, 0.5)
@example([("Driving", "1", "min", None, 50), ("Voucher", "1", "credit", None, -50)], "0.19", True, 1.0)
def test_whatever_is_invoiced_or_credited_is_valid_and_adds_up(
    invoice: Invoice, lines: list[tuple[str, str, str, str | None, int]], rate: str, inclusive: bool, part: float
) -> None:
    invoice.credited = None
    of(invoice, *lines, taxes=[rule(rate, inclusive=inclusive)])
    assert_valid(of_invoice(invoice, "de"))

    if invoice.gross > Money.zero(invoice.gross.currency):
        first = max(1, int(invoice.gross.amount_minor * part))
        rest = invoice.gross.amount_minor - first
        for minor in [first] + [rest] * (rest > 0):
            assert_valid(of_credit_note(credited(invoice, minor), invoice, "en"))
