"""Invoices and credit notes over HTTP."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import Depends, Response

from api.auth import Allowed, Caller
from api.command_ids import new_id
from api.rest.commands import TAGGED, DispatchIfMatch, InSystem, tag
from api.rest.ownership import load_owned, own
from api.rest.pagination import InPage, InPeriod, Listing, Order
from api.rest.routing import Answers, Router
from api.rest.schemas.base import Accepted, Proposable, Word
from api.rest.schemas.billing import InvoicePage, InvoiceShown, InvoiceSummary, PaymentRetry
from api.rest.schemas.credit_notes import (
    CreditBody,
    CreditNotePage,
    CreditNoteShown,
    CreditNoteSummary,
    RefundByOtherMeansBody,
    RefundState,
)
from domain.billing import commands
from domain.billing.credit_note import CreditNote
from domain.billing.invoice import Invoice
from domain.kernel.ids import ChargeId, InvoiceId

router = Router(prefix="/v1", tags=["billing"])

SEES_ALL = "invoices:read"
InvoiceState = Literal["open", "paid", "credited"]

Reader = Annotated[Caller, Depends(Allowed("own:read", SEES_ALL))]
Payer = Annotated[Caller, Depends(Allowed("own:write", "invoices:write"))]
Agent = Annotated[Caller, Depends(Allowed("invoices:write"))]

_PROPOSED: Answers = {202: {"model": Proposable, "description": "It waits for a second person."}}
_INVOICES = Listing(
    "select invoice_id, number, subject_kind, subject_id, member_id, payer_id, issued_at, currency, net_minor, "
    "tax_minor, gross_minor, credited_minor, open_minor, state, decline_code, retry_at from read_v1.invoices",
    Order("invoices", {"issued_at": datetime, "invoice_id": UUID}),
)
_CREDIT_NOTES = Listing(
    """
select credit_note_id, number, invoice_id, payer_id, issued_at, currency, net_minor, tax_minor, gross_minor,
    refund_minor, refund_state, decline_code, retry_at
from (
    select note.*, coalesce(refund_minor, 0) as refund_minor, coalesce(refund_state, 'none') as refund_state,
        decline_code, retry_at
    from read_v1.credit_notes note
    left join lateral (
        select sum(amount_minor)::bigint as refund_minor, min(retry_at) as retry_at,
            max(decline_code) filter (where state in ('failed', 'given_up')) as decline_code,
            case when bool_or(state = 'given_up') then 'given_up' when bool_or(state = 'failed') then 'failed'
                when bool_or(state = 'by_hand') then 'by_hand'
                when bool_or(state = 'pending') then 'pending'
                when bool_or(state = 'paid_by_other_means') then 'paid_by_other_means'
                when count(*) > 0 then 'refunded' end as refund_state
        from read_v1.refunds where credit_note_id = note.credit_note_id and state <> 'dropped'
    ) as refund on true
) as shown
""",
    Order("credit_notes", {"issued_at": datetime, "credit_note_id": UUID}),
)


@router.get("/invoices")
async def list_invoices(
    by: Reader,
    system: InSystem,
    page: InPage,
    issued: InPeriod,
    *,
    member_id: UUID | None = None,
    payer_id: UUID | None = None,
    subject_id: UUID | None = None,
    state: InvoiceState | None = None,
    number: Word | None = None,
) -> InvoicePage:
    """Newest first: those that one pays, or for an agent or auditor all of the service.

    With `subject_id`, only that of a trip, a reservation, or whatever was charged for; with `member_id`, those of what
    this member had.
    """
    rows, after = await _INVOICES.page(
        system,
        page,
        [
            ("service = {}", by.service),
            own("payer_id", by, SEES_ALL),
            ("invoice_id in (select invoice_id from read_v1.charges where member_id = {})", member_id),
            ("payer_id = {}", payer_id),
            ("invoice_id in (select invoice_id from read_v1.charges where subject_id = {})", subject_id),
            ("state = {}", state),
            ("number = {}", number),
            *issued.of("issued_at"),
        ],
    )
    return InvoicePage(invoices=[InvoiceSummary(**row) for row in rows], next=after)


@router.get("/invoices/{invoice_id}", responses=TAGGED)
async def get_invoice(invoice_id: UUID, by: Reader, system: InSystem, response: Response) -> InvoiceShown:
    """One invoice with every line explained: rule, tariff version, facts."""
    found = await load_owned(Invoice, invoice_id, by, system, scope=SEES_ALL)
    tag(response, found.version)
    return InvoiceShown.of_invoice(found)


@router.command("/invoices/{invoice_id}/credit-notes", commands.CreditInvoice, status_code=201, responses=_PROPOSED)
async def credit_invoice(invoice_id: UUID, body: CreditBody, by: Agent, dispatch: DispatchIfMatch) -> Proposable:
    """Answers 202 with `proposed` while there is no note of this id: another agent has to ask for the same amount."""
    command = commands.CreditInvoice(
        credit_note_id=new_id(),
        invoice_id=InvoiceId(invoice_id),
        charge_id=None if body.charge_id is None else ChargeId(body.charge_id),
        amount=body.amount,
        reason=body.reason,
    )
    done = await dispatch(command, invoice_id, by)
    credited = await dispatch.system.store.load(Invoice, invoice_id, service=by.service)
    proposal = credited.credit_proposal
    if proposal is not None and proposal.credit_note_id == done.id:
        dispatch.response.status_code = 202
        return Proposable(**done.model_dump(), proposed=True)
    return dispatch.made(Proposable(**done.model_dump(), proposed=False), among="/v1/credit-notes")


@router.command("/invoices/{invoice_id}/retry-payment", commands.RetryCharge)
async def retry_invoice_payment(invoice_id: UUID, body: PaymentRetry, by: Payer, dispatch: DispatchIfMatch) -> Accepted:
    """An invoice of one's own, or for an agent any of the service."""
    await load_owned(Invoice, invoice_id, by, dispatch.system, scope="invoices:write")
    command = commands.RetryCharge(
        invoice_id=InvoiceId(invoice_id), method_id=str(body.method_id) if body.method_id else None
    )
    return await dispatch(command, invoice_id, by)


@router.get("/credit-notes")
async def list_credit_notes(
    by: Reader,
    system: InSystem,
    page: InPage,
    issued: InPeriod,
    *,
    payer_id: UUID | None = None,
    invoice_id: UUID | None = None,
    refund: RefundState | None = None,
    number: Word | None = None,
) -> CreditNotePage:
    """Newest first: one's own, or for an agent or auditor all of the service.

    With `refund` failed, only those whose money the payment provider would not give back and is asked for again; with
    given_up or by_hand, those for which an agent must ask again, or pay by other means.
    """
    rows, after = await _CREDIT_NOTES.page(
        system,
        page,
        [
            ("service = {}", by.service),
            own("payer_id", by, SEES_ALL),
            ("payer_id = {}", payer_id),
            ("invoice_id = {}", invoice_id),
            ("refund_state = {}", refund),
            ("number = {}", number),
            *issued.of("issued_at"),
        ],
    )
    return CreditNotePage(credit_notes=[CreditNoteSummary(**row) for row in rows], next=after)


@router.get("/credit-notes/{credit_note_id}", responses=TAGGED)
async def get_credit_note(credit_note_id: UUID, by: Reader, system: InSystem, response: Response) -> CreditNoteShown:
    """One credit note with its taxes; what is given back for it stands in the list."""
    found = await load_owned(CreditNote, credit_note_id, by, system, scope=SEES_ALL)
    tag(response, found.version)
    return CreditNoteShown.of_note(found)


@router.command("/credit-notes/{credit_note_id}/retry-refund", commands.RetryRefund)
async def retry_refund(credit_note_id: UUID, by: Agent, dispatch: DispatchIfMatch) -> Accepted:
    return await dispatch(commands.RetryRefund(credit_note_id=credit_note_id), credit_note_id, by)


@router.command("/credit-notes/{credit_note_id}/refund-by-other-means", commands.RecordRefundByOtherMeans)
async def record_refund_by_other_means(
    credit_note_id: UUID, body: RefundByOtherMeansBody, by: Agent, dispatch: DispatchIfMatch
) -> Accepted:
    """What the payment provider would not give back was paid in another way. The same reference again is no error."""
    command = commands.RecordRefundByOtherMeans(
        credit_note_id=credit_note_id, reference=body.reference, reason=body.reason
    )
    return await dispatch(command, credit_note_id, by)
