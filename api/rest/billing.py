"""Invoices and credit notes over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response

from api.auth import Allowed, Caller
from api.command_ids import new_id
from api.rest.commands import TAGGED, CommandRouter, DispatchIfMatch, InSystem, tag
from api.rest.ownership import load_owned, own_rows
from api.rest.pagination import InPage
from api.rest.schemas.base import Accepted, ReasonBody
from api.rest.schemas.billing import (
    CreditBody,
    CreditNotePage,
    CreditNoteSummary,
    InvoicePage,
    InvoiceShown,
    InvoiceSummary,
    PaymentRetry,
)
from domain.billing import commands
from domain.billing.invoice import Invoice
from domain.kernel.ids import InvoiceId

router = CommandRouter(prefix="/v1", tags=["billing"])

SEES_ALL = "invoices:read"

Reader = Annotated[Caller, Depends(Allowed("own:read", SEES_ALL))]
Agent = Annotated[Caller, Depends(Allowed("invoices:write"))]

_INVOICES = """
select invoice_id, number, subject_kind, subject_id, member_id, payer_id, issued_at, currency, net_minor, tax_minor,
    gross_minor, credited_minor, open_minor, state
from read_v1.invoices
where service = $1 and ($2::uuid is null or payer_id = $2)
and ($3::timestamptz is null or (issued_at, invoice_id) < ($3, $4::uuid)) and ($5::uuid is null or subject_id = $5)
order by issued_at desc, invoice_id desc limit $6
"""
_CREDIT_NOTES = """
select credit_note_id, number, invoice_id, payer_id, issued_at, currency, net_minor, tax_minor, gross_minor
from read_v1.credit_notes
where service = $1 and ($2::uuid is null or payer_id = $2)
and ($3::timestamptz is null or (issued_at, credit_note_id) < ($3, $4::uuid))
and ($5::uuid is null or invoice_id = $5)
order by issued_at desc, credit_note_id desc limit $6
"""


@router.get("/invoices")
async def invoices(by: Reader, system: InSystem, page: InPage, subject_id: UUID | None = None) -> InvoicePage:
    """Newest first: those that one pays, or for an agent or auditor all of the service.

    With `subject_id`, only that of a trip, a reservation, or whatever was charged for.
    """
    rows = await own_rows(_INVOICES, by, system, page, subject_id, scope=SEES_ALL)
    after = page.next(rows, "issued_at", "invoice_id")
    return InvoicePage(invoices=[InvoiceSummary(**row) for row in rows], next=after)


@router.get("/invoices/{invoice_id}", responses=TAGGED)
async def invoice(invoice_id: UUID, by: Reader, system: InSystem, response: Response) -> InvoiceShown:
    """One invoice with every line explained: rule, tariff version, facts."""
    found = await load_owned(Invoice, invoice_id, by, system, scope=SEES_ALL)
    tag(response, found.version)
    return InvoiceShown.of_invoice(found)


@router.command("/invoices/{invoice_id}/credit-notes", commands.CreditInvoice, status_code=201)
async def credit(invoice_id: UUID, body: CreditBody, by: Agent, dispatch: DispatchIfMatch) -> Accepted:
    command = commands.CreditInvoice(
        credit_note_id=new_id(),
        invoice_id=InvoiceId(invoice_id),
        amount=body.amount,
        reason=body.reason,
    )
    return await dispatch(command, invoice_id, by)


@router.command("/invoices/{invoice_id}/approve", commands.ApproveCharge)
async def approve(invoice_id: UUID, body: ReasonBody, by: Agent, dispatch: DispatchIfMatch) -> Accepted:
    command = commands.ApproveCharge(invoice_id=InvoiceId(invoice_id), reason=body.reason)
    return await dispatch(command, invoice_id, by)


@router.command("/invoices/{invoice_id}/retry-payment", commands.RetryCharge)
async def retry_payment(invoice_id: UUID, body: PaymentRetry, by: Agent, dispatch: DispatchIfMatch) -> Accepted:
    command = commands.RetryCharge(invoice_id=InvoiceId(invoice_id), method_token=body.token)
    return await dispatch(command, invoice_id, by)


@router.get("/credit-notes")
async def credit_notes(by: Reader, system: InSystem, page: InPage, invoice_id: UUID | None = None) -> CreditNotePage:
    """Newest first: one's own, or for an agent or auditor all of the service."""
    rows = await own_rows(_CREDIT_NOTES, by, system, page, invoice_id, scope=SEES_ALL)
    after = page.next(rows, "issued_at", "credit_note_id")
    return CreditNotePage(credit_notes=[CreditNoteSummary(**row) for row in rows], next=after)
