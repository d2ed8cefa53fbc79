"""Electronic invoices pass the rules by which a receiver takes them, and say what was invoiced to the cent."""

import asyncio
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from adapters.documents import cii
from adapters.documents.words import words
from domain.billing.charge import Charge
from domain.billing.commands import MOST_CHARGES
from domain.billing.document import Document, of_credit_note, of_invoice
from domain.billing.invoice import Invoice
from domain.kernel.ids import ChargeId
from domain.kernel.money import Money
from tests.adapters.documents.papers import BUYER, DRIVING, credited, issued, line_of, of, rule, said
from tests.domain.billing.test_months import JULY, bill, driven, monthly
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


async def test_the_invoice_of_a_month_is_valid_with_as_many_charges_as_it_may_have() -> None:
    desk = monthly()
    for day in range(MOST_CHARGES):
        desk.at = datetime(2021, 6, 1 + day % 30, 12, tzinfo=UTC)
        await driven(desk, minutes=10)  # whose tax is rounded by more than half a cent
    charges = [ChargeId(event.originator_id) for event in desk.events(Charge.Raised)]
    desk.at = JULY
    await bill(desk, *charges)
    [event] = desk.events(Invoice.Issued)
    month = await desk.invoice(event.originator_id)
    month.buyer = BUYER

    document = of_invoice(month, "de")

    assert_valid(document)
    xml = cii.factur_x(document).decode()
    assert xml.count("<ram:BillingSpecifiedPeriod>") == MOST_CHARGES + 1
    assert "30.06.2021 Driving" in xml


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


RATES = [
    rule("0.19"),
    rule("0.07", name="Reduced VAT", on=("reduced",)),
    rule("0", name="Passed on", on=("passed on",), exempt="Durchlaufender Posten, § 10 Abs. 1 UStG"),
]


@pytest.mark.parametrize("inclusive", [True, False], ids=["in the price", "on the price"])
def test_an_invoice_of_several_rates_has_a_group_for_each_and_says_why_there_is_none(
    invoice: Invoice, inclusive: bool
) -> None:
    invoice.credited = None
    food = line_of(("Breakfast & day", "1", "once", None, 2001), {"standard": 1191, "reduced": 810})
    fine = line_of(("Fine", "1", "fee", None, 3500), {"passed on": 3500})
    rates = [rate.model_copy(update={"inclusive": inclusive}) for rate in RATES]
    of(invoice, DRIVING, food, fine, taxes=rates)

    assert_valid(of_invoice(invoice, "de"))

    xml = cii.factur_x(of_invoice(invoice, "de")).decode()
    _, *settled = xml.split("<ram:ApplicableHeaderTradeSettlement>")
    assert [settled[0].count(f"<ram:CategoryCode>{code}<") for code in "SE"] == [2, 1]
    assert "Durchlaufender Posten" in settled[0]
    for minor in (1, 777, invoice.gross.amount_minor - 778):
        assert_valid(of_credit_note(credited(invoice, minor), invoice, "en"))


def test_what_is_all_exempt_is_valid_too(invoice: Invoice) -> None:
    invoice.credited = None
    fine = line_of(("Fine", "1", "fee", None, 3500), {"passed on": 3500})

    assert_valid(of_invoice(of(invoice, fine, taxes=RATES), "de"))
