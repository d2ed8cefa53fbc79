"""Invoices and credit notes as documents: PDF, and electronic invoices of EN 16931."""

import re
from enum import StrEnum
from typing import Annotated, NamedTuple
from uuid import UUID

from fastapi import Depends, Header, Query, Request, Response

from api.auth import Allowed, Caller
from api.reads import note_shown
from api.rest.commands import InSystem
from api.rest.negotiation import chosen
from api.rest.ownership import load_owned
from api.rest.routing import Answers, Router
from api.system import System
from domain.billing.credit_note import CreditNote
from domain.billing.document import Document, of_credit_note, of_invoice
from domain.billing.invoice import Invoice
from domain.kernel.errors import NotFoundError, UnknownServiceError
from domain.members.member import Member
from domain.rulebook.model import Language

router = Router(prefix="/v1", tags=["billing"])

SEES_ALL = "documents:read"
"""Apart from `invoices:read`, since a document names its buyer, whom auditors do not see: decision 29."""
PDF, XML = "application/pdf", "application/xml"
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")
"""In the name of a file."""

Reader = Annotated[Caller, Depends(Allowed("own:read", SEES_ALL))]


class Electronic(StrEnum):
    """Which electronic invoice."""

    FACTUR_X = "factur-x"
    X_RECHNUNG = "xrechnung"


class Form(NamedTuple):
    """How a document is wanted."""

    media_type: str
    electronic: Electronic


async def form(
    accept: Annotated[str | None, Header(description="application/pdf, or application/xml for a program.")] = None,
    format: Annotated[Electronic | None, Query(description="Asks for application/xml, by this standard.")] = None,
) -> Form:
    """PDF unless a client takes none, or names a standard of programs. Raises `Problem` 406."""
    return Form(chosen(accept, (XML,) if format else (PDF, XML)), format or Electronic.FACTUR_X)


InForm = Annotated[Form, Depends(form)]

_BINARY = {"schema": {"type": "string", "format": "binary"}, "example": "%PDF-1.7 …"}
_TEXT = {"schema": {"type": "string"}, "example": "<rsm:CrossIndustryInvoice>…</rsm:CrossIndustryInvoice>"}
_DOCUMENT: Answers = {200: {"description": "The document.", "content": {PDF: _BINARY, XML: _TEXT}}}


@router.get("/invoices/{invoice_id}/document", response_class=Response, responses=_DOCUMENT)
async def get_invoice_document(
    invoice_id: UUID, request: Request, by: Reader, system: InSystem, form: InForm
) -> Response:
    """An invoice as it was issued: as PDF, with the electronic invoice inside where there can be one, or that alone.

    Who is neither its payer nor an agent gets none: it names the buyer.
    """
    found = await load_owned(Invoice, invoice_id, by, system, scope=SEES_ALL)
    document = of_invoice(found, _language(found, by, system))
    return await _sent(document, request, by, system, form)


@router.get("/credit-notes/{credit_note_id}/document", response_class=Response, responses=_DOCUMENT)
async def get_credit_note_document(
    credit_note_id: UUID, request: Request, by: Reader, system: InSystem, form: InForm
) -> Response:
    """The same of a credit note."""
    found = await load_owned(CreditNote, credit_note_id, by, system, scope=SEES_ALL)
    invoice = await system.store.load(Invoice, found.invoice_id, service=by.service)
    document = of_credit_note(found, invoice, _language(invoice, by, system))
    return await _sent(document, request, by, system, form)


def _language(invoice: Invoice, by: Caller, system: System) -> Language:
    """Of the city, by the rules that held when it was issued, so that it never changes."""
    version = system.rulebooks.in_force(by.service, invoice.created_on)
    if version is None:
        raise UnknownServiceError(by.service)
    return version.rulebook.city(invoice.city_id).language


async def _sent(document: Document, request: Request, by: Caller, system: System, form: Form) -> Response:
    content = await _written(document, by, system, form)
    await note_shown(request, document.payer_id)
    name = f"{_UNSAFE.sub('_', document.number)}.{form.media_type.rpartition('/')[2]}"
    headers = {"Content-Disposition": f'inline; filename="{name}"', "Vary": "Accept"}
    return Response(content, media_type=form.media_type, headers=headers)


async def _written(document: Document, by: Caller, system: System, form: Form) -> bytes:
    if form.media_type == PDF:
        return await system.documents.pdf(document)
    if form.electronic is Electronic.X_RECHNUNG:
        email = await _email_of(document.payer_id, by, system)
        return await system.documents.x_rechnung(document, buyer_email=email)
    return await system.documents.factur_x(document)


async def _email_of(payer_id: UUID, by: Caller, system: System) -> str | None:
    """Where a payer who is a member is reached now; none once erased."""
    try:
        payer = await system.store.load(Member, payer_id, service=by.service)
    except NotFoundError:
        return None
    return payer.email
