"""Invoices and credit notes as documents: for whom they are, in which forms, and what is said where there is none."""

from io import BytesIO
from typing import NamedTuple
from uuid import UUID

import facturx
import httpx2
import pypdf
import pytest

from api.rest.documents import PDF, XML
from api.rest.negotiation import chosen
from domain.billing.invoice import Invoice
from domain.kernel.messages import Role
from tests.api.rest.test_reading import ended_trip
from tests.api.rest.test_reads import on_record
from tests.support.city import City
from tests.support.einvoice_rules import CII, broken
from tests.support.waiting import until

ADDRESS = {"street": "Beispielweg 1", "postcode": "10178", "city": "Berlin", "country": "DE"}


class Billed(NamedTuple):
    """A member with an address, and the invoice of a trip."""

    member: dict[str, str]
    path: str


async def billed(city: City, *, address: bool = True) -> Billed:
    member = await city.member()
    if address:
        (await city.post(f"/v1/members/{member['X-Member']}/address", {"address": ADDRESS}, member)).raise_for_status()
    await ended_trip(city, member)
    await city.settled()
    [invoice] = (await city.get("/v1/invoices", member))["invoices"]
    return Billed(member, f"/v1/invoices/{invoice['invoice_id']}")


async def credited(city: City, path: str) -> str:
    """Where the credit note of a part is."""
    body = {"reason": "it was dirty", "amount_minor": 10, "currency": "EUR"}
    made = await city.post(f"{path}/credit-notes", body, city.token(Role.AGENT, "olga"))
    return f"/v1/credit-notes/{made.raise_for_status().json()['id']}"


def text_of(answer: httpx2.Response) -> str:
    return pypdf.PdfReader(BytesIO(answer.raise_for_status().content)).pages[0].extract_text()


async def test_a_member_gets_invoice_and_credit_note_for_reading_and_for_programs(city: City) -> None:
    member, invoice = await billed(city)

    for path, named in ((invoice, "Rechnung DE-"), (await credited(city, invoice), "Rechnungskorrektur DE-C")):
        pdf = await city.api.get(f"{path}/document", headers=member)
        factur_x = await city.api.get(f"{path}/document", headers={**member, "Accept": XML})
        x_rechnung = await city.api.get(f"{path}/document?format=xrechnung", headers=member)

        assert pdf.headers["Content-Type"] == "application/pdf"
        assert named in text_of(pdf)
        assert "Beispielweg 1" in text_of(pdf)
        _, inside = facturx.get_xml_from_pdf(pdf.content, check_xsd=True, check_schematron=False)
        assert inside == factur_x.raise_for_status().content
        assert factur_x.headers["Content-Type"].startswith("application/xml")
        assert broken(factur_x.content, CII[:1]) == broken(x_rechnung.raise_for_status().content, CII) == []


async def test_what_a_client_has_already_is_not_sent_again_whatever_happened_to_the_invoice(city: City) -> None:
    member, invoice = await billed(city)
    first = await city.api.get(f"{invoice}/document", headers=member)
    await credited(city, invoice)

    again = await city.api.get(f"{invoice}/document", headers={**member, "If-None-Match": first.headers["ETag"]})

    assert (again.status_code, again.content) == (304, b"")


async def test_an_agent_may_read_it_on_record_and_nobody_else_but_the_payer(city: City) -> None:
    member, invoice = await billed(city)
    agent, other = city.token(Role.AGENT, "olga"), await city.member()
    staff = [city.token(role, "otto") for role in (Role.AUDITOR, Role.OPERATOR, Role.ANALYST, Role.PARTNER)]

    read = await city.api.get(f"{invoice}/document", headers=agent)
    statuses = [(await city.api.get(f"{invoice}/document", headers=who)).status_code for who in (other, *staff)]

    assert "Beispielweg 1" in text_of(read)
    assert statuses == [404, 403, 403, 403, 403]
    seen = await on_record(city, city.token(Role.AUDITOR, "otto"), member_id=member["X-Member"])
    assert (member["X-Member"], "olga", "GET /v1/invoices/{invoice_id}/document", "documents:read") in seen


async def test_without_a_postal_address_there_is_a_pdf_alone_and_it_is_said_why(city: City) -> None:
    member, invoice = await billed(city, address=False)

    pdf = await city.api.get(f"{invoice}/document", headers=member)
    refused = await city.api.get(f"{invoice}/document?format=factur-x", headers=member)

    assert pypdf.PdfReader(BytesIO(pdf.raise_for_status().content)).attachments == {}
    assert refused.status_code == 409
    assert [one["code"] for one in refused.json()["violations"]] == ["document.buyer_without_address"]


async def test_once_the_buyer_is_no_longer_kept_the_document_says_so_and_programs_get_none(city: City) -> None:
    member, path = await billed(city)
    invoice = await city.running.store.load(Invoice, UUID(path.rpartition("/")[2]))

    await city.running.store.erase(invoice.buyers_id)

    async def says_so() -> bool:
        text = text_of(await city.api.get(f"{path}/document", headers=member))
        return "Name und Anschrift werden nicht mehr aufbewahrt." in text and "Beispielweg" not in text

    await until(says_so)
    refused = await city.api.get(f"{path}/document?format=factur-x", headers=member)
    assert [one["code"] for one in refused.json()["violations"]] == ["document.buyer_not_kept"]


async def test_a_form_that_a_client_does_not_take_is_no_answer_and_one_that_there_is_not_is_refused(city: City) -> None:
    member, invoice = await billed(city)

    wrong = [
        await city.api.get(f"{invoice}/document{query}", headers={**member, "Accept": accept})
        for query, accept in (("", "text/html"), ("?format=xrechnung", "application/pdf"), ("?format=word", "*/*"))
    ]

    assert [one.status_code for one in wrong] == [406, 406, 422]
    assert wrong[0].json()["type"] == "urn:csbe:problem:not-acceptable"


@pytest.mark.parametrize(
    ("accept", "taken"),
    [
        (None, PDF),
        ("*/*", PDF),
        ("text/html, application/xml;q=0.9, */*;q=0.8", PDF),
        ("application/pdf;q=0, application/xml", XML),
        ("application/*;q=0, application/xml;q=0.1", XML),
        ("Application/XML; q=1", XML),
        ("application/*;q=0.5", PDF),
        ("application/pdf;q=much", PDF),
    ],
)
def test_a_program_gets_what_it_takes_and_everybody_else_a_pdf(accept: str | None, taken: str) -> None:
    assert chosen(accept, (PDF, XML)) == taken
