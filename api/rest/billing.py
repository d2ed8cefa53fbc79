"""Invoices and credit notes over HTTP."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Response

from api.auth import Allowed, Caller
from api.command_ids import new_id
from api.rest.commands import TAGGED, CommandRouter, DispatchIfMatch, InSystem, tag
from api.rest.ownership import load_owned, own_rows
from api.rest.pagination import InPage
from api.rest.schemas.base import Accepted, Proposable
from api.rest.schemas.billing import (
    CreditBody,
    CreditNotePage,
    CreditNoteSummary,
    InvoicePage,
    InvoiceShown,
    InvoiceSummary,
    PaymentRetry,
    RefundState,
)
from domain.billing import commands
from domain.billing.invoice import Invoice
from domain.kernel.ids import InvoiceId

router = CommandRouter(prefix="/v1", tags=["billing"])

SEES_ALL = "invoices:read"

Reader = Annotated[Caller, Depends(Allowed("own:read", SEES_ALL))]
Payer = Annotated[Caller, Depends(Allowed("own:write", "invoices:write"))]
Agent = Annotated[Caller, Depends(Allowed("invoices:write"))]

_INVOICES = """
select invoice_id, number, subject_kind, subject_id, member_id, payer_id, issued_at, currency, net_minor, tax_minor,
    gross_minor, credited_minor, open_minor, state, decline_code, retry_at
from read_v1.invoices
where service = $1 and ($2::uuid is null or payer_id = $2)
and ($3::timestamptz is null or (issued_at, invoice_id) < ($3, $4::uuid)) and ($5::uuid is null or subject_id = $5)
order by issued_at desc, invoice_id desc limit $6
"""
_CREDIT_NOTES = """
select credit_note_id, number, invoice_id, payer_id, issued_at, currency, net_minor, tax_minor, gross_minor,
    refund_minor, refund_state, decline_code, retry_at
from (
    select note.*, coalesce(refund_minor, 0) as refund_minor, coalesce(refund_state, 'none') as refund_state,
        decline_code, retry_at
    from read_v1.credit_notes note
    left join lateral (
        select sum(amount_minor)::bigint as refund_minor, min(retry_at) as retry_at,
            max(decline_code) filter (where state = 'failed') as decline_code,
            case when bool_or(state = 'failed') then 'failed' when bool_or(state = 'pending') then 'pending'
                when count(*) > 0 then 'refunded' end as refund_state
        from read_v1.refunds where credit_note_id = note.credit_note_id
    ) as refund on true
) as shown
where service = $1 and ($2::uuid is null or payer_id = $2)
and ($3::timestamptz is null or (issued_at, credit_note_id) < ($3, $4::uuid))
and ($5::uuid is null or invoice_id = $5) and ($6::text is null or refund_state = $6)
order by issued_at desc, credit_note_id desc limit $7
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
async def credit(invoice_id: UUID, body: CreditBody, by: Agent, dispatch: DispatchIfMatch) -> Proposable:
    """With `proposed` in the answer, there is no note of this id before another agent asks for the same amount."""
    command = commands.CreditInvoice(
        credit_note_id=new_id(),
        invoice_id=InvoiceId(invoice_id),
        amount=body.amount,
        reason=body.reason,
    )
    done = await dispatch(command, invoice_id, by)
    credited = await dispatch.system.store.load(Invoice, invoice_id, service=by.service)
    proposal = credited.credit_proposal
    return Proposable(**done.model_dump(), proposed=proposal is not None and proposal.credit_note_id == done.id)


@router.command("/invoices/{invoice_id}/retry-payment", commands.RetryCharge)
async def retry_payment(invoice_id: UUID, body: PaymentRetry, by: Payer, dispatch: DispatchIfMatch) -> Accepted:
    """An invoice of one's own, or for an agent any of the service."""
    await load_owned(Invoice, invoice_id, by, dispatch.system, scope="invoices:write")
    command = commands.RetryCharge(invoice_id=InvoiceId(invoice_id), method_token=body.token)
    return await dispatch(command, invoice_id, by)


@router.get("/credit-notes")
async def credit_notes(
    by: Reader, system: InSystem, page: InPage, invoice_id: UUID | None = None, refund: RefundState | None = None
) -> CreditNotePage:
    """Newest first: one's own, or for an agent or auditor all of the service.

    With `refund` failed, only those whose money the payment provider would not give back.
    """
    rows = await own_rows(_CREDIT_NOTES, by, system, page, invoice_id, refund, scope=SEES_ALL)
    after = page.next(rows, "issued_at", "credit_note_id")
    return CreditNotePage(credit_notes=[CreditNoteSummary(**row) for row in rows], next=after)


@router.command("/credit-notes/{credit_note_id}/retry-refund", commands.RetryRefund)
async def retry_refund(credit_note_id: UUID, by: Agent, dispatch: DispatchIfMatch) -> Accepted:
    return await dispatch(commands.RetryRefund(credit_note_id=credit_note_id), credit_note_id, by)
