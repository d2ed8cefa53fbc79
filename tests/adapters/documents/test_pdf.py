"""Documents for people: what they say, that they are the same each time, and the electronic invoice inside."""

import asyncio
import sys
from asyncio.subprocess import PIPE
from decimal import Decimal
from io import BytesIO
from string import Formatter
from threading import Event
from typing import get_args

import facturx
import pikepdf
import pypdf
import pytest

from adapters.documents.pdf import said_by
from adapters.documents.words import MINUS, TEXTS, TIMES, words
from adapters.documents.writer import DocumentWriter
from domain.billing.document import Document, of_credit_note, of_invoice
from domain.kernel.money import Currency, Money
from domain.rulebook.model import Language
from tests.adapters.documents.papers import BUYER, DRIVING, credited, issued, line_of, of, rule, seller_of

LANGUAGES: tuple[Language, ...] = get_args(Language)
FX = {
    "DocumentFileName": "factur-x.xml",
    "DocumentType": "INVOICE",
    "Version": "1.0",
    "ConformanceLevel": "EN 16931",
}
ONCE_MORE = """
import asyncio, sys
from adapters.documents.writer import DocumentWriter
from domain.billing.document import Document
document = Document.model_validate_json(sys.stdin.read())
sys.stdout.buffer.write(asyncio.run(DocumentWriter().pdf(document)))
"""


@pytest.fixture(scope="module")
def writer() -> DocumentWriter:
    return DocumentWriter()


async def a_document(language: Language = "de") -> Document:
    return of_invoice(of(await issued(), DRIVING, taxes=[rule("0.19")]), language)


def text_of(pdf: bytes) -> str:
    return " ".join(page.extract_text() for page in pypdf.PdfReader(BytesIO(pdf)).pages)


def inside(pdf: bytes) -> bytes:
    """The electronic invoice, as a program of others finds it, and by the marks in the metadata."""
    name, xml = facturx.get_xml_from_pdf(pdf, check_xsd=True, check_schematron=False)
    assert name == "factur-x.xml"
    return bytes(xml)


async def test_the_electronic_invoice_inside_is_the_one_that_is_served_alone(writer: DocumentWriter) -> None:
    document = await a_document()

    pdf, alone = await writer.pdf(document), await writer.factur_x(document)

    assert inside(pdf) == alone


async def test_the_metadata_name_the_standards_and_describe_what_they_name(writer: DocumentWriter) -> None:
    with pikepdf.open(BytesIO(await writer.pdf(await a_document()))) as pdf:
        metadata, raw = pdf.open_metadata(), pdf.Root.Metadata.read_bytes().decode()

        assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"], metadata["pdfuaid:part"]) == ("3", "A", "1")
        fx = {name: metadata[f"{{urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#}}{name}"] for name in FX}
        assert fx == FX
        assert all(f"<pdfaProperty:name>{name}</pdfaProperty:name>" in raw for name in FX)
        assert pdf.Root.Lang == "de"
        assert metadata["xmp:CreateDate"] == metadata["xmp:ModifyDate"] == "2021-06-01T00:00:00Z"
        assert pdf.Root.AF[0].AFRelationship == pikepdf.Name.Alternative


async def test_it_is_the_same_in_another_process_and_each_time(writer: DocumentWriter) -> None:
    document = await a_document()

    here = [await writer.pdf(document) for _ in range(2)]

    there = await asyncio.create_subprocess_exec(sys.executable, "-c", ONCE_MORE, stdin=PIPE, stdout=PIPE)
    written, _ = await there.communicate(document.model_dump_json().encode())
    assert here[0] == here[1] == written


async def test_what_comes_after_an_invoice_changes_nothing_of_it(writer: DocumentWriter) -> None:
    invoice = of(await issued(), DRIVING, taxes=[rule("0.19")])
    before = await writer.pdf(of_invoice(invoice, "de"))

    invoice.state, invoice.paid = "paid", invoice.gross
    credited(invoice, 100)

    assert await writer.pdf(of_invoice(invoice, "de")) == before


async def test_it_says_what_law_wants_on_an_invoice_in_german(writer: DocumentWriter) -> None:
    text = text_of(await writer.pdf(await a_document()))

    for said in (
        *("Rechnung DE-2021-000001", "Datum", "Leistungsdatum", "01.06.2021"),
        *("DriveNow GmbH & Co. KG", "Petuelring 130", "80788 München", "USt-IdNr. DE999999999"),
        *("Änne Müller & Söhne", "Weg 1", "10115 Berlin"),
        *("Driving", "24 min", "0,31 EUR", "7,44 EUR", "6,25 EUR", "USt. 19 % auf 6,25 EUR", "1,19 EUR"),
        "Die elektronische Rechnung (Factur-X, EN 16931) ist in dieser Datei enthalten.",
    ):
        assert said in text


async def test_a_credit_note_says_of_which_invoice_and_a_foreign_buyer_has_a_country(writer: DocumentWriter) -> None:
    invoice = of(await issued(), DRIVING, taxes=[rule("0.19")])
    assert BUYER.address is not None
    abroad = BUYER.model_copy(update={"address": BUYER.address.model_copy(update={"country": "FR"})})
    invoice.buyer = abroad

    text = text_of(await writer.pdf(of_credit_note(credited(invoice, 250), invoice, "en")))

    assert "Credit note DE-C2021-000250" in text
    assert "For invoice DE-2021-000001 of 2021-06-01" in text
    assert "Credited of invoice DE-2021-000001" in text
    assert "FR" in text.split()


async def test_a_buyer_who_is_no_longer_kept_is_said_so_and_nothing_is_inside(writer: DocumentWriter) -> None:
    document = (await a_document("en")).model_copy(update={"buyer": None})

    pdf = await writer.pdf(document)

    assert "Name and address are no longer kept." in text_of(pdf)
    assert "inside this file" not in text_of(pdf)
    assert pypdf.PdfReader(BytesIO(pdf)).attachments == {}


async def test_stacked_taxes_are_each_named_and_sum_up(writer: DocumentWriter) -> None:
    taxes = [rule("0.101", inclusive=False, name="Sales tax"), rule("0.099", inclusive=False, name="Rental tax")]
    invoice = of(await issued(), ("Driving", "24", "min", "0.49", 1176), taxes=taxes, currency=Currency.USD)
    invoice.seller = seller_of("reachnow-usa", "seattle")

    pdf = await writer.pdf(of_invoice(invoice, "en"))

    text = text_of(pdf)
    for said in ("11.76 USD", "Sales tax 10.1 % on 11.76 USD", "1.19 USD", "Rental tax 9.9 %", "1.16 USD", "14.11 USD"):
        assert said in text
    assert "Tax id 99-9999999" in text
    assert pypdf.PdfReader(BytesIO(pdf)).attachments == {}


async def test_what_is_only_passed_on_has_no_tax_and_is_said_so(writer: DocumentWriter) -> None:
    why = "Passed on as it is, § 10 (1) UStG"
    fine = line_of(("Fine", "1", "once", None, 3000), {"passed on": 3000})
    rates = [rule("0.19"), rule("0", name="Passed on", on=("passed on",), exempt=why)]

    alone = text_of(await writer.pdf(of_invoice(of(await issued(), fine, taxes=rates), "en")))
    beside = text_of(await writer.pdf(of_invoice(of(await issued(), fine, DRIVING, taxes=rates), "en")))

    assert f"No tax is contained. There is no tax on 30.00 EUR: {why}." in " ".join(alone.split())
    assert "%" not in alone
    assert f"There is no tax on 30.00 EUR: {why}." in " ".join(beside.split())
    assert "VAT 19 % on 6.25 EUR" in beside


async def test_a_name_in_a_script_that_no_font_has_stands_whole_in_the_electronic_invoice(
    writer: DocumentWriter,
) -> None:
    named = BUYER.model_copy(update={"name": "王小明 Łukasz\x1b \U0001f600"})
    document = (await a_document()).model_copy(update={"buyer": named})

    pdf = await writer.pdf(document)

    assert "\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER} Łukasz" in text_of(pdf)
    assert "王小明 Łukasz\N{REPLACEMENT CHARACTER} \U0001f600" in inside(pdf).decode()


async def test_a_long_invoice_goes_over_pages_with_its_head_on_each(writer: DocumentWriter) -> None:
    invoice = of(await issued(), *[DRIVING] * 80, taxes=[rule("0.19")])

    pages = pypdf.PdfReader(BytesIO(await writer.pdf(of_invoice(invoice, "de")))).pages

    assert len(pages) == 4
    for number, page in enumerate(pages, start=1):
        assert f"Seite {number} von 4" in page.extract_text()
    assert all("Beschreibung" in page.extract_text() for page in pages[:3])


async def test_while_documents_are_written_the_event_loop_serves_others() -> None:
    writer, gate = DocumentWriter(), Event()
    writer._thread.submit(gate.wait)

    writing = [asyncio.create_task(write(await a_document())) for write in (writer.pdf, writer.factur_x)]
    await asyncio.sleep(0)

    assert not any(one.done() for one in writing)
    gate.set()
    assert all(await asyncio.gather(*writing))


def test_every_language_of_cities_has_every_sentence_with_the_same_values() -> None:
    assert {file.stem for file in TEXTS.glob("*.toml")} == set(LANGUAGES)
    german, *others = (words(language) for language in LANGUAGES)
    for other in others:
        assert (other.units.keys(), other.taxes.keys()) == (german.units.keys(), german.taxes.keys())
        assert values_of(other.texts) == values_of(german.texts)


def values_of(texts: dict[str, str]) -> dict[str, set[str]]:
    """What is put into each sentence."""
    return {name: {field for _, field, _, _ in Formatter().parse(text) if field} for name, text in texts.items()}


@pytest.mark.parametrize(
    ("quantity", "unit", "said"),
    [("24", "min", "24 min"), ("1E+2", "km", "100 km"), ("3", "900 s", f"3 {TIMES} 900 s"), ("1", "cap", "")],
)
def test_quantities_are_said_without_needless_digits(quantity: str, unit: str, said: str) -> None:
    assert words("de").quantity(Decimal(quantity), unit) == said


@pytest.mark.parametrize(
    ("minor", "currency", "german", "english"),
    [
        (123456789, Currency.EUR, "1.234.567,89 EUR", "1,234,567.89 EUR"),
        (-5, Currency.EUR, f"{MINUS}0,05 EUR", f"{MINUS}0.05 EUR"),
        (1234, Currency.JPY, "1.234 JPY", "1,234 JPY"),
    ],
)
def test_amounts_are_said_as_each_language_does(minor: int, currency: Currency, german: str, english: str) -> None:
    amount = Money(amount_minor=minor, currency=currency)

    assert (words("de").money(amount), words("en").money(amount)) == (german, english)


async def test_a_rate_finer_than_the_currency_is_said_whole() -> None:
    told = said_by(await a_document(), attached=False)

    assert words("de").price(Decimal("0.2955"), Money.zero(Currency.EUR)) == "0,2955 EUR"
    assert told["lines"][0]["unit_amount"] == "0,31 EUR"
